/**
 * A process ends when its event loop has nothing left, whatever calls of components still wait: then nothing will ever let them go on, and
 * somebody should say so.
 */
import { unfinishedCalls } from '../../runtime/deadlock.ts';

type Handler = (lines: readonly string[]) => void;

let handler: Handler | undefined;

/** Calls `handle`, in place of who was to be called, with who waits for whom: once, when the process would end amid calls. */
export function onUnfinished(handle: Handler): void {
  if (handler === undefined) process.once('beforeExit', look);
  handler = handle;
}

function look(): void {
  const lines = unfinishedCalls();
  if (lines.length > 0) handler?.(lines);
  // The process may go on, and end another time.
  else process.once('beforeExit', look);
}

/** Warns on standard error. */
export function warnOfUnfinished(): void {
  onUnfinished((lines) => {
    const list = lines.map((line) => `\n  ${line}`).join('');
    process.stderr.write(`tenon: the process ends while calls of components still wait:${list}\n`);
  });
}
