/**
 * Short ASCII text from bytes: 16, 8 and 4 characters at a time, since each call and each addition of strings costs more than the
 * characters that it makes.
 */

/** Any byte of the four has its top bit. */
function notAscii(a: number, b: number, c: number, d: number): boolean {
  return (a | b | c | d) > 0x7f;
}

function four(u8: Uint8Array, p: number): string | undefined {
  const a = u8[p]!;
  const b = u8[p + 1]!;
  const c = u8[p + 2]!;
  const d = u8[p + 3]!;
  return notAscii(a, b, c, d) ? undefined : String.fromCharCode(a, b, c, d);
}

function eight(u8: Uint8Array, p: number): string | undefined {
  const a = u8[p]!;
  const b = u8[p + 1]!;
  const c = u8[p + 2]!;
  const d = u8[p + 3]!;
  const e = u8[p + 4]!;
  const f = u8[p + 5]!;
  const g = u8[p + 6]!;
  const h = u8[p + 7]!;
  return notAscii(a | e, b | f, c | g, d | h) ? undefined : String.fromCharCode(a, b, c, d, e, f, g, h);
}

function sixteen(u8: Uint8Array, p: number): string | undefined {
  const a = u8[p]!;
  const b = u8[p + 1]!;
  const c = u8[p + 2]!;
  const d = u8[p + 3]!;
  const e = u8[p + 4]!;
  const f = u8[p + 5]!;
  const g = u8[p + 6]!;
  const h = u8[p + 7]!;
  const i = u8[p + 8]!;
  const j = u8[p + 9]!;
  const k = u8[p + 10]!;
  const l = u8[p + 11]!;
  const m = u8[p + 12]!;
  const n = u8[p + 13]!;
  const o = u8[p + 14]!;
  const q = u8[p + 15]!;
  return notAscii(a | e | i | m, b | f | j | n, c | g | k | o, d | h | l | q)
    ? undefined
    : String.fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, q);
}

/** The text of `length` bytes, at most 31 of them, or undefined if they are not ASCII. */
export function asciiText(u8: Uint8Array, pointer: number, length: number): string | undefined {
  let text = '';
  let p = pointer;
  const end = pointer + length;
  if (end - p >= 16) {
    const part = sixteen(u8, p);
    if (part === undefined) return undefined;
    text = part;
    p += 16;
  }
  if (end - p >= 8) {
    const part = eight(u8, p);
    if (part === undefined) return undefined;
    text += part;
    p += 8;
  }
  if (end - p >= 4) {
    const part = four(u8, p);
    if (part === undefined) return undefined;
    text += part;
    p += 4;
  }
  for (; p < end; p++) {
    const byte = u8[p]!;
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
