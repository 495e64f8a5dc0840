/** Inputs changed by their grammar, and what becomes of them: text is parsed, what parses is loaded, linked and instantiated. */
import { TextError } from '../../src/error/error.ts';
import { parseText } from '../../src/text/parse.ts';
import { printText } from '../../src/text/print/print.ts';
import { input } from './compare-validate.ts';
import { random, tryComponent } from './mutate.ts';
import { suiteTexts, TextMutator } from './mutate-text.ts';
import { seedComponents } from './seed-components.ts';

/** No input may take longer, in milliseconds. */
const PATIENCE = 1_000;

interface Failure {
  readonly problem: string;
  readonly input: string;
}

export interface FuzzResult {
  readonly ends: ReadonlyMap<string, number>;
  readonly slowest: number;
  readonly failures: readonly Failure[];
}

/** How a text ended: the code of its error, `module`, or how its component ended. */
async function tryText(text: string): Promise<string> {
  let parsed: ReturnType<typeof parseText>;
  try {
    parsed = parseText(text);
  } catch (error) {
    if (error instanceof TextError) return `text ${error.code}`;
    throw error;
  }
  if (parsed.kind === 'module') return WebAssembly.validate(parsed.bytes) ? 'module' : 'invalid module';
  return tryComponent(parsed.bytes);
}

function showBytes(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return printText(bytes);
  } catch {
    return Buffer.from(bytes).toString('hex');
  }
}

/** Makes and tries `count` inputs, every second one a binary. */
export async function tryGrammar(
  seed: number,
  count: number,
  progress: (done: number) => void = () => {},
): Promise<FuzzResult> {
  const next = random(seed);
  const texts = new TextMutator(suiteTexts());
  const seeds = seedComponents();
  const ends = new Map<string, number>();
  const failures: Failure[] = [];
  let slowest = 0;
  for (let i = 0; i < count; i++) {
    progress(i);
    const text = i % 2 === 0 ? texts.text(next) : undefined;
    const bytes = text === undefined ? input(seeds, seed, i).bytes : undefined;
    const begin = performance.now();
    let problem: string | undefined;
    let end = 'untyped';
    try {
      end = text === undefined ? await tryComponent(bytes!) : await tryText(text);
    } catch (error) {
      problem = `an untyped error: ${error instanceof Error ? error.stack : String(error)}`;
    }
    const took = performance.now() - begin;
    slowest = Math.max(slowest, took);
    if (took > PATIENCE) problem ??= `it took ${took.toFixed(0)} ms`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
    if (problem !== undefined) failures.push({ problem, input: text ?? showBytes(bytes!) });
  }
  return { ends, slowest, failures };
}
