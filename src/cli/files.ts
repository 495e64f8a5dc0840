/** Files named on the command line. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../error/error.ts';

/** Reads a file whole; `-` is standard input. */
export async function readInput(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const read = readFileSync(path === '-' ? 0 : path);
    // A large file has a buffer of its own; a small one shares Node's.
    return read.buffer.byteLength === read.length ? new Uint8Array(read.buffer as ArrayBuffer) : new Uint8Array(read);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a directory'
          : code === 'EACCES'
            ? 'permission denied'
            : (error as Error).message;
    throw new UsageError('cannot-read', `cannot read ${path}: ${why}`, { hint: 'check the path', cause: error });
  }
}

/** Reads a text whole, and refuses what is not UTF-8. */
export async function readText(path: string): Promise<string> {
  const bytes = await readInput(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError('not-text', `${path} is not text in UTF-8`, {
      hint: 'a binary is turned into text by: tenon print',
    });
  }
}

/** Reads a component or core module: a binary, or the text format, which is parsed. */
export async function readBinary(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readInput(path);
  // The first byte of every binary, and of no text.
  if (bytes[0] === 0) return bytes;
  const { isTextFormat } = await import('../inspect/recognise-text.ts');
  if (!isTextFormat(bytes)) return bytes;
  const { parseText } = await import('../text/text.ts');
  return parseText(new TextDecoder().decode(bytes), { file: path }).bytes;
}
