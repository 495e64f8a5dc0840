/** Handles moved in core wasm against handles moved by the runtime's functions, on random operations over tables made alike. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pick, random } from '../../../test/support/generate-abi.ts';
import { code, type Extras, fused, Guest } from '../../../test/support/two-guests.ts';
import { makeTrap } from '../../error/trap.ts';
import { abandonAbove, attach, detachAbove, takeLends } from '../../runtime/borrow-log.ts';
import { CALL_STACK, CALL_TOP, control, FRAME_SIZE, LEND_FULL, LEND_LOG, LEND_TOP } from '../../runtime/control.ts';
import { lend, type RuntimeResource, takeOwn } from '../../runtime/resource.ts';
import { addHandle, LEND, liveHandles, OWN } from '../../runtime/table.ts';
import type { FuncType, ResourceType } from '../../types/value-type.ts';

const THING: ResourceType = { kind: 'resource', name: 'thing' };
const OWN_THING = { kind: 'own', resource: THING } as const;
const BORROW_THING = { kind: 'borrow', resource: THING } as const;
const NUMBER = 7_001;

function func(params: FuncType['params'][number]['type'][], result?: FuncType['result']): FuncType {
  return { kind: 'func', async: false, params: params.map((type, i) => ({ name: `p${i}`, type })), result };
}

/** Two instances of which the callee's resource it is, and what moves between them. */
class Pair {
  readonly caller = new Guest();
  readonly callee = new Guest();
  readonly resource = { kind: 'guest', number: NUMBER, slot: this.callee.slot } as RuntimeResource;
  /** How often the functions of the runtime were asked. */
  asked = 0;

  move(what: 'own-in' | 'borrow-in' | 'own-out', index: number): number {
    this.asked++;
    const [from, to] = what === 'own-out' ? [this.callee.slot, this.caller.slot] : [this.caller.slot, this.callee.slot];
    if (what === 'borrow-in') return lend(from, index, this.resource).rep;
    return addHandle(to, NUMBER, takeOwn(from, index, this.resource), OWN, 0);
  }

  fused(type: FuncType, core: (...args: never[]) => unknown, more: Extras = {}): (...args: number[]) => unknown {
    const extras: Extras = {
      resource: { type: NUMBER, home: this.callee.slot },
      handles: (what, _, index) => this.move(what, index),
      ...more,
    };
    return fused({ type, caller: this.caller, callee: this.callee, core: core as never }, extras) as never;
  }

  get tables(): unknown {
    return [this.caller, this.callee].map(({ slot }) => [...liveHandles(slot)]);
  }
}

describe('handles in core wasm', () => {
  test('an own handle that goes in and comes out again is where the runtime would have put it', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const r = random(seed);
      const [wasm, js] = [new Pair(), new Pair()];
      let seen = 0;
      let back = 0;
      const core = (index: number): number => {
        seen = index;
        return back;
      };
      const there = wasm.fused(func([OWN_THING]), core as never);
      const out = wasm.fused(func([], OWN_THING), core as never);
      for (let step = 0; step < 80; step++) {
        const index = r(24);
        const what = pick(r, ['new', 'new', 'there', 'there', 'back', 'other'] as const);
        if (what === 'new') for (const { caller } of [wasm, js]) addHandle(caller.slot, NUMBER, r(1) + step, OWN, 0);
        else if (what === 'other')
          for (const { caller } of [wasm, js]) addHandle(caller.slot, NUMBER + 1, step, OWN, 0);
        else if (what === 'there') {
          let expected = 0;
          const how = code(() => {
            expected = js.move('own-in', index);
          });
          assert.equal(
            code(() => there(index)),
            how,
          );
          if (how === 'fine') assert.equal(seen, expected);
        } else {
          let expected = 0;
          const how = code(() => {
            expected = js.move('own-out', index);
          });
          back = index;
          let found: unknown;
          assert.equal(
            code(() => {
              found = out();
            }),
            how,
          );
          if (how === 'fine') assert.equal(found, expected);
        }
        assert.deepEqual(wasm.tables, js.tables, `seed ${seed}, step ${step}`);
        control.i32[CALL_TOP >> 2] = CALL_STACK;
      }
      assert.ok(wasm.asked < js.asked, 'most of it without the runtime');
    }
  });

  test('a handle is lent to the instance whose resource it is: its rep, until the call ends', () => {
    const pair = new Pair();
    const index = addHandle(pair.caller.slot, NUMBER, 42, OWN, 0);
    const states: number[] = [];
    const state = (): number => [...liveHandles(pair.caller.slot)][0]!.state;
    const run = pair.fused(func([BORROW_THING, BORROW_THING]), (a: number, b: number) => {
      states.push(a, b, state());
      // A lent handle cannot be moved.
      assert.equal(
        code(() => takeOwn(pair.caller.slot, index, pair.resource)),
        'handle-borrowed',
      );
    });
    run(index, index);
    assert.deepEqual([...states, state(), pair.asked], [42, 42, OWN + 2 * LEND, OWN, 0]);
    assert.equal(control.i32[LEND_TOP >> 2], LEND_LOG);
  });

  test('a handle of another type, a free one and index 0 trap as they do in the runtime', () => {
    const pair = new Pair();
    const other = addHandle(pair.caller.slot, NUMBER + 1, 1, OWN, 0);
    for (const type of [OWN_THING, BORROW_THING]) {
      const run = pair.fused(func([type]), () => undefined);
      const codes = [other, 0, 5, -1, 0x1000_0001].map((index) => code(() => run(index)));
      assert.deepEqual(codes, ['wrong-handle-type', ...new Array(4).fill('unknown-handle')]);
      abandonAbove(CALL_STACK);
      control.i32[CALL_TOP >> 2] = CALL_STACK;
    }
  });

  test('what the runtime has to end is asked for, and only then', () => {
    const pair = new Pair();
    const index = addHandle(pair.caller.slot, NUMBER, 42, OWN, 0);
    let ended = 0;
    const foreign = { type: NUMBER, home: 0 };
    const end = (): void => {
      ended++;
    };
    pair.fused(func([BORROW_THING]), () => undefined, { end })(index);
    assert.deepEqual([ended, pair.asked], [0, 0]);
    pair.fused(func([BORROW_THING, BORROW_THING]), () => undefined, { end, resource: foreign })(index, index);
    assert.deepEqual([ended, pair.asked], [1, 2]);
    assert.equal(control.i32[LEND_TOP >> 2], LEND_LOG);
  });

  test('where the log of lends is full, the runtime lends', () => {
    const pair = new Pair();
    const index = addHandle(pair.caller.slot, NUMBER, 42, OWN, 0);
    let ended = 0;
    const run = pair.fused(func([BORROW_THING]), () => undefined, { end: () => ended++ });
    control.i32[LEND_TOP >> 2] = LEND_FULL;
    run(index);
    assert.deepEqual([ended, pair.asked, control.i32[LEND_TOP >> 2]], [1, 1, LEND_FULL]);
    control.i32[LEND_TOP >> 2] = LEND_LOG;
  });

  test('what was lent is given back after a failure, and goes with a stack that is suspended', () => {
    const pair = new Pair();
    const index = addHandle(pair.caller.slot, NUMBER, 42, OWN, 0);
    const state = (): number => [...liveHandles(pair.caller.slot)][0]!.state;
    const run = pair.fused(func([BORROW_THING]), () => {
      const held = detachAbove(CALL_STACK);
      assert.equal(control.i32[LEND_TOP >> 2], LEND_LOG);
      attach(held, 2 * FRAME_SIZE);
      assert.equal(takeLends(CALL_STACK + FRAME_SIZE).length, 0);
      attach(detachAbove(CALL_STACK), -2 * FRAME_SIZE);
      throw makeTrap('core-trap');
    });
    assert.equal(
      code(() => run(index)),
      'core-trap',
    );
    assert.equal(state(), OWN + LEND);
    abandonAbove(CALL_STACK);
    assert.equal(state(), OWN);
    assert.equal(control.i32[LEND_TOP >> 2], LEND_LOG);
    control.i32[CALL_TOP >> 2] = CALL_STACK;
  });

  test('what a task takes over is not given back at the end of the call', () => {
    const pair = new Pair();
    const index = addHandle(pair.caller.slot, NUMBER, 42, OWN, 0);
    const state = (): number => [...liveHandles(pair.caller.slot)][0]!.state;
    let taken: readonly (() => void)[] = [];
    pair.fused(func([BORROW_THING]), () => {
      taken = takeLends(control.i32[CALL_TOP >> 2]!);
    })(index);
    assert.equal(state(), OWN + LEND);
    for (const giveBack of taken) giveBack();
    assert.equal(state(), OWN);
    assert.equal(control.i32[LEND_TOP >> 2], LEND_LOG);
  });
});
