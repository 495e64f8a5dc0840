/** Verdicts of Tenon and `wasm-tools validate` on mutated components, side by side. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeComponent } from '../../src/binary/decode.ts';
import { encodeComponent } from '../../src/binary/encode.ts';
import { MalformedError, ValidationError } from '../../src/error/error.ts';
import type { Component } from '../../src/types/definition.ts';
import { validateComponent } from '../../src/validate/validate.ts';
import { fit } from './fit-component.ts';
import { damage, random } from './mutate.ts';
import { mutate } from './mutate-component.ts';
import { below, pick } from './random-definitions.ts';
import type { Seed } from './seed-components.ts';
import { typePair } from './type-pairs.ts';
import { type Disagreement, differenceOf } from './validate-differences.ts';
import type { WasmTools } from './wasm-tools.ts';

/** Validating an input of a few hundred bytes may not take longer, in milliseconds. */
const SLOW = 1_000;
/** Of the inputs, how many are damaged bytes instead of changed definitions. */
const DAMAGED = 0.25;
/** How many changes that leave a component valid may come before the one that is judged. */
const EVOLUTION = 12;
/** Components that have grown beyond this are not changed further. */
const MAX_EVOLVED = 60_000;
/** How many are one type against another. */
const PAIRS = 0.15;
/** How many get core modules that fit instead of a last change. */
const FITTED = 0.12;
const IN_FLIGHT = 3;

export interface CompareOptions {
  readonly seeds: readonly Seed[];
  readonly count: number;
  readonly seed: number;
  /** Where to write the inputs that are judged differently. */
  readonly keep?: string | undefined;
  readonly progress?: (done: number) => void;
}

export interface Summary {
  readonly compared: number;
  readonly agreed: number;
  /** How many both accept. */
  readonly accepted: number;
  /** Known differences by class. */
  readonly known: ReadonlyMap<string, number>;
  /** What no class explains, a line each. */
  readonly unexplained: readonly string[];
}

/** The message of Tenon's refusal, or undefined where it accepts. Anything but a typed error with a place is thrown on. */
export function tenonVerdict(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    validateComponent(decodeComponent(bytes));
    return undefined;
  } catch (error) {
    if (!(error instanceof MalformedError || error instanceof ValidationError)) throw error;
    const { offset = -1 } = error.details;
    if (offset < 0 || offset > bytes.length) throw new Error(`no place: ${error.message}`);
    return error.message;
  }
}

/** A component some valid mutations away from the one given. */
function evolved(component: Component, other: Component, next: () => number): Component {
  let found = component;
  for (let tries = below(next, EVOLUTION); tries > 0; tries--) {
    const bytes = mutate(found, other, next);
    if (bytes.length < MAX_EVOLVED && tenonVerdict(bytes) === undefined) found = decodeComponent(bytes);
  }
  return found;
}

/** Input number `index` of a run: depends on nothing but the seeds, the run's seed and the number. */
export function input(
  seeds: readonly Seed[],
  seed: number,
  index: number,
): { name: string; bytes: Uint8Array<ArrayBuffer> } {
  const next = random(Math.imul(seed, 0x9e37_79b1) + index);
  if (next() < PAIRS) return { name: 'type pair', bytes: typePair(next) };
  const from = pick(next, seeds);
  if (from.component === undefined || next() < DAMAGED) return { name: from.name, bytes: damage(from, next) };
  const other = pick(next, seeds).component ?? from.component;
  const component = evolved(from.component, other, next);
  const fits = next() < FITTED && tenonVerdict(encodeComponent(component)) === undefined;
  return { name: from.name, bytes: fits ? fit(component, next) : mutate(component, other, next) };
}

function timed(bytes: Uint8Array<ArrayBuffer>): { tenon: string | undefined; broken: string | undefined } {
  const begin = performance.now();
  try {
    const tenon = tenonVerdict(bytes);
    const took = performance.now() - begin;
    return { tenon, broken: took > SLOW ? `took ${took.toFixed(0)} ms` : undefined };
  } catch (error) {
    return { tenon: undefined, broken: `untyped error: ${error instanceof Error ? error.stack : error}` };
  }
}

/** Counts how the inputs were judged. */
class Tally {
  readonly known = new Map<string, number>();
  readonly unexplained: string[] = [];
  agreed = 0;
  accepted = 0;

  /** `broken` says what Tenon did that it never may. Answers true where the verdicts differ. */
  take(one: Disagreement, broken: string | undefined): boolean {
    const { name, tenon, tool } = one;
    if (broken === undefined && (tenon === undefined) === (tool === undefined)) {
      this.agreed++;
      if (tenon === undefined) this.accepted++;
      return false;
    }
    const why = broken === undefined ? differenceOf(one) : undefined;
    if (why !== undefined) this.known.set(why, (this.known.get(why) ?? 0) + 1);
    else this.unexplained.push(`${name}: ${broken ?? `tenon: ${tenon ?? 'valid'} | wasm-tools: ${tool ?? 'valid'}`}`);
    return true;
  }
}

/** Makes inputs and asks both. */
export async function compareValidate(tools: WasmTools, options: CompareOptions): Promise<Summary> {
  const { seeds, seed, count, keep, progress } = options;
  const tally = new Tally();
  let index = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (index < count) {
      const at = index++;
      const { name, bytes } = input(seeds, seed, at);
      const { tenon, broken } = timed(bytes);
      const tool = await tools.verdict(bytes);
      const differs = tally.take({ name: `${seed}-${at} (${name})`, bytes, tenon, tool }, broken);
      if (differs && keep !== undefined) writeFileSync(join(keep, `${seed}-${at}.wasm`), bytes);
      progress?.(++done);
    }
  };
  if (keep !== undefined) mkdirSync(keep, { recursive: true });
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  const { agreed, accepted, known, unexplained } = tally;
  return { compared: count, agreed, accepted, known, unexplained };
}
