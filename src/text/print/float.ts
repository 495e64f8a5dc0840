/** Floats as text that parses back to the same bits. Specification: core 3.0, "Text format, values". */

const view = new DataView(new ArrayBuffer(8));

interface Format {
  /** Bits of the mantissa that are stored. */
  readonly fraction: number;
  readonly bias: number;
}

const FORMATS: Readonly<Record<32 | 64, Format>> = {
  32: { fraction: 23, bias: 127 },
  64: { fraction: 52, bias: 1023 },
};

/** The shortest decimal of an f32 that rounds to it. */
function shortestF32(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/** As people write it, for a comment. */
function decimal(bits: bigint, width: 32 | 64): string {
  if (width === 32) view.setUint32(0, Number(bits));
  else view.setBigUint64(0, bits);
  const value = width === 32 ? view.getFloat32(0) : view.getFloat64(0);
  if (Object.is(value, -0)) return '-0';
  return width === 32 ? shortestF32(value) : String(value);
}

/** `0x1.8p+1` of a finite number that is not zero; what is too small for a whole digit is shifted until it has one. */
function hexMagnitude(exponent: number, stored: bigint, { fraction, bias }: Format): string {
  let power = exponent - bias;
  let mantissa = stored;
  if (exponent === 0) {
    const shift = fraction + 1 - mantissa.toString(2).length;
    mantissa = BigInt.asUintN(fraction, mantissa << BigInt(shift));
    power = 1 - bias - shift;
  }
  // Whole hex digits: 23 bits need one more.
  const digits = Math.ceil(fraction / 4);
  const hex = (mantissa << BigInt(digits * 4 - fraction)).toString(16).padStart(digits, '0').replace(/0+$/, '');
  return `0x1${hex === '' ? '' : `.${hex}`}p${power < 0 ? '' : '+'}${power}`;
}

/** The literal of a float's bits, of finite ones with the decimal behind it: `0x1.8p+0 (;=1.5;)`, `-inf`, `nan:0x200000`. */
export function floatText(bits: bigint, width: 32 | 64): string {
  const format = FORMATS[width];
  const sign = bits >> BigInt(width - 1) === 0n ? '' : '-';
  const stored = BigInt.asUintN(format.fraction, bits);
  const exponent = Number(BigInt.asUintN(width - 1 - format.fraction, bits >> BigInt(format.fraction)));
  if (exponent === 2 * format.bias + 1) {
    if (stored === 0n) return `${sign}inf`;
    const canonical = stored === 1n << BigInt(format.fraction - 1);
    return canonical ? `${sign}nan` : `${sign}nan:0x${stored.toString(16)}`;
  }
  const magnitude = exponent === 0 && stored === 0n ? '0x0p+0' : hexMagnitude(exponent, stored, format);
  return `${sign}${magnitude} (;=${decimal(bits, width)};)`;
}
