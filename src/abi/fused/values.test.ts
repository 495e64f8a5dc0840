/** Values through adapters: what is masked, checked and copied, and which pointers trap. Strings have a file of their own. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Call, code, fused, Guest, type Made, make } from '../../../test/support/two-guests.ts';
import { func, list, p } from '../../../test/support/types.ts';
import type { FuncType, PrimitiveKind, ValueType } from '../../types/value-type.ts';
import type { Flat } from '../lift-flat.ts';

describe('scalars', () => {
  const cases: readonly (readonly [PrimitiveKind, number | bigint, number | bigint])[] = [
    ['u8', 0x1ff, 0xff],
    ['s8', 0x80, -128],
    ['u16', 0x12_3456, 0x3456],
    ['s16', 0x8000, -32_768],
    ['u32', -1, -1],
    ['u64', -1n, -1n],
    ['bool', 256, 1],
    ['bool', 0, 0],
    ['char', 0x10_ffff, 0x10_ffff],
    ['char', 0xd7ff, 0xd7ff],
    ['f32', -0, -0],
    ['f64', 1e300, 1e300],
  ];
  for (const [kind, sent, received] of cases) {
    test(`${kind}: ${sent} arrives as ${received}, and returns so`, () => {
      const m = make(func([p(kind)], p(kind)), { core: () => sent });
      assert.equal(m.run(sent), received);
      assert.deepEqual(m.seen, [[received]]);
    });
  }

  for (const bad of [0xd800, 0xdfff, 0x11_0000, -1]) {
    test(`char ${bad.toString(16)} traps, as parameter and as result`, () => {
      assert.equal(
        code(() => make(func([p('char')])).run(bad)),
        'invalid-char',
      );
      assert.equal(
        code(() => make(func([], p('char')), { core: () => bad }).run()),
        'invalid-char',
      );
    });
  }

  test('the bits of a NaN pass unchanged', () => {
    const m = make(func([list(p('f64'))]));
    const bits = new BigUint64Array(m.caller.memory.memory.buffer, 2048, 1);
    bits[0] = 0x7ff4_dead_beef_0001n;
    m.run(2048, 1);
    const [pointer] = m.seen[0] as [number];
    assert.equal(new BigUint64Array(m.callee.memory.memory.buffer, pointer, 1)[0], bits[0]);
  });
});

describe('discriminants and flags', () => {
  const flags: ValueType = { kind: 'flags', labels: ['a', 'b', 'c'] };
  const labels = (n: number): string[] => Array.from({ length: n }, (_, i) => `l${i}`);

  for (const count of [1, 2, 256, 257, 9_999]) {
    test(`enum of ${count}: the first beyond the last traps, flat and in memory`, () => {
      const type: ValueType = { kind: 'enum', labels: labels(count) };
      const m = make(func([type]));
      for (const [value, expected] of [
        [count - 1, 'fine'],
        [count, 'invalid-discriminant'],
        [-1, 'invalid-discriminant'],
      ] as const) {
        assert.equal(
          code(() => m.run(value)),
          expected,
        );
      }
      const inMemory = make(func([list(type)]));
      const view = inMemory.caller.memory.view;
      for (const value of [count - 1, count, 0xffff]) {
        view.setUint16(2048, count <= 256 ? Math.min(value, 255) : value, true);
        const reads = count <= 256 ? Math.min(value, 255) : value;
        assert.equal(
          code(() => inMemory.run(2048, 1)),
          reads < count ? 'fine' : 'invalid-discriminant',
        );
      }
    });
  }

  test('flags: bits without a label are dropped, flat and in memory', () => {
    const m = make(func([flags, list(flags)]));
    m.caller.memory.u8[2048] = 0xfd;
    m.run(-1, 2048, 1);
    const [flat, pointer] = m.seen[0] as [number, number];
    assert.deepEqual([flat, m.callee.memory.u8[pointer]], [7, 5]);
    const all = make(func([{ kind: 'flags', labels: labels(32) }]));
    all.run(-1);
    assert.deepEqual(all.seen, [[-1]]);
  });

  test('what the chosen case does not use is zero for the callee', () => {
    const type: ValueType = { kind: 'result', ok: { kind: 'tuple', types: [p('u64'), p('f64')] }, err: p('f32') };
    const m = make(func([type]));
    const one = new DataView(new ArrayBuffer(4));
    one.setFloat32(0, 1.5);
    m.run(1, 0xffff_ffff_0000_0000n | BigInt(one.getUint32(0)), 9.5);
    assert.deepEqual(m.seen, [[1, BigInt(one.getUint32(0)), 0]]);
  });
});

describe('pointers', () => {
  const end = 65_536;

  for (const [pointer, length, expected] of [
    [end - 4, 1, 'fine'],
    [end - 4, 2, 'list-out-of-bounds'],
    [end, 0, 'fine'],
    [end + 4, 0, 'list-out-of-bounds'],
    [2, 0, 'unaligned-pointer'],
    [0, 2 ** 26 - 1, 'list-out-of-bounds'],
    [0, 2 ** 30, 'list-out-of-bounds'],
    [-4, 2, 'list-out-of-bounds'],
  ] as const) {
    test(`list<u32> at ${pointer}, length ${length}: ${expected}`, () => {
      const m = make(func([list(p('u32'))]));
      assert.equal(
        code(() => m.run(pointer | 0, length | 0)),
        expected,
      );
    });
  }

  test('a list of 2^28 bytes traps even where it is in bounds', () => {
    const m = make(func([list(p('u32'))]), { caller: { pages: 4097 } });
    m.callee.hostile = () => 2 ** 31;
    assert.equal(
      code(() => m.run(0, 2 ** 26)),
      'list-out-of-bounds',
    );
    assert.equal(
      code(() => m.run(0, 2 ** 26 - 1)),
      'realloc-out-of-bounds',
    );
  });

  test('64 bits: what is equal to a good list modulo 2^32 is none', () => {
    const m = make(func([list(p('u32'))]), { caller: { width: '64' } });
    for (const [pointer, length, expected] of [
      [8n, 2n, 'fine'],
      [8n + (1n << 32n), 2n, 'list-out-of-bounds'],
      [8n, 2n + (1n << 32n), 'list-out-of-bounds'],
      [-8n, 1n, 'list-out-of-bounds'],
      [8n, -1n, 'list-out-of-bounds'],
    ] as const) {
      assert.equal(
        code(() => m.run(pointer, length)),
        expected,
        `${pointer}, ${length}`,
      );
    }
  });

  for (const count of [0, 1, 15, 16, 17, 40]) {
    test(`${count} parameters of u64`, () => {
      const m = make(func(Array.from({ length: count }, () => p('u64'))));
      const values = Array.from({ length: count }, (_, i) => BigInt(i) << 40n);
      if (count <= 16) {
        m.run(...values);
        assert.deepEqual(m.seen, [values]);
        assert.equal(m.callee.traces.length, 0);
        return;
      }
      const size = 8 * count;
      for (const [pointer, expected] of [
        [end - size, 'fine'],
        [end - size + 8, 'memory-out-of-bounds'],
        [end - size + 4, 'unaligned-pointer'],
        [-8, 'memory-out-of-bounds'],
      ] as const) {
        if (expected === 'fine') new BigUint64Array(m.caller.memory.memory.buffer, pointer, count).set(values);
        assert.equal(
          code(() => m.run(pointer)),
          expected,
        );
      }
      const [to] = m.seen[0] as [number];
      assert.deepEqual([...new BigUint64Array(m.callee.memory.memory.buffer, to, count)], values);
      assert.deepEqual(m.callee.traces[0]?.args, [0, 0, 8, size]);
    });
  }

  test('parameters in memory: a bad answer of realloc traps', () => {
    for (const [answer, expected] of [
      [end - 8, 'realloc-out-of-bounds'],
      [4, 'realloc-unaligned'],
    ] as const) {
      const m = make(func(Array.from({ length: 17 }, () => p('u64'))));
      m.callee.hostile = () => answer;
      assert.equal(
        code(() => m.run(0)),
        expected,
      );
    }
  });

  for (const side of ['caller', 'callee'] as const) {
    test(`results in memory: a bad pointer of the ${side} traps`, () => {
      for (const [pointer, expected] of [
        [end - 16, 'fine'],
        [end - 8, 'memory-out-of-bounds'],
        [12, 'unaligned-pointer'],
        [-16, 'memory-out-of-bounds'],
      ] as const) {
        const m = make(func([], { kind: 'tuple', types: [p('u64'), p('u8')] }), {
          core: () => (side === 'callee' ? pointer : 64),
        });
        assert.equal(
          code(() => m.run(side === 'caller' ? pointer : 64)),
          expected,
        );
      }
    });
  }

  test('memories that grow inside realloc are read and written at their new size', () => {
    const m = make(func([list(list(p('u8')))]));
    const { view, u8 } = m.caller.memory;
    for (let i = 0; i < 3; i++) {
      view.setUint32(2048 + 8 * i, 4096 + 20_000 * i, true);
      view.setUint32(2052 + 8 * i, 20_000, true);
      u8.fill(i + 1, 4096 + 20_000 * i, 4096 + 20_000 * (i + 1));
    }
    m.callee.bump.top = end - 32;
    m.run(2048, 3);
    const [pointer] = m.seen[0] as [number];
    for (let i = 0; i < 3; i++) {
      const at = m.callee.memory.view.getUint32(pointer + 8 * i, true);
      assert.deepEqual([m.callee.memory.u8[at], m.callee.memory.u8[at + 19_999]], [i + 1, i + 1]);
    }
  });
});

describe('one memory on both sides', () => {
  function shared(type: FuncType, core: (callee: Guest, ...args: Flat[]) => Flat | undefined): Made {
    const caller = new Guest();
    const callee = new Guest({}, caller);
    const seen: Flat[][] = [];
    const call: Call = {
      type,
      caller,
      callee,
      core: (...args) => {
        seen.push(args);
        return core(callee, ...args);
      },
    };
    return { ...call, seen, run: fused(call) };
  }

  test('a flat list whose copy overlaps it arrives whole', () => {
    for (const shift of [-4, 4]) {
      const m = shared(func([list(p('u32'))]), () => undefined);
      const source = new Uint32Array(m.caller.memory.memory.buffer, 4096, 100);
      const values = Array.from({ length: 100 }, (_, i) => i * 3);
      source.set(values);
      m.callee.hostile = () => 4096 + shift;
      m.run(4096, 100);
      assert.deepEqual([...new Uint32Array(m.caller.memory.memory.buffer, 4096 + shift, 100)], values);
    }
  });

  test('a realloc that overwrites the source cannot lengthen the list that was checked', () => {
    const m = shared(func([list(list(p('bool')))]), () => undefined);
    const { view } = m.caller.memory;
    view.setUint32(2048, 4096, true);
    view.setUint32(2052, 3, true);
    let calls = 0;
    m.callee.hostile = () => {
      // The inner list: its length in the source grows after it was read.
      if (++calls === 2) view.setUint32(2052, 60_000, true);
      return undefined;
    };
    m.run(2048, 1);
    const [pointer] = m.seen[0] as [number];
    assert.equal(view.getUint32(pointer + 4, true), 3);
  });

  test('a result that is returned to where it lies stays', () => {
    const m = shared(func([], { kind: 'tuple', types: [p('u64'), p('u8')] }), (callee) => {
      callee.memory.view.setBigUint64(512, 77n, true);
      callee.memory.view.setUint8(520, 9);
      return 512;
    });
    m.run(512);
    assert.deepEqual([m.caller.memory.view.getBigUint64(512, true), m.caller.memory.u8[520]], [77n, 9]);
  });
});

describe('lists', () => {
  test('elements without padding go in one copy, with it one by one, so that padding stays behind', () => {
    const padded: ValueType = { kind: 'tuple', types: [p('u32'), p('u8')] };
    const m = make(func([list(padded)]));
    m.caller.memory.u8.fill(0xee, 2048, 2048 + 16);
    m.callee.memory.u8.fill(0x11);
    m.run(2048, 2);
    const [pointer] = m.seen[0] as [number];
    assert.deepEqual([...m.callee.memory.u8.subarray(pointer + 4, pointer + 8)], [0xee, 0x11, 0x11, 0x11]);
  });

  test('bools are normalised, chars and nested enums checked', () => {
    const m = make(func([list(p('bool'))]));
    m.caller.memory.u8.set([0, 1, 2, 255], 2048);
    m.run(2048, 4);
    const [pointer] = m.seen[0] as [number];
    assert.deepEqual([...m.callee.memory.u8.subarray(pointer, pointer + 4)], [0, 1, 1, 1]);
    const chars = make(func([list(p('char'))]));
    chars.caller.memory.view.setUint32(2052, 0xdddd, true);
    assert.equal(
      code(() => chars.run(2048, 2)),
      'invalid-char',
    );
  });

  test('a list that becomes longer than it may be lifted is lowered: 32 to 64 bits', () => {
    const m = make(func([list(p('string'))]), { caller: { pages: 4096 }, callee: { width: '64' } });
    m.callee.hostile = () => 2 ** 40;
    assert.equal(
      code(() => m.run(0, 2 ** 25 - 1)),
      'realloc-out-of-bounds',
    );
    assert.deepEqual(m.callee.traces[0]?.args, [0, 0, 8, 16 * (2 ** 25 - 1)]);
  });
});
