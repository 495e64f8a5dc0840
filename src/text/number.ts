/**
 * Number literals: integers of any width, floats with exact rounding. Specification: core 3.0, "Text format, values".
 */

const INTEGER = /^[+-]?(?:0x[0-9a-fA-F](?:_?[0-9a-fA-F])*|[0-9](?:_?[0-9])*)$/;
const DECIMAL = /^([+-]?)([0-9](?:_?[0-9])*)(?:\.([0-9](?:_?[0-9])*)?)?(?:[eE]([+-]?[0-9](?:_?[0-9])*))?$/;
const HEX =
  /^([+-]?)0x([0-9a-fA-F](?:_?[0-9a-fA-F])*)(?:\.([0-9a-fA-F](?:_?[0-9a-fA-F])*)?)?(?:[pP]([+-]?[0-9](?:_?[0-9])*))?$/;
const SPECIAL = /^([+-]?)(?:(inf)|nan(?::0x([0-9a-fA-F](?:_?[0-9a-fA-F])*))?)$/;

/** Exponents beyond this are zero or out of range whatever the digits are. */
const FAR = 5000n;

/** An integer literal; undefined if the text is none. */
export function parseInteger(text: string): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const digits = text.replaceAll('_', '').replace(/^[+-]/, '');
  const value = BigInt(digits);
  return text.startsWith('-') ? -value : value;
}

/** The bits of an integer literal of `width` bits: signed or unsigned, whichever fits. */
export function integerBits(text: string, width: number): bigint | 'malformed' | 'range' {
  const value = parseInteger(text);
  if (value === undefined) return 'malformed';
  const w = BigInt(width);
  if (value < -(1n << (w - 1n)) || value >= 1n << w) return 'range';
  return BigInt.asUintN(width, value);
}

interface Format {
  /** Bits of the mantissa that are stored. */
  readonly fraction: number;
  readonly bias: number;
  readonly width: number;
}

const FORMATS: Readonly<Record<32 | 64, Format>> = {
  32: { fraction: 23, bias: 127, width: 32 },
  64: { fraction: 52, bias: 1023, width: 64 },
};

function bitLength(value: bigint): number {
  return value === 0n
    ? 0
    : value.toString(16).length * 4 - Math.clz32(Number.parseInt(value.toString(16)[0]!, 16)) + 28;
}

/** The bits of `numerator / denominator`, rounded to nearest, ties to even; without the sign. */
function roundRational(numerator: bigint, denominator: bigint, format: Format): bigint | 'range' {
  if (numerator === 0n) return 0n;
  const minExponent = 1 - format.bias - format.fraction;
  // The unit of the last place is 2^exponent; a guess that may be one too large is corrected by rounding up into it.
  let exponent = Math.max(bitLength(numerator) - bitLength(denominator) - format.fraction - 1, minExponent);
  let mantissa = divideRounded(numerator, denominator, exponent);
  if (mantissa >> BigInt(format.fraction + 1) !== 0n) {
    exponent++;
    mantissa = divideRounded(numerator, denominator, exponent);
    if (mantissa >> BigInt(format.fraction + 1) !== 0n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const normal = mantissa >> BigInt(format.fraction) !== 0n;
  const biased = normal ? exponent + format.fraction + format.bias : 0;
  if (biased > 2 * format.bias) return 'range';
  return (BigInt(biased) << BigInt(format.fraction)) | BigInt.asUintN(format.fraction, mantissa);
}

/** `numerator / denominator / 2^exponent`, rounded to nearest, ties to even. */
function divideRounded(numerator: bigint, denominator: bigint, exponent: number): bigint {
  const n = exponent < 0 ? numerator << BigInt(-exponent) : numerator;
  const d = exponent > 0 ? denominator << BigInt(exponent) : denominator;
  const quotient = n / d;
  const twice = 2n * (n % d);
  return twice > d || (twice === d && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
}

function specialBits(match: RegExpExecArray, format: Format): bigint | 'range' {
  const [, , infinity, payload] = match;
  const exponent = BigInt(2 * format.bias + 1) << BigInt(format.fraction);
  if (infinity !== undefined) return exponent;
  if (payload === undefined) return exponent | (1n << BigInt(format.fraction - 1));
  const bits = BigInt(`0x${payload.replaceAll('_', '')}`);
  if (bits === 0n || bits >> BigInt(format.fraction) !== 0n) return 'range';
  return exponent | bits;
}

function finiteBits(match: RegExpExecArray, base: 2n | 10n, format: Format): bigint | 'range' {
  const whole = match[2]!.replaceAll('_', '');
  const fraction = (match[3] ?? '').replaceAll('_', '');
  const digits = BigInt((base === 2n ? '0x' : '') + whole + fraction);
  const shift = BigInt(fraction.length) * (base === 2n ? 4n : 1n);
  const exponent = BigInt((match[4] ?? '0').replaceAll('_', '').replace(/^\+/, '')) - shift;
  if (digits === 0n || exponent < -FAR - BigInt(whole.length + fraction.length) * 4n) return 0n;
  if (exponent > FAR) return 'range';
  return exponent < 0n
    ? roundRational(digits, base ** -exponent, format)
    : roundRational(digits * base ** exponent, 1n, format);
}

/** The bits of a float literal. */
export function floatBits(text: string, width: 32 | 64): bigint | 'malformed' | 'range' {
  const format = FORMATS[width];
  const special = SPECIAL.exec(text);
  const decimal = DECIMAL.exec(text);
  const hex = HEX.exec(text);
  let bits: bigint | 'range';
  if (special !== null) bits = specialBits(special, format);
  else if (decimal !== null) bits = finiteBits(decimal, 10n, format);
  else if (hex !== null) bits = finiteBits(hex, 2n, format);
  else return 'malformed';
  if (bits === 'range') return bits;
  return text.startsWith('-') ? bits | (1n << BigInt(format.width - 1)) : bits;
}
