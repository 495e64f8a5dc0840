/** Node's modules for sockets and terminals, loaded when they are needed first: many programs never do. */
import { fstatSync } from 'node:fs';

export function nodeNet(): typeof import('node:net') {
  return process.getBuiltinModule('node:net');
}

export function nodeTty(): typeof import('node:tty') {
  return process.getBuiltinModule('node:tty');
}

/** Whether a descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && nodeTty().isatty(fd);
  } catch {
    return false;
  }
}
