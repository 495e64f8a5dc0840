/** The protocol around a fused call: flags, call stack, threads, exceptions, handles, and the size of the output. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import {
  BORROW_IN,
  CLOSED,
  CONTEXT_0,
  CONTEXT_1,
  code,
  Guest,
  interpreted,
  MAY_LEAVE,
  make,
  OWN_IN,
  OWN_OUT,
  specOf,
} from '../../../test/support/two-guests.ts';
import { func, list, p } from '../../../test/support/types.ts';
import { makeTrap } from '../../error/trap.ts';
import {
  CALL_LIMIT,
  CALL_STACK,
  CALL_TOP,
  control,
  FRAME_SIZE,
  FRAME_THREAD,
  STORE,
  STORE_SIZE,
} from '../../runtime/control.ts';
import type { FuncType, ValueType } from '../../types/value-type.ts';
import { type AdapterSpec, canFuse, emitAdapters } from './adapter.ts';

beforeEach(() => {
  control.i32[CALL_TOP >> 2] = CALL_STACK;
});

describe('leaving and entering', () => {
  test('an instance that may not leave traps, before anything of the callee runs', () => {
    const m = make(func([p('string')]));
    m.caller.set(MAY_LEAVE, 0);
    assert.equal(
      code(() => m.run(0, 1)),
      'cannot-leave',
    );
    assert.deepEqual([m.seen, m.callee.traces], [[], []]);
  });

  test('may_leave is 0 for who is in a realloc or post-return, 1 while the callee runs and afterwards', () => {
    const m = make(func([p('string')], p('string')), {
      callee: { postReturn: true },
      core: ({ callee }) => {
        callee.trace('core', []);
        new Uint32Array(callee.memory.memory.buffer, 512, 2).set([600, 3]);
        return 512;
      },
    });
    m.run(100, 3, 200);
    assert.deepEqual(
      m.callee.traces.map((t) => [t.what, t.mayLeave]),
      [
        ['realloc', 0],
        ['core', 1],
        ['post-return', 0],
      ],
    );
    assert.deepEqual(
      m.caller.traces.map((t) => [t.what, t.mayLeave]),
      [['realloc', 0]],
    );
    assert.deepEqual([m.caller.get(MAY_LEAVE), m.callee.get(MAY_LEAVE)], [1, 1]);
  });

  test('post-return gets the core result, after the result has been lowered', () => {
    const order: string[] = [];
    const m = make(func([], list(p('u16'))), {
      callee: { postReturn: true },
      core: ({ callee }) => {
        new Uint32Array(callee.memory.memory.buffer, 512, 2).set([600, 2]);
        return 512;
      },
    });
    const { trace } = Guest.prototype;
    for (const guest of [m.caller, m.callee]) {
      guest.trace = function (this: Guest, what, args, answer) {
        order.push(what);
        trace.call(this, what, args, answer);
      };
    }
    m.run(200);
    assert.deepEqual(order, ['realloc', 'post-return']);
    assert.deepEqual(m.callee.traces.at(-1)?.args, [512]);
  });

  test('a callee that does not use memory may be called with 64-bit options on the other side', () => {
    const m = make(func([p('u32')], p('u32')), { caller: { width: '64' }, core: (_, x) => (x as number) + 1 });
    assert.equal(m.run(41), 42);
  });
});

describe('context slots', () => {
  test('each call, and each realloc, runs in a thread of its own; post-return in that of the call', () => {
    const m = make(func([p('string')], p('string')), {
      callee: { postReturn: true },
      core: ({ callee }) => {
        callee.trace('core', [callee.get(CONTEXT_1)]);
        callee.set(CONTEXT_0, 5);
        new Uint32Array(callee.memory.memory.buffer, 512, 2).set([600, 3]);
        return 512;
      },
    });
    for (const guest of [m.caller, m.callee]) {
      guest.set(CONTEXT_0, 1234);
      guest.set(CONTEXT_1, 5678);
    }
    m.run(100, 3, 200);
    assert.deepEqual(
      m.callee.traces.map((t) => [t.what, t.context]),
      [
        ['realloc', 0],
        ['core', 0],
        ['post-return', 5],
      ],
    );
    assert.deepEqual(m.callee.traces[1]?.args, [0]);
    assert.deepEqual(
      m.caller.traces.map((t) => t.context),
      [0],
    );
    for (const guest of [m.caller, m.callee]) {
      assert.deepEqual([guest.get(CONTEXT_0), guest.get(CONTEXT_1)], [1234, 5678]);
    }
  });

  test('who does not use them does not pay for them', () => {
    const m = make(func([p('u8')]));
    const size = (context: boolean): number =>
      emitAdapters([specOf(m, { context, callerContext: context })]).bytes.length;
    assert.ok(size(false) < size(true));
  });
});

describe('the call stack', () => {
  const may = { spec: { maySuspend: true } } as const;

  test('the slot of a callee that may wait is on it during the call', () => {
    let frames: number[] = [];
    const m = make(func([]), {
      ...may,
      core: () => {
        frames = [...control.i32.subarray(CALL_STACK >> 2, control.i32[CALL_TOP >> 2]! >> 2)];
        return undefined;
      },
    });
    m.run();
    assert.deepEqual([frames.length * 4, frames[0], frames[FRAME_THREAD >> 2]], [FRAME_SIZE, m.callee.slot, 0]);
    assert.equal(control.i32[CALL_TOP >> 2], CALL_STACK);
  });

  test('a stack that was moved while the callee waited is popped where it is', () => {
    const m = make(func([]), {
      ...may,
      core: () => {
        control.i32[CALL_TOP >> 2] = control.i32[CALL_TOP >> 2]! - 2 * FRAME_SIZE;
        return undefined;
      },
    });
    control.i32[CALL_TOP >> 2] = CALL_STACK + 2 * FRAME_SIZE;
    m.run();
    assert.equal(control.i32[CALL_TOP >> 2], CALL_STACK);
  });

  test('the thread that something asked for during the call ends with it, and only that', () => {
    const ended: number[] = [];
    let thread = 7;
    const m = make(func([]), {
      spec: { isConcurrent: true },
      endThread: (number) => ended.push(number),
      core: () => {
        control.i32[(control.i32[CALL_TOP >> 2]! - FRAME_SIZE + FRAME_THREAD) >> 2] = thread;
        return undefined;
      },
    });
    m.run();
    thread = 0;
    m.run();
    assert.deepEqual(ended, [7]);
    assert.equal(control.i32[CALL_TOP >> 2], CALL_STACK);
  });

  test('full: a trap', () => {
    const m = make(func([]), may);
    control.i32[CALL_TOP >> 2] = CALL_LIMIT - FRAME_SIZE;
    assert.equal(
      code(() => m.run()),
      'fine',
    );
    control.i32[CALL_TOP >> 2] = CALL_LIMIT;
    assert.equal(
      code(() => m.run()),
      'stack-exhausted',
    );
    assert.equal(m.seen.length, 1);
  });

  test('a callee that cannot wait leaves it alone', () => {
    let top = 0;
    const m = make(func([]), {
      core: () => {
        top = control.i32[CALL_TOP >> 2]!;
        return undefined;
      },
    });
    m.run();
    assert.equal(top, CALL_STACK);
  });

  test('a closed callee is waited for, with its slot', () => {
    const asked: number[] = [];
    const m = make(func([]), {
      ...may,
      closed: (slot) => {
        asked.push(slot);
        control.i32[(slot + CLOSED) >> 2] = 0;
      },
    });
    m.callee.set(CLOSED, 1);
    m.run();
    m.run();
    assert.deepEqual(asked, [m.callee.slot]);
    assert.equal(m.seen.length, 2);
  });

  test('a dead store is not entered, even if it died while the caller waited for it', () => {
    const record = control.allocate(STORE_SIZE);
    const m = make(func([]), {
      spec: { maySuspend: true, crossStore: true },
      closed: () => {
        control.i32[record >> 2] = 1;
      },
    });
    m.callee.set(STORE, record);
    m.run();
    m.callee.set(CLOSED, 1);
    assert.equal(
      code(() => m.run()),
      'store-dead',
    );
    m.callee.set(CLOSED, 0);
    assert.equal(
      code(() => m.run()),
      'store-dead',
    );
    assert.equal(m.seen.length, 1);
  });
});

describe('exceptions and traps', () => {
  const tag = new WebAssembly.Tag({ parameters: [] });
  const exception = (): never => {
    throw new WebAssembly.Exception(tag, []);
  };

  test('an exception of core wasm that leaves the callee is a trap', () => {
    const m = make(func([]), { core: exception });
    assert.equal(
      code(() => m.run()),
      'uncaught-exception',
    );
  });

  test('so is one that leaves a realloc', () => {
    const m = make(func([p('string')]));
    m.callee.hostile = exception;
    assert.equal(
      code(() => m.run(0, 1)),
      'uncaught-exception',
    );
  });

  test('a trap passes as it is', () => {
    const trap = makeTrap('invalid-char');
    const m = make(func([]), {
      core: () => {
        throw trap;
      },
    });
    assert.throws(
      () => m.run(),
      (error) => error === trap,
    );
  });
});

test('counted: each call counts once, also one that fails', () => {
  const counter = control.allocate(16);
  const m = make(func([p('char')]), { counter, spec: { flavour: 'counted' } });
  m.run(65);
  m.run(66);
  code(() => m.run(0xd800));
  assert.equal(control.i32[counter >> 2], 3);
});

describe('handles', () => {
  const [a, b] = [
    { kind: 'resource', name: 'a' },
    { kind: 'resource', name: 'b' },
  ] as const;

  test('own and borrow go through the function of their resource, flat and in memory; lends end with the call', () => {
    const log: string[] = [];
    const type = func(
      [{ kind: 'own', resource: a }, { kind: 'borrow', resource: b }, list({ kind: 'borrow', resource: a })],
      { kind: 'own', resource: b },
    );
    const m = make(type, {
      handles: (what, resource, index) => {
        log.push(`${what} ${resource.name} ${index}`);
        return index + (what === 'own-in' ? OWN_IN : what === 'own-out' ? OWN_OUT : BORROW_IN);
      },
      end: () => log.push(`end ${control.i32[CALL_TOP >> 2]! - CALL_STACK}`),
      core: () => {
        log.push('core');
        return 8;
      },
    });
    m.caller.memory.view.setUint32(2048, 6, true);
    assert.equal(m.run(4, 5, 2048, 1), 8 + OWN_OUT);
    const [own, borrow, pointer] = m.seen[0] as [number, number, number];
    assert.deepEqual(
      [own, borrow, m.callee.memory.view.getUint32(pointer, true)],
      [4 + OWN_IN, 5 + BORROW_IN, 6 + BORROW_IN],
    );
    // The end of a call is looked for under the frame of the call, which is still on the stack.
    assert.deepEqual(log, ['own-in a 4', 'borrow-in b 5', 'borrow-in a 6', 'core', 'own-out b 8', `end ${FRAME_SIZE}`]);
    assert.equal(control.i32[CALL_TOP >> 2], CALL_STACK);
  });
});

describe('what can be fused, and how large it is', () => {
  const [caller, callee] = [new Guest(), new Guest()];
  const spec = (type: FuncType): AdapterSpec => specOf({ type, caller, callee, core: () => undefined });
  const sizeOf = (type: FuncType): number => emitAdapters([spec(type)]).bytes.length;

  test('every type is, until its code would be too large', () => {
    const wide = (levels: number): ValueType =>
      levels === 0 ? p('string') : { kind: 'tuple', types: Array.from({ length: 20 }, () => wide(levels - 1)) };
    assert.equal(canFuse(spec({ ...func([]), async: true })), true);
    assert.equal(canFuse(spec(func([list({ kind: 'stream', element: p('u8') })], { kind: 'error-context' }))), true);
    assert.equal(canFuse(spec(func([p('string')], list(p('string'))))), true);
    assert.equal(canFuse(spec(func([wide(4)]))), false);
  });

  test('a type that doubles at each level grows the output by a level only: flat', () => {
    const deep = (levels: number): ValueType =>
      levels === 0 ? p('u8') : ((t) => ({ kind: 'result', ok: t, err: t }) as const)(deep(levels - 1));
    const sizes = [8, 10, 12, 14].map((n) => sizeOf(func([deep(n)])));
    assert.ok(sizes[3]! < 3 * sizes[0]!, `${sizes}`);
    const m = make(func([deep(14)]));
    const flat = Array.from({ length: 15 }, (_, i) => (i === 14 ? 0x1ff : i % 2));
    m.run(...flat);
    assert.deepEqual(m.seen, [[...flat.slice(0, 14), 0xff]]);
    assert.equal(
      code(() => m.run(...flat.with(13, 2))),
      'invalid-discriminant',
    );
  });

  test('the same in memory, and in lists', () => {
    const deep = (levels: number): ValueType =>
      levels === 0 ? p('string') : ((t) => ({ kind: 'tuple', types: [t, t] }) as const)(deep(levels - 1));
    const sizes = [6, 10, 14].map((n) => sizeOf(func([list(deep(n))])));
    assert.ok(sizes[2]! < 2 * sizes[0]!, `${sizes}`);
    const type = func([deep(9)]);
    const one = make(type);
    const two = make(type);
    for (const m of [one, two]) {
      for (let i = 0; i < 512; i++) {
        m.caller.memory.view.setUint32(4096 + 8 * i, i, true);
        m.caller.memory.view.setUint32(4100 + 8 * i, i % 7, true);
      }
    }
    one.run(4096);
    interpreted(two)(4096);
    assert.deepEqual(one.callee.memory.u8, two.callee.memory.u8);
    assert.deepEqual(one.callee.traces.length, 513);
  });

  test('many cases of large payloads at many levels', () => {
    const many = (levels: number): ValueType =>
      levels === 0
        ? p('f32')
        : ((t) =>
            ({ kind: 'variant', cases: Array.from({ length: 60 }, (_, i) => ({ name: `c${i}`, type: t })) }) as const)(
            many(levels - 1),
          );
    const m = make(func([many(3)]));
    assert.ok(canFuse(specOf(m)));
    m.run(59, 58, 57, 1.5);
    assert.deepEqual(m.seen, [[59, 58, 57, 1.5]]);
  });

  test('the widest types that validate compile', () => {
    const fields = Array.from({ length: 10_000 }, (_, i) => ({ name: `f${i}`, type: p('string') }));
    const cases = Array.from({ length: 10_000 }, (_, i) => ({
      name: `c${i}`,
      type: i % 3 === 0 ? undefined : i % 3 === 1 ? p('string') : p('char'),
    }));
    for (const type of [
      { kind: 'record', fields },
      { kind: 'variant', cases },
    ] as const) {
      const s = spec(func([list(type)], type));
      assert.ok(canFuse(s));
      assert.ok(WebAssembly.validate(emitAdapters([s]).bytes));
    }
    const m = make(func([{ kind: 'variant', cases }]));
    m.run(9_998, 65, 0);
    m.run(9_999, 65, 0);
    assert.deepEqual(m.seen, [
      [9_998, 65, 0],
      [9_999, 0, 0],
    ]);
  });

  test('adapters of one module share what depends on memories alone', () => {
    const type = func([p('string')], p('string'));
    const bytes = (n: number): number => emitAdapters(Array.from({ length: n }, () => spec(type))).bytes.length;
    assert.ok(bytes(11) - bytes(1) < 8 * bytes(1), `${bytes(1)}, ${bytes(11)}`);
  });

  test('equal specs give equal bytes, so that modules are compiled once', () => {
    const type = func([p('string'), list({ kind: 'option', type: p('char') })], p('string'));
    assert.deepEqual(emitAdapters([spec(type)]).bytes, emitAdapters([spec(structuredClone(type))]).bytes);
  });
});
