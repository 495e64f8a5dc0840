/** Files named on the command line. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../error/error.ts';

/** Reads a file whole. */
export async function readInput(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(readFileSync(path));
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
