import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CodeWriter } from '../util/code-writer.ts';
import { decodeModule } from './decode.ts';
import { importMemory, limitMemories } from './rewrite.ts';

/** A module with an imported function (if asked for), a memory of 1 page without maximum, and code that reads, writes and grows it. */
function sample(withImport: boolean, memories = 1): Uint8Array<ArrayBuffer> {
  const w = new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  w.byte(1).sized((s) => s.u(1).byte(0x60, 1, 0x7f, 1, 0x7f));
  if (withImport) w.byte(2).sized((s) => s.u(1).name('host').name('f').byte(0).u(0));
  w.byte(3).sized((s) => s.u(2).u(0).u(0));
  w.byte(5).sized((s) => {
    s.u(memories);
    for (let i = 0; i < memories; i++) s.byte(0, i + 1);
  });
  const first = withImport ? 1 : 0;
  w.byte(7).sized((s) =>
    s
      .u(2)
      .name('store')
      .byte(0)
      .u(first)
      .name('grow')
      .byte(0)
      .u(first + 1),
  );
  w.byte(10).sized((s) => {
    s.u(2);
    // (i32.store (i32.const 8) (local.get 0)) (i32.load (i32.const 8))
    s.sized((b) => b.u(0).byte(0x41, 8, 0x20, 0, 0x36, 2, 0, 0x41, 8, 0x28, 2, 0, 0x0b));
    s.sized((b) => b.u(0).byte(0x20, 0, 0x40, 0, 0x0b));
  });
  w.byte(11).sized((s) => s.u(1).byte(0, 0x41, 0, 0x0b).u(2).byte(7, 9));
  return w.finish();
}

const NAME = { module: 'tenon', name: 'memory' };

describe('importMemory', () => {
  for (const withImport of [false, true]) {
    test(`a defined memory becomes an import ${withImport ? 'beside others' : 'of its own section'}`, () => {
      const { bytes } = importMemory(sample(withImport), NAME);
      const module = new WebAssembly.Module(bytes);
      const wanted = [
        ...(withImport ? [{ module: 'host', name: 'f', kind: 'function' }] : []),
        { ...NAME, kind: 'memory' },
      ];
      assert.deepEqual(WebAssembly.Module.imports(module), wanted);
      const memory = new WebAssembly.Memory({ initial: 1 });
      const instance = new WebAssembly.Instance(module, { host: { f: (x: number) => x }, tenon: { memory } });
      const { store } = instance.exports as { store(x: number): number };
      assert.equal(store(42), 42);
      assert.equal(new DataView(memory.buffer).getInt32(8, true), 42);
      assert.deepEqual([...new Uint8Array(memory.buffer, 0, 2)], [7, 9], 'data segments go to the given memory');
    });
  }

  test('a second defined memory keeps its index', () => {
    const { bytes } = importMemory(sample(true, 2), NAME);
    assert.ok(WebAssembly.validate(bytes));
    assert.equal(
      WebAssembly.Module.imports(new WebAssembly.Module(bytes)).filter((i) => i.kind === 'memory').length,
      1,
    );
  });

  test('a memory that is imported already keeps its index too', () => {
    const w = new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    w.byte(1).sized((s) => s.u(1).byte(0x60, 0, 1, 0x7f));
    w.byte(2).sized((s) => s.u(1).name('env').name('first').byte(2, 0).u(1));
    w.byte(3).sized((s) => s.u(2).u(0).u(0));
    w.byte(5).sized((s) => s.u(1).byte(0).u(2));
    w.byte(7).sized((s) => s.u(2).name('size0').byte(0).u(0).name('size1').byte(0).u(1));
    w.byte(10).sized((s) =>
      s
        .u(2)
        .sized((b) => b.u(0).byte(0x3f, 0, 0x0b))
        .sized((b) => b.u(0).byte(0x3f, 1, 0x0b)),
    );
    const { bytes } = importMemory(w.finish(), NAME);
    const { size0, size1 } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { first: new WebAssembly.Memory({ initial: 5 }) },
      tenon: { memory: new WebAssembly.Memory({ initial: 7 }) },
    }).exports as { size0(): number; size1(): number };
    assert.deepEqual([size0(), size1()], [5, 7]);
  });

  test('the code section is copied whole and its offsets map both ways', () => {
    const original = sample(true);
    const { bytes, map } = importMemory(original, NAME);
    const code = (of: Uint8Array<ArrayBuffer>) => decodeModule(of).sections.find((s) => s.id === 10)!;
    const [before, after] = [code(original), code(bytes)];
    assert.deepEqual(bytes.slice(after.start, after.end), original.slice(before.start, before.end));
    for (let i = 0; i < after.end - after.start; i++) {
      assert.equal(map.original(after.start + i), before.start + i);
      assert.equal(map.rewritten(before.start + i), after.start + i);
    }
    const imports = decodeModule(bytes).imports;
    assert.equal(map.original(imports[0]!.offset), decodeModule(original).imports[0]!.offset);
    assert.equal(map.original(imports[1]!.offset), undefined, 'the new import came from nowhere');
  });

  test('every copied byte maps back to where it came from', () => {
    const original = sample(true);
    const { bytes, map } = importMemory(original, NAME);
    let mapped = 0;
    for (let i = 0; i < bytes.length; i++) {
      const from = map.original(i);
      if (from === undefined) continue;
      mapped++;
      assert.equal(bytes[i], original[from]);
      assert.equal(map.rewritten(from), i);
    }
    assert.ok(mapped > original.length / 2);
  });

  test('a module without a memory is refused', () => {
    const empty = new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0).finish();
    assert.throws(() => importMemory(empty, NAME), { code: 'no-memory' });
  });
});

describe('limitMemories', () => {
  test('growth beyond the maximum fails as in any wasm runtime', () => {
    const { bytes } = limitMemories(sample(false), () => 3n);
    const { grow } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { grow(pages: number): number };
    assert.equal(grow(2), 1);
    assert.equal(grow(1), -1);
  });
});
