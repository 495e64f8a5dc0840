/** `tenon validate FILE`. */
import { type Details, UsageError } from '../../node.ts';
import type { Command, Parsed } from '../args.ts';
import { FEATURES_FLAG } from '../features.ts';
import { oneOperand } from '../operands.ts';
import { loadFile } from '../program.ts';

export const command: Command = {
  name: 'validate',
  summary: 'Check a component against the specification. Silent, with exit code 0, if it is valid.',
  usage: 'FILE [--json] [--features GATE[,-GATE...]]',
  flags: [{ name: 'json', help: 'print the verdict as JSON' }, FEATURES_FLAG],
  details: 'FILE may be a binary or the text format; `-` is standard input.',
  examples: [
    ['check a file', 'tenon validate app.wasm'],
    ['the verdict for a machine', 'tenon validate --json app.wasm'],
  ],
};

interface Verdict {
  readonly valid: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly offset?: number;
}

function verdictOf(error: unknown): Verdict {
  const { code, details } = error as { code?: string; details?: Details };
  const offset = details?.offset ?? (error as { cause?: { details?: Details } }).cause?.details?.offset;
  return {
    valid: false,
    ...(code === undefined ? {} : { code }),
    message: (error as Error).message,
    ...(offset === undefined ? {} : { offset }),
  };
}

export async function run(args: Parsed): Promise<number> {
  const path = oneOperand(command, args);
  if (!args.values.has('json')) {
    await loadFile(path, args);
    return 0;
  }
  let verdict: Verdict = { valid: true };
  try {
    await loadFile(path, args);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    verdict = verdictOf(error);
  }
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
  return verdict.valid ? 0 : 1;
}
