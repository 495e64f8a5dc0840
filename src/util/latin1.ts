/** Text of one byte a character: Latin-1, whatever the bytes mean. */

/** Arguments of one call, which stand on the stack. */
const MOST = 1024;

const fromCharCode = /* @__PURE__ */ String.fromCharCode;

/** The bytes as text, one character each. */
export function latin1Text(bytes: Uint8Array): string {
  if (bytes.length <= MOST) return fromCharCode.apply(null, bytes as unknown as number[]);
  let text = '';
  for (let at = 0; at < bytes.length; at += MOST)
    text += fromCharCode.apply(null, bytes.subarray(at, at + MOST) as unknown as number[]);
  return text;
}

/** The characters of such a text as bytes. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
