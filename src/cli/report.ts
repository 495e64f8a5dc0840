/** How errors are shown: one message, a code, the place, the next step. Never a JavaScript stack. */

import type { Details } from '../error/error.ts';
import { wasmFrames } from '../error/stack.ts';
import { Trap } from '../error/trap.ts';
import type { Denial } from '../grants/network-policy.ts';
import { InvariantError } from '../util/invariant.ts';
import { safeText } from '../util/safe-text.ts';
import { MisuseError } from './args.ts';

/** Exit codes. */
export const EXIT_ERROR = 1;
export const EXIT_MISUSE = 2;
export const EXIT_TRAP = 134;
export const EXIT_INTERRUPTED = 130;

const MAX_FRAMES = 20;

function colour(code: string, text: string): string {
  const plain = process.env['NO_COLOR'] !== undefined || process.stderr.isTTY !== true;
  return plain ? text : `\u001b[${code}m${text}\u001b[0m`;
}

interface Coded {
  readonly code?: string;
  readonly details?: Details;
}

/** Shows an error on stderr and gives the exit code. */
export function report(error: unknown): number {
  if (error instanceof MisuseError) {
    write('error', error.code, error.message, error.hint);
    return EXIT_MISUSE;
  }
  if (error instanceof Trap) {
    reportTrap(error);
    return EXIT_TRAP;
  }
  if (error instanceof InvariantError) {
    write('error', 'internal', error.message, undefined);
    process.stderr.write(`${error.stack ?? ''}\n`);
    return EXIT_ERROR;
  }
  const { code, details } = (error ?? {}) as Coded;
  write('error', code ?? 'error', error instanceof Error ? error.message : String(error), details?.hint);
  return EXIT_ERROR;
}

function write(kind: string, code: string, message: string, hint: string | undefined): void {
  process.stderr.write(`${colour('31;1', kind)}[${code}]: ${safeText(message)}\n`);
  if (hint !== undefined) process.stderr.write(`  ${colour('36', 'next:')} ${safeText(hint)}\n`);
}

/** Says on stderr what a program was denied; it goes on. */
export function reportDenial({ of, what, why, grant }: Denial): void {
  write('denied', of, `the program may not ${what}: ${why}`, `allow it with ${grant}`);
}

/** The trap that started it: whoever waited for a component that trapped has only a trap that says so. */
function originOf(trap: Trap): Trap {
  const { cause } = trap;
  return trap.code === 'store-dead' && cause instanceof Trap ? originOf(cause) : trap;
}

function reportTrap(last: Trap): void {
  const trap = originOf(last);
  trap.path ??= last.path;
  write('trap', trap.code, trap.reason, trap.hint);
  if (trap.path !== undefined) process.stderr.write(`  in ${safeText(trap.path)}\n`);
  for (const label of trap.components ?? []) process.stderr.write(`  component ${safeText(label)}\n`);
  const frames = wasmFrames(trap.stack);
  for (const frame of frames.slice(0, MAX_FRAMES)) {
    const name = frame.name === undefined ? `function ${frame.index}` : safeText(frame.name);
    const module = frame.module === undefined ? '' : ` of ${safeText(frame.module)}`;
    process.stderr.write(
      `    at ${name} (core function ${frame.index}${module}, offset 0x${frame.offset.toString(16)})\n`,
    );
  }
  if (frames.length > MAX_FRAMES) process.stderr.write(`    … ${frames.length - MAX_FRAMES} more\n`);
}
