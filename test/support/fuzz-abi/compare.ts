/** Makes a case's call all ways, and says where one differs from the interpreter. */
import { holds, holdsHandle } from '../../../src/abi/holds.ts';
import type { FuncType, ValueType } from '../../../src/types/value-type.ts';
import { hasTables, runAdapter } from './adapter.ts';
import { runExport, runImport } from './border.ts';
import type { Case, Kind } from './case.ts';
import { runChain } from './chain.ts';
import { difference, type Outcome, type Strictness } from './outcome.ts';

/** A call made all ways: what is expected (what the interpreter does), and what each way with its name does. */
export interface Ways {
  readonly expected: Outcome;
  readonly found: readonly (readonly [way: string, outcome: Outcome])[];
}

const RUN: { readonly [K in Kind]: (c: Case) => Ways | Promise<Ways> } = {
  adapter: runAdapter,
  export: runExport,
  import: runImport,
  chain: runChain,
};

function anyHolds({ params, result }: FuncType, wanted: Parameters<typeof holds>[1]): boolean {
  const types = [...params.map((p) => p.type), ...(result === undefined ? [] : [result])];
  return types.some((t) => holds(t, wanted));
}

function strictnessOf(c: Case): Strictness {
  const { type, faults } = c;
  const damaged = faults.some(({ kind }) => kind === 'byte' || kind === 'flat');
  const isFloat = ({ kind }: { kind: string }): boolean => kind === 'f32' || kind === 'f64';
  const spoiled = faults.some(({ kind }) => kind === 'value');
  const isHandle = (t: ValueType): boolean => holdsHandle(t);
  // In tables, a handle that a value names twice is wrong by itself.
  const wrong = faults.length + (hasTables(c) && anyHolds(type, isHandle) ? 1 : 0);
  return {
    // Of several faults each way may meet another first; so it is with a value in which several parts are wrong, and handles are looked at last.
    errors: faults.length > 0 && wrong > 1 ? 'some' : spoiled && anyHolds(type, isHandle) ? 'code' : 'message',
    // A NaN that damage makes may lose its payload.
    bits: !damaged || !anyHolds(type, isFloat),
  };
}

export interface Compared {
  readonly expected: Outcome;
  readonly problem: string | undefined;
}

export async function compareCase(c: Case): Promise<Compared> {
  const { expected, found } = await RUN[c.kind](c);
  const strictness = strictnessOf(c);
  for (const [way, outcome] of found) {
    const problem = difference(expected, outcome, strictness);
    if (problem !== undefined) return { expected, problem: `${way}: ${problem}` };
  }
  return { expected, problem: undefined };
}

/** How a case went: an untyped error is a problem too. */
export interface Tried {
  readonly expected: Outcome | undefined;
  readonly problem: string | undefined;
}

export async function tryCase(c: Case): Promise<Tried> {
  try {
    return await compareCase(c);
  } catch (error) {
    return { expected: undefined, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
