/** Strings, identifiers and comments as text. Specification: core 3.0, "Text format, values". Numbers are in `number.ts`. */

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '"': '\\"', '\\': '\\\\' };

/** What a terminal or an editor would not show as it is: control and format characters, separators of lines. */
const UNPRINTABLE = /[\p{C}\u2028\u2029]/u;

function hexByte(byte: number): string {
  return `\\${byte.toString(16).padStart(2, '0')}`;
}

function escapeChar(char: string): string {
  const known = ESCAPES[char];
  if (known !== undefined) return known;
  if (!UNPRINTABLE.test(char)) return char;
  const point = char.codePointAt(0)!;
  return point < 0x80 ? hexByte(point) : `\\u{${point.toString(16)}}`;
}

/** A string literal of a name: well-formed text. */
export function quoteName(name: string): string {
  return `"${name.replaceAll(/["\\\p{C}\u2028\u2029]/gu, escapeChar)}"`;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef');

/** A string literal of bytes: ASCII as it is, everything else in hex. */
export function quoteBytes(bytes: Uint8Array): string {
  const out = new Uint8Array(bytes.length * 3 + 2);
  let at = 0;
  out[at++] = QUOTE;
  for (const byte of bytes) {
    if (byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH) out[at++] = byte;
    else {
      out[at++] = BACKSLASH;
      out[at++] = HEX_DIGITS[byte >> 4]!;
      out[at++] = HEX_DIGITS[byte & 0x0f]!;
    }
  }
  out[at++] = QUOTE;
  return decoder.decode(out.subarray(0, at));
}

/** A string literal of bytes that are meant as a text, where they are one. */
export function quoteText(bytes: Uint8Array): string {
  try {
    return quoteName(decoder.decode(bytes));
  } catch {
    return quoteBytes(bytes);
  }
}

const PLAIN_ID = /^[0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~]+$/;

/** An identifier, in quotes where its characters need them. */
export function identifier(name: string): string {
  return PLAIN_ID.test(name) ? `$${name}` : `$${quoteName(name)}`;
}

/** A text inside a block comment: it can neither end the comment nor do anything to a terminal. */
export function comment(text: string): string {
  const safe = text
    .replaceAll(/[\p{C}\u2028\u2029]/gu, '\ufffd')
    .replaceAll(/\(;|;\)/g, (pair) => pair.replace(';', ','));
  return `(;${safe};)`;
}
