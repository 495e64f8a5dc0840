/** `tenon validate FILE`. */
import { Component } from '../../index.ts';
import type { Command, Parsed } from '../args.ts';
import { readInput } from '../files.ts';
import { oneOperand } from '../operands.ts';

export const command: Command = {
  name: 'validate',
  summary: 'Check a component against the specification. Silent, with exit code 0, if it is valid.',
  usage: 'FILE [--json]',
  flags: [{ name: 'json', help: 'print the verdict as JSON' }],
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
  const { code, details } = error as { code?: string; details?: { offset?: number } };
  return {
    valid: false,
    ...(code === undefined ? {} : { code }),
    message: (error as Error).message,
    ...(details?.offset === undefined ? {} : { offset: details.offset }),
  };
}

export async function run(args: Parsed): Promise<number> {
  const bytes = await readInput(oneOperand(command, args));
  if (!args.values.has('json')) {
    await Component.load(bytes);
    return 0;
  }
  let verdict: Verdict = { valid: true };
  try {
    await Component.load(bytes);
  } catch (error) {
    verdict = verdictOf(error);
  }
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
  return verdict.valid ? 0 : 1;
}
