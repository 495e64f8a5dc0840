/** Makes cases from seeds and compares them; tells the first that differs, made small. */
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { toJs } from '../../../src/abi/js/convert.ts';
import type { AbiValue } from '../../../src/abi/values.ts';
import { describeFunc } from '../../../src/types/describe.ts';
import type { ValueType } from '../../../src/types/value-type.ts';
import { type Case, generateCase, type Kind } from './case.ts';
import { tryCase } from './compare.ts';
import { Coverage } from './coverage.ts';
import { shrink } from './shrink.ts';

function showValue(type: ValueType, value: AbiValue): string {
  return inspect(toJs(type, value), { depth: 12, breakLength: 110, maxArrayLength: 50 });
}

/** A case as a person reads it. */
export function showCase(c: Case): string {
  const { type, params, result, kind, faults, ...rest } = c;
  const lines = [
    `${kind}: ${describeFunc(type)}`,
    ...type.params.map((p, i) => `  ${p.name} = ${showValue(p.type, params[i]!)}`),
    ...(type.result === undefined ? [] : [`  answers ${showValue(type.result, result!)}`]),
    ...faults.map((fault) => `  fault ${inspect(fault, { breakLength: 200 })}`),
    `  ${inspect(rest, { breakLength: 110 })}`,
  ];
  return lines.join('\n');
}

export interface Found {
  readonly coverage: Coverage;
  readonly count: number;
  /** What differs, with the seed that shows it again. */
  readonly problem: string | undefined;
}

/** Memories that are garbage hold much address space, of which the collector knows nothing: it is asked to look so often. */
const COLLECT_EVERY = 100;

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Compares `count` cases, of the kinds in turn, up to the first that differs. */
export async function search(
  kinds: readonly Kind[],
  first: number,
  count: number,
  progress: (done: number) => void = () => {},
): Promise<Found> {
  const coverage = new Coverage();
  const collect = collector();
  for (let i = 0; i < count; i++) {
    progress(i);
    if (i % COLLECT_EVERY === COLLECT_EVERY - 1) collect();
    const seed = first + Math.floor(i / kinds.length);
    const kind = kinds[i % kinds.length]!;
    const c = generateCase(kind, seed);
    const { expected, problem } = await tryCase(c);
    if (problem !== undefined || expected === undefined) {
      const small = await shrink(c, async (other) => (await tryCase(other)).problem !== undefined);
      const again = `node scripts/fuzz-abi.ts --only ${kind} --seed ${seed} --count 1`;
      return {
        coverage,
        count: i,
        problem: `${showCase(small)}\n${(await tryCase(small)).problem}\n\nagain: ${again}`,
      };
    }
    coverage.add(c, expected);
  }
  return { coverage, count, problem: undefined };
}
