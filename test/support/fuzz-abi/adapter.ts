/** A case between two guests: by an adapter and by the interpreter, in worlds made alike. */
import { MAX_FLAT_PARAMS } from '../../../src/abi/flatten.ts';
import type { AdapterSpec } from '../../../src/abi/fused/adapter.ts';
import type { Flat } from '../../../src/abi/lift-flat.ts';
import { CONTEXT_0, MAY_LEAVE } from '../../../src/runtime/control.ts';
import { type Call, comparable, type Extras, fused, interpreted } from '../two-guests.ts';
import type { Case } from './case.ts';
import type { Ways } from './compare.ts';
import {
  giveParams,
  giveResult,
  leaves,
  makeGuest,
  misbehave,
  notesOf,
  quietly,
  read,
  resetStacks,
  resultOf,
  traceText,
} from './guests.ts';
import { copyOf, endOfError, type Outcome } from './outcome.ts';
import { Tables } from './tables.ts';

/** What an adapter may be told of its callee, a bit of `Case.bits` each. None of it changes what a call does. */
export const ADAPTER_BITS = ['parts', 'otherKey', 'isLeaf', 'seesCaller', 'isConcurrent', 'maySuspend'] as const;
export type AdapterBit = (typeof ADAPTER_BITS)[number];

export function hasBit({ bits }: Case, bit: AdapterBit): boolean {
  return ((bits >> ADAPTER_BITS.indexOf(bit)) & 1) === 1;
}

/** Whether handles are in tables of the runtime: where the adapter itself gives back what was lent. */
export function hasTables(c: Case): boolean {
  return c.tables && !c.type.async;
}

function extrasOf(c: Case): Extras {
  const spec: Partial<AdapterSpec> = {
    isLeaf: hasBit(c, 'isLeaf') && !c.shared,
    seesCaller: hasBit(c, 'seesCaller'),
    isConcurrent: hasBit(c, 'isConcurrent'),
    maySuspend: hasBit(c, 'maySuspend'),
  };
  return { spec, parts: hasBit(c, 'parts'), otherKey: hasBit(c, 'otherKey') };
}

interface World {
  readonly call: Call;
  readonly flat: readonly Flat[];
  readonly seen: { readonly well: unknown[]; readonly exact: unknown[]; memory: Buffer };
  readonly tables: Tables | undefined;
  /** Where the caller's result is, if in memory. */
  readonly pointer: number | undefined;
}

function makeWorld(c: Case): World {
  const caller = makeGuest(c, 'caller');
  const callee = makeGuest(c, 'callee', {}, c.shared ? caller : undefined);
  const types = c.type.params.map((p) => p.type);
  const { flat, pointer } = giveParams(c, caller);
  caller.set(CONTEXT_0, 11);
  callee.set(CONTEXT_0, 22);
  const seen: World['seen'] = { well: [], exact: [], memory: Buffer.alloc(0) };
  const tables = hasTables(c) ? new Tables(c, caller, callee) : undefined;
  const call: Call = {
    type: c.type,
    caller,
    callee,
    core: (...args) => callee_(args),
    moves: [],
    ...(tables === undefined ? {} : { hooks: tables.hooks, endLends: () => tables.endLends() }),
  };
  const callee_ = (args: readonly Flat[]): Flat | undefined => {
    seen.well.push(
      callee.get(MAY_LEAVE),
      callee.get(CONTEXT_0),
      quietly(callee, () => read(callee, MAX_FLAT_PARAMS, args, types)),
    );
    seen.exact.push(args.map(comparable));
    seen.memory = copyOf(callee);
    if (tables !== undefined) {
      seen.well.push(tables.state);
      if (!hasBit(c, 'otherKey')) tables.dropBorrows();
    }
    return answer(c, call);
  };
  misbehave(caller, c.faults, 'caller');
  misbehave(callee, c.faults, 'callee');
  return { call, flat, seen, tables, pointer };
}

/** The callee gives its result. */
function answer(c: Case, call: Call): Flat | undefined {
  const { callee } = call;
  const from = callee.bump.spans.length;
  const flat = giveResult(c, callee);
  callee.set(CONTEXT_0, 55);
  if (c.lift === 'sync') return flat[0];
  call.returns?.(...flat);
  // What it does after that is seen by nobody.
  if (!c.shared) for (const { at, size } of callee.bump.spans.slice(from)) callee.memory.u8.fill(0xbb, at, at + size);
  return c.lift === 'callback' ? 0 : undefined;
}

function outcome(c: Case, world: World, run: (...flat: Flat[]) => Flat | undefined): Outcome {
  const { call, seen } = world;
  const { caller, callee } = call;
  resetStacks();
  let end: Outcome['end'];
  let back: Flat | undefined;
  try {
    back = run(...world.flat);
    end = { value: undefined };
  } catch (error) {
    end = endOfError(error);
  }
  resetStacks();
  return {
    end,
    always: {},
    well: {
      'what the callee saw': seen.well,
      result: 'value' in end ? resultOf(c, caller, world.pointer, back) : undefined,
      'reallocs of the caller': traceText(caller.traces),
      'reallocs of the callee': traceText(callee.traces),
      'may leave': [leaves(caller.traces), leaves(callee.traces)],
      handles: world.tables === undefined ? call.moves : world.tables.state,
      states: [caller, callee].map((g) => [g.get(MAY_LEAVE), g.get(CONTEXT_0)]),
    },
    memories: {
      'memory of the callee, when it was called': seen.memory,
      'memory of the caller': copyOf(caller),
      'memory of the callee': copyOf(callee),
    },
    exact: { 'core arguments': seen.exact, 'core result': comparable(back) },
    notes: [...notesOf(caller), ...notesOf(callee)],
  };
}

/** The call by an adapter. */
export function runAdapter(c: Case): Ways {
  const [one, two] = [makeWorld(c), makeWorld(c)];
  return {
    expected: outcome(c, two, interpreted(two.call)),
    found: [['adapter', outcome(c, one, fused(one.call, { ...extrasOf(c), ...one.tables?.extras }))]],
  };
}
