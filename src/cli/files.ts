/** Files named on the command line. */
import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { UsageError } from '../error/error.ts';

/** Which file in which state large contents were read from. */
const states = new WeakMap<ArrayBufferLike, string>();

/** Bytes above which it pays to know, rather than to look at all of them. */
export const LARGE = 1024 * 1024;
/** Nanoseconds after which a file that is written again has another time of change for certain, however coarse the clock of files. */
const SETTLED = 2_000_000_000n;

/**
 * Says which file in which state these bytes were read from, where that tells: whoever writes to a file, or sets its times, changes its time of
 * change, which only the system sets. Undefined for small files, for those that have just changed, and where there is no such time.
 */
export function fileState(bytes: Uint8Array): string | undefined {
  return bytes.byteLength === bytes.buffer.byteLength ? states.get(bytes.buffer) : undefined;
}

function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

function readFile(path: string): Buffer<ArrayBuffer> {
  const fd = openSync(path, 'r');
  try {
    const before = fstatSync(fd, { bigint: true });
    const read = readFileSync(fd) as Buffer<ArrayBuffer>;
    if (read.length <= LARGE || !before.isFile() || process.platform === 'win32') return read;
    const state = stateOf(before);
    const age = BigInt(Date.now()) * 1_000_000n - before.ctimeNs;
    if (age > SETTLED && stateOf(fstatSync(fd, { bigint: true })) === state) states.set(read.buffer, state);
    return read;
  } finally {
    closeSync(fd);
  }
}

/** Reads a file whole; `-` is standard input. */
export async function readInput(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const read = path === '-' ? (readFileSync(0) as Buffer<ArrayBuffer>) : readFile(path);
    // A large file has a buffer of its own; a small one shares Node's.
    return read.buffer.byteLength === read.length ? new Uint8Array(read.buffer) : new Uint8Array(read);
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
