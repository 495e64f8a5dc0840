/**
 * How a program ended, and its form as a text file: what the expected outcomes in `expected/` are written in and compared as.
 * A stream that is not text stands there as its length and digest.
 */
import { createHash } from 'node:crypto';

export interface Outcome {
  readonly exit: number | 'trap';
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Every file in the program's directories after its end, by guest path. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Tenon's own exit code after a trap, as a shell reports an aborted process. */
export const TRAP_EXIT = 134;

/** `mask`: regular expressions of text that is written as `*`. */
export function masked(outcome: Outcome, mask: readonly string[] = []): Outcome {
  if (mask.length === 0) {
    return outcome;
  }
  const pattern = new RegExp(mask.join('|'), 'g');
  const replace = (bytes: Buffer): Buffer => Buffer.from(bytes.toString().replaceAll(pattern, '*'));
  return { ...outcome, stdout: replace(outcome.stdout), stderr: replace(outcome.stderr) };
}

export function printOutcome(outcome: Outcome): string {
  const parts = [
    `exit ${outcome.exit}\n`,
    printStream('stdout', outcome.stdout),
    printStream('stderr', outcome.stderr),
  ];
  if (outcome.files.size > 0) {
    const lines = [...outcome.files].map(([path, bytes]) => `${path} ${digest(bytes)}\n`);
    parts.push(`== files\n${lines.sort().join('')}`);
  }
  return parts.join('');
}

function printStream(name: string, bytes: Buffer): string {
  if (bytes.length === 0) {
    return '';
  }
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes) || text.includes('\0')) {
    return `== ${name}, binary\n${digest(bytes)}\n`;
  }
  return text.endsWith('\n') ? `== ${name}\n${text}` : `== ${name}, no line end\n${text}\n`;
}

function digest(bytes: Buffer): string {
  return `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Without what Tenon says of what it denied; the peer says nothing. */
export function withoutDenials(outcome: Outcome): Outcome {
  const text = outcome.stderr.toString('latin1').replaceAll(/^denied\[\w+\]: .*\n {2}next: .*\n/gm, '');
  return { ...outcome, stderr: Buffer.from(text, 'latin1') };
}

/** What the program itself wrote to standard error before a trap is a part of `text`; Tenon's report follows it. */
export function withoutReport(expected: string, actual: Outcome): Outcome {
  if (actual.exit !== 'trap') {
    return actual;
  }
  const written = /^== stderr(, no line end)?\n([\s\S]*?)(?=^== files\n|(?![\s\S]))/m.exec(expected);
  let own = written?.[2] ?? '';
  own = written?.[1] === undefined ? own : own.replace(/\n$/, '');
  const bytes = Buffer.from(own);
  return actual.stderr.subarray(0, bytes.length).equals(bytes) ? { ...actual, stderr: bytes } : actual;
}
