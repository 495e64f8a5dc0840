/**
 * Adapters against the interpreter on random signatures: the same call is made both ways, in two worlds made alike. What the callee
 * was called with, what came back, every `realloc` and every byte of both memories must be the same; so must be whether it trapped.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateFunc, generateValue, pick, type Random, random } from '../../../test/support/generate-abi.ts';
import {
  type Call,
  CONTEXT_0,
  comparable,
  type Extras,
  fused,
  Guest,
  interpreted,
  MAY_LEAVE,
  specOf,
  type Trace,
} from '../../../test/support/two-guests.ts';
import { Trap } from '../../error/trap.ts';
import type { FuncType } from '../../types/value-type.ts';
import { lowerValues } from '../call.ts';
import { flattenType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, pointerSize } from '../flatten.ts';
import { layout } from '../layout.ts';
import type { Flat } from '../lift-flat.ts';
import { canFuse } from './adapter.ts';

const ENCODINGS = ['utf8', 'utf16', 'latin1+utf16'] as const;
const RESOURCES = [
  { kind: 'resource', name: 'a' },
  { kind: 'resource', name: 'b' },
] as const;
const SAME = { own: 0, borrow: 0 };

interface World {
  readonly call: Call;
  readonly flat: readonly Flat[];
  /** What the callee was called with, and in which state. */
  readonly seen: unknown[];
}

/** Damages some bytes that the guest wrote, or some core values. */
function damage(r: Random, guest: Guest, flat: Flat[]): void {
  const { u8 } = guest.memory;
  const written = guest.bump.top - 1024;
  for (let i = r(4); i > 0 && written > 0; i--) {
    const at = 1024 + r(written);
    u8[at] = pick(r, [0, 1, 2, 3, 0x7f, 0x80, 0xc3, 0xd8, 0xdc, 0xff, u8[at]! ^ 1, r(256)]);
  }
  for (let i = r(3); i > 0 && flat.length > 0; i--) {
    const at = r(flat.length);
    const old = flat[at]!;
    const raw = pick(r, [
      0,
      1,
      5,
      -1,
      65_535,
      65_536,
      2 ** 31 - 1,
      -(2 ** 31),
      Number(BigInt.asIntN(31, BigInt(old))) + 1,
    ]);
    flat[at] = typeof old === 'bigint' ? BigInt(raw) : raw | 0;
  }
}

/** How the two are joined. */
interface Kind {
  readonly damaged?: boolean;
  /** Whether they share a memory. */
  readonly shared?: boolean;
  /** Of a function of an async type: how it is called and lifted. */
  readonly async?: { readonly lower: boolean; readonly lift: 'sync' | 'callback' | 'stackful' };
}

function makeWorld(seed: number, { damaged = false, shared = false, async }: Kind): World {
  const r = random(seed);
  // The bits of a NaN that damage makes may differ.
  const generated = generateFunc(r, { floats: !damaged, resources: RESOURCES });
  const type: FuncType = { ...generated, async: async !== undefined };
  const lift = { async: async !== undefined && async.lift !== 'sync', callback: async?.lift === 'callback' };
  const isAsync = async?.lower === true;
  const width = pick(r, ['32', '32', '64'] as const);
  const caller = new Guest({ encoding: pick(r, ENCODINGS), width, async: isAsync });
  const postReturn = r(2) === 0 && !lift.async;
  const other = { encoding: pick(r, ENCODINGS), width: pick(r, ['32', '32', '64'] as const), postReturn, ...lift };
  const callee = shared ? new Guest({ ...other, width }, caller) : new Guest(other);
  // Whatever nobody writes must stay as it is.
  for (const guest of [caller, callee]) guest.memory.u8.fill(0xaa);
  caller.set(CONTEXT_0, 11);
  callee.set(CONTEXT_0, 22);
  const types = type.params.map((p) => p.type);
  const values = types.map((t) => generateValue(r, t));
  const limit = isAsync ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS;
  const flat = [...lowerValues(caller.context(SAME), limit, values, types)];
  if (damaged) damage(r, caller, flat);
  const most = isAsync ? 0 : MAX_FLAT_RESULTS;
  if (type.result !== undefined && flattenType(type.result, pointerSize(caller.shape)).length > most) {
    const { align, size } = layout(type.result, pointerSize(caller.shape));
    const at = caller.allocate(align, size) + (damaged && r(8) === 0 ? pick(r, [1, 65_536, 1_000_000]) : 0);
    flat.push(caller.shape.memory === '64' ? BigInt(at) : at);
  }
  caller.traces.length = 0;
  caller.set(CONTEXT_0, 11);
  const seen: unknown[] = [];
  const core = (...args: Flat[]): Flat | undefined => {
    seen.push(args.map(comparable), callee.get(MAY_LEAVE), callee.get(CONTEXT_0), digest(callee));
    const results = type.result === undefined ? [] : [type.result];
    const answers = results.map((t) => generateValue(r, t));
    const before = callee.traces.length;
    const given = lift.async ? MAX_FLAT_PARAMS : MAX_FLAT_RESULTS;
    const out = [...lowerValues(callee.context(SAME), given, answers, results)];
    callee.traces.length = before;
    if (damaged) damage(r, callee, out);
    callee.set(CONTEXT_0, 55);
    if (!lift.async) return out[0];
    call.returns?.(...out);
    // What it does after that is seen by nobody.
    callee.memory.u8.fill(0xbb, 1024, callee.bump.top);
    return lift.callback ? 0 : undefined;
  };
  const call: Call = { type, caller, callee, core };
  return { call, flat, seen };
}

function digest(guest: Guest): string {
  return Buffer.from(guest.memory.u8.subarray(0, guest.bump.top + 64)).toString('latin1');
}

function traceText(traces: readonly Trace[]): string[] {
  return traces.map(
    (t) => `${t.what} ${t.args.map(comparable)} -> ${t.answer} leave ${t.mayLeave} context ${t.context}`,
  );
}

/** What is left of a call. */
function outcome(world: World, run: (...flat: Flat[]) => Flat | undefined): unknown {
  const { caller, callee } = world.call;
  let back: Flat | undefined;
  try {
    back = run(...world.flat);
  } catch (error) {
    if (error instanceof Trap) return 'trap';
    throw error;
  }
  return {
    back: comparable(back),
    seen: world.seen,
    reallocs: [traceText(caller.traces), traceText(callee.traces)],
    memories: [digest(caller), digest(callee)],
    states: [caller, callee].map((g) => [g.get(MAY_LEAVE), g.get(CONTEXT_0)]),
  };
}

function compare(seed: number, kind: Kind, extras: Extras = {}): 'trap' | 'fine' {
  const one = makeWorld(seed, kind);
  const two = makeWorld(seed, kind);
  assert.ok(canFuse(specOf(one.call)));
  const expected = outcome(two, interpreted(two.call));
  const found = outcome(one, fused(one.call, extras));
  assert.deepEqual(found, expected, `seed ${seed}: ${JSON.stringify(one.call.type)}`);
  return expected === 'trap' ? 'trap' : 'fine';
}

describe('random signatures', () => {
  test('a call through an adapter does what the interpreter does', () => {
    for (let seed = 1; seed <= 700; seed++) assert.equal(compare(seed, {}), 'fine', `seed ${seed}`);
  });

  test('the same where caller and callee share a memory', () => {
    for (let seed = 5_000; seed < 5_200; seed++) assert.equal(compare(seed, { shared: true }), 'fine', `seed ${seed}`);
  });

  test('damaged arguments and results trap where the interpreter traps, and only there', () => {
    const count = { trap: 0, fine: 0 };
    for (let seed = 10_000; seed < 11_200; seed++) count[compare(seed, { damaged: true })]++;
    assert.ok(count.trap > 200 && count.fine > 200, `both happen: ${JSON.stringify(count)}`);
  });
});

describe('random signatures of functions of an async type', () => {
  for (const lower of [false, true]) {
    for (const lift of ['sync', 'callback', 'stackful'] as const) {
      const kind = { async: { lower, lift } };
      const name = `called ${lower ? 'asynchronously' : 'synchronously'}, lifted ${lift}`;

      test(`${name}: a call that completes at once does what the interpreter does`, () => {
        for (let seed = 20_000; seed < 20_150; seed++)
          assert.equal(
            compare(seed, kind, { otherKey: seed % 2 === 0, spec: { isLeaf: seed % 3 === 0 } }),
            'fine',
            `seed ${seed}`,
          );
      });

      test(`${name}: so does one by the parts that JavaScript calls`, () => {
        for (let seed = 21_000; seed < 21_100; seed++)
          assert.equal(compare(seed, kind, { parts: true }), 'fine', `seed ${seed}`);
      });

      test(`${name}: damage traps where the interpreter traps`, () => {
        const count = { trap: 0, fine: 0 };
        for (let seed = 22_000; seed < 22_200; seed++) count[compare(seed, { ...kind, damaged: true })]++;
        assert.ok(count.trap > 20 && count.fine > 20, `both happen: ${JSON.stringify(count)}`);
      });
    }
  }
});
