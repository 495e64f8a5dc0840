/** Core modules that are rewritten so that their instances can be made fresh again: they do what they did, and the engine agrees. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeModule } from '../../src/core/decode.ts';
import { LEDGER_ENTRY, type Recyclable, recyclable, whyNotRecyclable } from '../../src/core/recycle.ts';
import { tagRewritten, type WasmFrame, wasmFrames } from '../../src/error/stack.ts';
import { parseText } from '../../src/text/parse.ts';
import { realModules } from '../support/engine-verdict.ts';
import { needs } from '../support/shared.ts';

type Core = Record<string, (...args: (number | bigint)[]) => number | bigint | undefined>;

function moduleOf(text: string): Uint8Array<ArrayBuffer> {
  return parseText(text).bytes;
}

function rewritten(text: string, places: readonly number[] = [0, 1, 2]): Recyclable {
  return recyclable(decodeModule(moduleOf(text)), { places, tag: '~1' });
}

interface Made {
  readonly core: Core;
  readonly memories: readonly WebAssembly.Memory[];
  readonly ledger: DataView<ArrayBuffer>;
  readonly exports: WebAssembly.Exports;
}

function memoryOf({ limits }: Recyclable['memories'][number]['type']): WebAssembly.Memory {
  const pages = (n: bigint): number | bigint => (limits.is64 ? n : Number(n));
  return new WebAssembly.Memory({
    initial: pages(limits.min),
    ...(limits.max === undefined ? {} : { maximum: pages(limits.max) }),
    ...(limits.is64 ? { address: 'i64' } : {}),
  } as unknown as WebAssembly.MemoryDescriptor);
}

/** An instance with memories of their own, at their initial sizes. */
function made(module: Recyclable, places: readonly number[] = [0, 1, 2]): Made {
  const ledger = new WebAssembly.Memory({ initial: 1 });
  const view = new DataView(ledger.buffer as ArrayBuffer);
  const own: Record<string, WebAssembly.ImportValue> = { ledger };
  const memories = module.memories.map((memory) => {
    own[`memory${memory.index}`] = memoryOf(memory.type);
    view.setBigUint64(places[memory.index]! * LEDGER_ENTRY, memory.type.limits.min, true);
    return own[`memory${memory.index}`] as WebAssembly.Memory;
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes), { [module.from]: own });
  return { core: exports as Core, memories, ledger: view, exports };
}

const GROWING = `
(module
  (memory (export "memory") 1 4)
  (global $n (mut i32) (i32.const 5))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "both") (result i32) (i32.add (memory.size) (i32.add (memory.grow (i32.const 1)) (memory.size))))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "set") (param i32) (global.set $n (local.get 0)))
  (func (export "get") (result i32) (global.get $n))
  (data (i32.const 8) "abcd"))`;

describe('the sizes of memories', () => {
  test('are those of the ledger, and grow with the memory', () => {
    const module = rewritten(GROWING);
    const { core, memories, ledger } = made(module);
    assert.equal(core['size']!(), 1);
    assert.equal(core['grow']!(2), 1);
    assert.equal(core['size']!(), 3);
    assert.equal(ledger.getUint32(0, true), 3);
    assert.equal(memories[0]!.buffer.byteLength, 3 * 65_536);
    assert.equal(core['grow']!(0), 3);
    assert.equal(core['grow']!(2), -1, 'the maximum is 4');
    assert.equal(core['grow']!(-1), -1);
    assert.equal(core['grow']!(1), 3);
    assert.equal(core['grow']!(1), -1);
  });

  test('begin anew where the memory stays large', () => {
    const { core, memories, ledger } = made(rewritten(GROWING));
    core['grow']!(3);
    ledger.setUint32(0, 1, true);
    assert.equal(core['size']!(), 1);
    assert.equal(core['both']!(), 1 + 1 + 2);
    assert.equal(memories[0]!.buffer.byteLength, 4 * 65_536, 'nothing was to grow');
    assert.equal(core['grow']!(2), 2);
    assert.equal(core['grow']!(1), -1, 'no further than ever');
  });

  test('a limit is the maximum', () => {
    const module = recyclable(decodeModule(moduleOf(GROWING)), { places: [0], tag: '', maximum: () => 2n });
    assert.equal(module.memories[0]!.type.limits.max, 2n);
    const { core } = made(module);
    assert.equal(core['grow']!(2), -1);
    assert.equal(core['grow']!(1), 1);
    assert.equal(core['grow']!(1), -1);
  });

  test('of several memories, of 64 bits too, each has its own', () => {
    const module = rewritten(
      `(module
        (memory $a 1) (memory $b i64 2 5)
        (func (export "a") (param i32) (result i32) (memory.grow $a (local.get 0)))
        (func (export "b") (param i64) (result i64) (memory.grow $b (local.get 0)))
        (func (export "sizes") (result i64) (i64.add (memory.size $b) (i64.mul (i64.const 100) (i64.extend_i32_u (memory.size $a))))))`,
      [4, 2],
    );
    const { core, ledger } = made(module, [4, 2]);
    assert.equal(core['sizes']!(), 102n);
    assert.equal(core['a']!(6), 1);
    assert.equal(core['b']!(3n), 2n);
    assert.equal(core['b']!(1n), -1n);
    assert.equal(core['b']!(-1n), -1n);
    assert.equal(core['sizes']!(), 705n);
    assert.equal(ledger.getBigUint64(4 * LEDGER_ENTRY, true), 7n);
    assert.equal(ledger.getBigUint64(2 * LEDGER_ENTRY, true), 5n);
  });

  test('of a memory that a module imports are those of whoever defined it', () => {
    const module = rewritten(
      `(module (import "env" "memory" (memory 1))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`,
      [3],
    );
    assert.deepEqual(module.memories, []);
    const memory = new WebAssembly.Memory({ initial: 2 });
    const ledger = new WebAssembly.Memory({ initial: 1 });
    new DataView(ledger.buffer).setUint32(3 * LEDGER_ENTRY, 1, true);
    const imports = { env: { memory }, [module.from]: { ledger } };
    const { grow } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes), imports).exports as Core;
    assert.equal(grow!(3), 1);
    assert.equal(memory.buffer.byteLength, 4 * 65_536);
  });
});

describe('what begins anew', () => {
  test('mutable globals of every type', () => {
    const { core, exports } = made(
      rewritten(`
        (module
          (global $fixed i32 (i32.const 40))
          (global $a (mut i32) (i32.add (global.get $fixed) (i32.const 2)))
          (global $b (mut i64) (i64.const -7))
          (global $c (mut f32) (f32.const 0.5))
          (global $d (mut f64) (f64.const -0.0))
          (global $e (mut v128) (v128.const i32x4 1 2 3 4))
          (global $f (mut funcref) (ref.func $two))
          (type $answer (func (result i32)))
          (func $two (result i32) (i32.const 2))
          (func (export "change")
            (global.set $a (i32.const 0)) (global.set $b (i64.const 0)) (global.set $c (f32.const 9))
            (global.set $d (f64.const 9)) (global.set $e (v128.const i32x4 0 0 0 0)) (global.set $f (ref.null func)))
          (func (export "a") (result i32) (global.get $a))
          (func (export "b") (result i64) (global.get $b))
          (func (export "c") (result f32) (global.get $c))
          (func (export "d") (result f64) (global.get $d))
          (func (export "e") (result i32) (i32x4.extract_lane 2 (global.get $e)))
          (func (export "f") (result i32) (ref.is_null (global.get $f))))`),
    );
    const all = (): unknown[] => ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => core[name]!());
    const before = all();
    assert.deepEqual(before, [42, -7n, 0.5, -0, 3, 0]);
    core['change']!();
    assert.deepEqual(all(), [0, 0n, 9, 9, 0, 1]);
    (exports['tenon:reset'] as () => void)();
    assert.deepEqual(all(), before);
  });

  test('the start function is an export', () => {
    const module = rewritten(`
      (module (memory (export "memory") 1)
        (func $start (i32.store (i32.const 0) (i32.const 9)))
        (func (export "get") (result i32) (i32.load (i32.const 0)))
        (start $start))`);
    const { core, exports } = made(module);
    assert.equal(core['get']!(), 0);
    (exports[module.start!] as () => void)();
    assert.equal(core['get']!(), 9);
  });

  test('names that are taken are left alone', () => {
    const module = rewritten(`
      (module
        (import "tenon:recycled" "ledger" (func $f))
        (memory 1)
        (global $g (mut i32) (i32.const 1))
        (func (export "tenon:reset") (param i32) (call $f) (drop (memory.grow (i32.const 1))))
        (func $s (export "tenon:start") (param i32))
        (func $start)
        (start $start))`);
    assert.equal(module.from, "tenon:recycled'");
    assert.equal(module.reset, "tenon:reset'");
    assert.equal(module.start, "tenon:start'");
    assert.ok(WebAssembly.validate(module.bytes));
  });
});

describe('offsets', () => {
  test('every byte of the original that was kept is found', () => {
    const original = moduleOf(GROWING);
    const { bytes, map } = rewritten(GROWING);
    let kept = 0;
    for (let at = 0; at < bytes.length; at++) {
      const from = map.original(at);
      if (from === undefined) continue;
      kept++;
      assert.equal(bytes[at], original[from]);
      assert.equal(map.rewritten(from), at);
    }
    assert.ok(kept > original.length * 0.7, `${kept} of ${original.length}`);
  });

  test('frames of a trap have the offsets and names of the original', () => {
    const original = moduleOf(`
      (module $mine (memory 1)
        (func $grows (drop (memory.grow (memory.size))))
        (func $fails (call $grows) (drop (memory.size)) unreachable)
        (func $f (export "f") (drop (memory.grow (i32.const 0))) (call $fails)))`);
    const { tag, remember } = tagRewritten();
    const { bytes, map, from } = recyclable(decodeModule(original), { places: [0], tag });
    remember((offset) => map.original(offset));
    const imports = {
      [from]: { memory0: new WebAssembly.Memory({ initial: 1 }), ledger: new WebAssembly.Memory({ initial: 1 }) },
    };
    const framesOf = (module: Uint8Array<ArrayBuffer>): readonly WasmFrame[] => {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), imports);
      try {
        (exports['f'] as () => void)();
        return [];
      } catch (error) {
        return wasmFrames((error as Error).stack);
      }
    };
    const frames = framesOf(original);
    assert.deepEqual(
      frames.map(({ name }) => name),
      ['fails', 'f'],
    );
    assert.deepEqual(framesOf(bytes), frames);
  });

  test('the module has its name, and the tag behind it', () => {
    const nameOf = (text: string): unknown => {
      const { bytes } = rewritten(text);
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
      try {
        (exports['f'] as () => void)();
      } catch (error) {
        return /wasm:\/\/wasm\/([^:]*)-[0-9a-f]{8}:/.exec((error as Error).stack ?? '')?.[1];
      }
    };
    assert.equal(nameOf('(module $mine (func $f (export "f") unreachable))'), 'mine~1');
    assert.equal(nameOf('(module (func $f (export "f") unreachable))'), '~1');
  });
});

describe('modules that are refused', () => {
  const refusals: readonly (readonly [text: string, reason: RegExp])[] = [
    ['(module (table 1 funcref) (func (table.set (i32.const 0) (ref.null func))))', /table\.set/],
    ['(module (table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1)))))', /table\.grow/],
    ['(module (memory 1) (data $d "x") (func (data.drop $d)))', /data\.drop/],
    ['(module (table 1 funcref) (elem $e func) (func (elem.drop $e)))', /elem\.drop/],
    ['(module (memory 1 2 shared))', /shared/],
    ['(module (type (struct (field (mut i32)))))', /structs/],
    ['(module (memory 1 (pagesize 1)))', /pages/],
  ];
  for (const [text, reason] of refusals)
    test(text, () => assert.match(whyNotRecyclable(decodeModule(moduleOf(text))) ?? 'none', reason));

  test('a passive segment that nothing drops is no reason', () => {
    const text = '(module (memory 1) (data $d "x") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))))';
    assert.equal(whyNotRecyclable(decodeModule(moduleOf(text))), undefined);
  });
});

describe('modules of the suites and the corpus', needs('conformance'), () => {
  test('those that are not refused stay valid, with the same imports and exports besides', () => {
    const modules = needs('conformance').skip === false ? realModules() : [];
    let count = 0;
    for (const { name, bytes } of modules) {
      if (!WebAssembly.validate(bytes)) continue;
      const module = decodeModule(bytes);
      if (whyNotRecyclable(module) !== undefined) continue;
      count++;
      const one = recyclable(module, { places: module.memories.map((_, i) => i), tag: '~2' });
      const [before, after] = [new WebAssembly.Module(bytes), new WebAssembly.Module(one.bytes)];
      const imports = WebAssembly.Module.imports(after).filter((i) => i.module !== one.from);
      assert.deepEqual(imports, WebAssembly.Module.imports(before), name);
      const exports = WebAssembly.Module.exports(after).slice(0, module.exports.length);
      assert.deepEqual(exports, WebAssembly.Module.exports(before), name);
    }
    assert.ok(count > 500, `${count} modules`);
  });
});
