import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wasmFrames } from '../error/stack.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { ModuleBuilder } from './builder.ts';

test('equal signatures are one type', () => {
  const m = new ModuleBuilder();
  const a = m.type({ params: ['i32', 'i64'], results: ['f32'] });
  assert.equal(m.type({ params: ['i32', 'i64'], results: ['f32'] }), a);
  assert.notEqual(m.type({ params: ['i32', 'i64'], results: [] }), a);
  assert.notEqual(m.type({ params: ['i32'], results: ['i64', 'f32'] }), a);
});

test('imports, locals, several results and references make a module that runs', () => {
  const m = new ModuleBuilder();
  const twice = m.importFunction('js', 'twice', { params: ['i32'], results: ['i32'] });
  const base = m.importGlobal('js', 'base', 'i32');
  const f = m.declare({ params: ['i32'], results: ['i32', 'i64'] });
  m.declareRef(f);
  // x = twice(param); (x + base, 7)
  const code = new CodeWriter().byte(0x20, 0, 0x10).u(twice).byte(0x21, 2, 0x20, 2, 0x23).u(base).byte(0x6a, 0x42, 7);
  m.body(f, ['f64', 'i32'], code.finish());
  m.exportFunction('f', f);
  const imports = { twice: (x: number) => 2 * x, base: new WebAssembly.Global({ value: 'i32' }, 100) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), { js: imports });
  assert.deepEqual((exports['f'] as (x: number) => unknown)(4), [108, 7n]);
});

test('stacks leave the frames of built modules out', () => {
  const m = new ModuleBuilder();
  const index = m.declare({ params: [], results: [] });
  m.body(index, [], new CodeWriter().byte(0x00).finish());
  m.exportFunction('f', index);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish()));
  assert.throws(
    () => (exports['f'] as () => void)(),
    (error: Error) => /wasm-function\[0\]/.test(error.stack ?? '') && wasmFrames(error.stack).length === 0,
  );
});
