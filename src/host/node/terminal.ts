/** Node's modules for sockets and terminals, loaded when they are needed first: many programs never do. */
import { fstatSync } from 'node:fs';

export function nodeNet(): typeof import('node:net') {
  return process.getBuiltinModule('node:net');
}

export function nodeTty(): typeof import('node:tty') {
  return process.getBuiltinModule('node:tty');
}

/** Linux's number of memory devices such as /dev/null, which are character devices but no terminals. */
const MEMORY_DEVICES = 1;

/** Whether a descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    if (!stat.isCharacterDevice()) return false;
    if (process.platform === 'linux' && stat.rdev >> 8 === MEMORY_DEVICES) return false;
    return nodeTty().isatty(fd);
  } catch {
    return false;
  }
}
