import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoreExternType, Limits } from '../types/core-type.ts';
import type { Component, CoreTypeDefinition, Definition, ModuleDeclaration } from '../types/definition.ts';
import { check, component, importOf, rejection } from './fixture.ts';
import { type ValidateOptions, validateComponent } from './validate.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** One module after another in one binary, each as a definition. */
function withModules(modules: readonly (readonly number[])[], rest: readonly Definition[] = []): Component {
  const bytes: number[] = [];
  const definitions = modules.map((sections): Definition => {
    const start = bytes.length;
    bytes.push(...HEADER, ...sections);
    return { kind: 'core module', offset: start, start, end: bytes.length };
  });
  return { ...component([...definitions, ...rest]), bytes: new Uint8Array(bytes) };
}

function problem(of: Component, options?: ValidateOptions): string {
  try {
    validateComponent(of, options);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
  return 'accepted';
}

const FUNC_TYPE = [0x01, 0x04, 0x01, 0x60, 0x00, 0x00];
/** `(func i32.add)`: the body does not type-check. */
const BAD_BODY = [...FUNC_TYPE, 0x03, 0x02, 0x01, 0x00, 0x0a, 0x05, 0x01, 0x03, 0x00, 0x6a, 0x0b];
/** `(import "" "f" (func))` */
const IMPORTS_F = [...FUNC_TYPE, 0x02, 0x06, 0x01, 0x00, 0x01, 0x66, 0x00, 0x00];
/** `(func (export "f") (param i32))` */
const EXPORTS_F = [0x01, 0x05, 0x01, 0x60, 0x01, 0x7f, 0x00, 0x03, 0x02, 0x01, 0x00].concat(
  [0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
  [0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b],
);

test('bodies are the engine’s to check, or left to whoever compiles the module', () => {
  const bad = withModules([BAD_BODY]);
  // The second module begins at byte 8; the engine complains of byte 23 of it.
  assert.match(
    problem(withModules([[], BAD_BODY])),
    /^core module is not valid: type mismatch: .*i32\.add.* \(in core module 1 > func 0\) \(at offset 0x1f\)$/,
  );
  assert.equal(problem(bad, { coreBodies: 'skip' }), 'accepted');
});

test('a core instantiation matches imports by name and type', () => {
  const instance = (module: number, ...from: number[]): Definition => {
    const args = from.map((one) => ({ name: '', instance: one }));
    return { kind: 'core instance', offset: 9, expr: { kind: 'instantiate', module, args } };
  };
  const modules = [IMPORTS_F, EXPORTS_F];
  assert.match(problem(withModules(modules, [instance(0)])), /missing module instantiation argument named ``/);
  assert.match(
    problem(withModules(modules, [instance(1), instance(0, 0)])),
    /type mismatch for import `::f`: expected: \(func\), found: \(func \(param i32\)\)/,
  );
  assert.match(
    problem(withModules(modules, [instance(1), instance(0, 0, 0)])),
    /duplicate module instantiation argument named ``/,
  );
  const empty: Definition = { kind: 'core instance', offset: 0, expr: { kind: 'exports', exports: [] } };
  assert.match(problem(withModules(modules, [empty, instance(0, 0)])), /does not export an item named `f`/);
});

function moduleType(...declarations: ModuleDeclaration[]): CoreTypeDefinition {
  return { kind: 'core type', offset: 0, type: { kind: 'module', declarations } };
}

function imported(type: CoreExternType, name = 'x'): ModuleDeclaration {
  return { kind: 'import', offset: 5, module: 'm', name, type };
}

function limits(min: bigint, max?: bigint): Limits {
  return { min, max, is64: false, shared: false };
}

function memory(of: Limits): CoreExternType {
  return { kind: 'memory', limits: of, pageSizeLog2: undefined };
}

test('module types are checked for limits, indices and names', () => {
  check([moduleType(imported(memory(limits(65536n)))), importOf('m', { kind: 'core module', index: 0 })]);
  const bad: [ModuleDeclaration[], RegExp][] = [
    [[imported(memory(limits(65537n)))], /memory size must be at most 65536 pages/],
    [[imported(memory(limits(2n, 1n)))], /minimum must not be greater than maximum/],
    [[imported(memory({ ...limits(1n), shared: true }))], /shared memory must have a maximum size/],
    [[imported({ kind: 'func', typeIndex: 0 })], /type index out of bounds/],
    [[imported(memory(limits(1n))), imported(memory(limits(1n)))], /duplicate import name `m:x`/],
    [[{ kind: 'outer-alias', offset: 5, count: 9, index: 0 }], /invalid outer alias count of 9/],
    [[{ kind: 'outer-alias', offset: 5, count: 1, index: 0 }], /type index out of bounds/],
  ];
  for (const [declarations, message] of bad) {
    const error = rejection([moduleType(...declarations)]);
    assert.match(error.message, message);
    assert.equal(error.details.offset, 5);
  }
});

test('equal function types of different modules are one canonical type, recursion groups count', () => {
  const plain = {
    final: true,
    supertypes: [],
    shared: false,
    composite: { kind: 'func', params: [], results: [] },
  } as const;
  const alone = { kind: 'type', offset: 0, type: { explicit: false, types: [plain] } } as const;
  const paired = { kind: 'type', offset: 0, type: { explicit: true, types: [plain, plain] } } as const;
  const f = { kind: 'export', offset: 0, name: 'f', type: { kind: 'func', typeIndex: 0 } } as const;
  const { coreModules } = check([
    moduleType(alone, f),
    moduleType(alone, f),
    moduleType(paired, f),
    importOf('a', { kind: 'core module', index: 0 }),
    importOf('b', { kind: 'core module', index: 1 }),
    importOf('c', { kind: 'core module', index: 2 }),
  ]);
  const [a, b, c] = coreModules.map((module) => {
    const extern = module.exports.get('f');
    assert.ok(extern?.kind === 'func');
    return extern.typeId;
  });
  assert.equal(a, b);
  assert.notEqual(a, c);
});
