/**
 * Standard input, output and errors of the process, as sources and sinks. Nothing is attached to the process's own streams unless
 * the descriptor is a socket, or the platform gives no way to open it anew; then only while somebody waits.
 */
import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import type { Sink, Source } from '../host.ts';
import { bytesSource, nullSink } from '../streams.ts';
import { type BrokenPipe, PipeSink, PromptSink, sharedDrain, socketDrain } from './sink.ts';
import { PipeSource, promptSource, sharedListener, socketListener } from './source.ts';
import { isTerminal } from './terminal.ts';

/** What the descriptor is; undefined where it is closed. */
function look(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

/**
 * Opens what `fd` stands for again, so that "does not block" holds for us alone: the flag belongs to the open file, which the
 * shell and other programs share. Linux only: elsewhere `/dev/fd` gives the same open file.
 */
function openAgain(fd: number, flags: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const own = openSync(`/proc/self/fd/${fd}`, flags | constants.O_NONBLOCK | constants.O_NOCTTY);
    const [was, is] = [fstatSync(fd), fstatSync(own)];
    if (was.dev === is.dev && was.ino === is.ino) return own;
    closeSync(own);
  } catch {
    // A socket, or a terminal of another user.
  }
  return undefined;
}

/** Standard input. */
export function stdinSource(): Source {
  const stat = look(0);
  if (stat === undefined) return bytesSource();
  const terminal = isTerminal(0);
  if (!terminal && !stat.isFIFO() && !stat.isSocket()) return promptSource(0);
  const own = openAgain(0, constants.O_RDONLY);
  const listen = own === undefined ? sharedListener(() => process.stdin) : socketListener(own, terminal);
  return new PipeSource({ terminal, fd: own, listen });
}

/** Standard output (1) or errors (2). `broken` is called when nobody reads it any more. */
export function outputSink(fd: 1 | 2, broken: BrokenPipe): Sink {
  const stat = look(fd);
  if (stat === undefined) return nullSink();
  const terminal = isTerminal(fd);
  const shared = (): NodeJS.WriteStream => (fd === 1 ? process.stdout : process.stderr);
  if (terminal && process.platform === 'win32') {
    return new PipeSink({ terminal, fd: undefined, drain: sharedDrain(shared), broken });
  }
  if (terminal || !(stat.isFIFO() || stat.isSocket())) return new PromptSink(fd, terminal, broken);
  const own = stat.isFIFO() ? openAgain(fd, constants.O_WRONLY) : undefined;
  const drain = own === undefined ? sharedDrain(shared) : socketDrain(own);
  return new PipeSink({ terminal, fd: own, drain, broken });
}
