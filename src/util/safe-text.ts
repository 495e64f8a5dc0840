/**
 * Text of a guest or a file as it may be printed: control characters, and those that turn the order of others round, are spelled out, since
 * they could change what stands elsewhere on a terminal.
 */
const UNSAFE = /[^\P{Cc}\n\t]|[\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Tabs and line ends stay. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
