import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import type { RecType, SubType } from '../types/core-type.ts';
import type {
  Canon,
  CanonOption,
  Component,
  CoreTypeDef,
  Declaration,
  Definition,
  ExternNameDecl,
  ExternTypeDef,
  TypeDef,
  ValTypeRef,
} from '../types/definition.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { decodeComponent } from './decode.ts';
import { encodeComponent } from './encode.ts';
import { binary, componentOf, plain } from './fixture.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CORPUS = join(process.env['TENON_SHARED'] ?? join(ROOT, '../shared'), 'corpus');
const EXAMPLES = join(ROOT, 'examples/composed');

const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

const at = (index: number): ValTypeRef => ({ kind: 'index', index });
const u8: ValTypeRef = { kind: 'primitive', primitive: 'u8' };
const name = (text: string, attributes: Partial<ExternNameDecl> = {}): ExternNameDecl => ({
  name: text,
  offset: 0,
  implements: undefined,
  versionSuffix: undefined,
  externalId: undefined,
  ...attributes,
});

function typeDefinitions(): Definition[] {
  const labels = ['a', 'b'];
  const fields = [
    { name: 'a', type: u8 },
    { name: 'b', type: at(300) },
  ];
  const primitives = [
    'bool',
    's8',
    'u8',
    's16',
    'u16',
    's32',
    'u32',
    's64',
    'u64',
    'f32',
    'f64',
    'char',
    'string',
    'error-context',
  ] as const;
  const types: TypeDef[] = [
    ...primitives.map((primitive) => ({ kind: 'primitive', primitive }) as const),
    { kind: 'record', fields },
    {
      kind: 'variant',
      cases: [
        { name: 'a', type: undefined },
        { name: 'b', type: at(64) },
      ],
    },
    { kind: 'list', element: at(0) },
    { kind: 'fixed-list', element: at(63), length: 1000 },
    { kind: 'map', key: u8, value: at(2) },
    { kind: 'tuple', types: [u8, at(0xffff_ffff)] },
    { kind: 'flags', labels },
    { kind: 'enum', labels },
    { kind: 'option', type: u8 },
    { kind: 'result', ok: undefined, err: undefined },
    { kind: 'result', ok: u8, err: undefined },
    { kind: 'result', ok: undefined, err: at(1) },
    { kind: 'own', index: 70 },
    { kind: 'borrow', index: 200 },
    { kind: 'stream', element: undefined },
    { kind: 'stream', element: u8 },
    { kind: 'future', element: at(3) },
    { kind: 'func', async: false, params: fields, result: u8 },
    { kind: 'func', async: true, params: [], result: undefined },
    { kind: 'resource', rep: 'i32', dtor: undefined },
    { kind: 'resource', rep: 'i64', dtor: 129 },
    { kind: 'component', declarations: declarations(true) },
    { kind: 'instance', declarations: declarations(false) },
  ];
  return types.map((type) => ({ kind: 'type', offset: 0, type }));
}

const EXTERN_TYPES: readonly ExternTypeDef[] = [
  { kind: 'core module', index: 5 },
  { kind: 'func', index: 6 },
  { kind: 'value', bound: 'eq', index: 7 },
  { kind: 'value', bound: 'type', type: u8 },
  { kind: 'type', bound: 'eq', index: 8 },
  { kind: 'type', bound: 'sub-resource' },
  { kind: 'component', index: 9 },
  { kind: 'instance', index: 10 },
];

function declarations(inComponent: boolean): Declaration[] {
  const list: Declaration[] = [
    { kind: 'core type', offset: 0, type: coreTypes()[0]! },
    { kind: 'type', offset: 0, type: { kind: 'instance', declarations: [] } },
    { kind: 'alias', offset: 0, sort: 'type', target: { kind: 'outer', count: 1, index: 2 } },
    ...EXTERN_TYPES.map((type, i): Declaration => ({ kind: 'export', offset: 0, name: name(`e${i}`), type })),
  ];
  const imports = EXTERN_TYPES.map(
    (type, i): Declaration => ({ kind: 'import', offset: 0, name: name(`i${i}`), type }),
  );
  return inComponent ? [...imports, ...list] : list;
}

function sub(composite: SubType['composite'], more: Partial<SubType> = {}): SubType {
  return { final: true, supertypes: [], shared: false, composite, ...more };
}

function coreTypes(): CoreTypeDef[] {
  const func = sub({ kind: 'func', params: ['i32', 'f64'], results: ['v128'] });
  const ref = (nullable: boolean, heap: 'func' | 'extern', shared = false) =>
    ({ kind: 'ref', nullable, heap: { kind: 'abstract', shared, name: heap } }) as const;
  const rec = (...types: SubType[]): RecType => ({ explicit: types.length !== 1, types });
  const groups: RecType[] = [
    rec(func),
    { explicit: true, types: [func] },
    rec(),
    rec(sub(func.composite, { final: false })),
    rec(
      sub(func.composite, { final: true, supertypes: [1] }),
      sub(func.composite, { final: false, supertypes: [2], shared: true }),
    ),
    rec(
      sub({
        kind: 'struct',
        fields: [
          { storage: 'i8', mutable: true },
          { storage: { kind: 'ref', nullable: true, heap: { kind: 'index', index: 77 } }, mutable: false },
          { storage: ref(false, 'extern'), mutable: false },
        ],
      }),
    ),
    rec(sub({ kind: 'array', field: { storage: ref(true, 'func', true), mutable: true } })),
  ];
  const limits = { min: 1n, max: 2n ** 40n, is64: true, shared: false };
  return [
    ...groups.map((group): CoreTypeDef => ({ kind: 'rec', rec: group })),
    {
      kind: 'module',
      declarations: [
        { kind: 'type', offset: 0, type: rec(sub(func.composite, { final: false })) },
        { kind: 'outer-alias', offset: 0, count: 1, index: 2 },
        { kind: 'import', offset: 0, module: 'm', name: 'f', type: { kind: 'func', typeIndex: 0 } },
        {
          kind: 'import',
          offset: 0,
          module: 'm',
          name: 't',
          type: { kind: 'table', element: ref(true, 'extern'), limits },
        },
        {
          kind: 'import',
          offset: 0,
          module: 'm',
          name: 'm',
          type: { kind: 'memory', limits, pageSizeLog2: undefined },
        },
        {
          kind: 'export',
          offset: 0,
          name: 'small',
          type: { kind: 'memory', limits: { min: 0n, max: undefined, is64: false, shared: false }, pageSizeLog2: 0 },
        },
        { kind: 'export', offset: 0, name: 'g', type: { kind: 'global', type: 'i64', mutable: true, shared: true } },
        { kind: 'export', offset: 0, name: 'x', type: { kind: 'tag', typeIndex: 0 } },
      ],
    },
  ];
}

const OPTIONS: readonly CanonOption[] = [
  { kind: 'encoding', offset: 0, encoding: 'utf8' },
  { kind: 'encoding', offset: 0, encoding: 'utf16' },
  { kind: 'encoding', offset: 0, encoding: 'latin1+utf16' },
  { kind: 'memory', offset: 0, index: 1 },
  { kind: 'realloc', offset: 0, index: 200 },
  { kind: 'post-return', offset: 0, index: 3 },
  { kind: 'async', offset: 0 },
  { kind: 'callback', offset: 0, index: 4 },
];

/** Every canonical definition with the bytes that the specification gives it, options left out where `opts` stands. */
function canons(): readonly (readonly [Canon, string])[] {
  const options: readonly CanonOption[] = [];
  const list: (readonly [Canon, string])[] = [
    [{ kind: 'lift', func: 1, options, type: 2 }, '00 00 01 00 02'],
    [{ kind: 'lower', func: 1, options }, '01 00 01 00'],
    [{ kind: 'resource.new', type: 1 }, '02 01'],
    [{ kind: 'resource.drop', type: 1 }, '03 01'],
    [{ kind: 'resource.rep', type: 1 }, '04 01'],
    [{ kind: 'task.cancel' }, '05'],
    [{ kind: 'subtask.cancel', async: true }, '06 01'],
    [{ kind: 'task.return', result: u8, options }, '09 00 7d 00'],
    [{ kind: 'task.return', result: undefined, options }, '09 01 00 00'],
    [{ kind: 'context.get', type: 'i32', slot: 1 }, '0a 7f 01'],
    [{ kind: 'context.set', type: 'i64', slot: 0 }, '0b 7e 00'],
    [{ kind: 'thread.yield', cancellable: true }, '0c 01'],
    [{ kind: 'subtask.drop' }, '0d'],
    [{ kind: 'stream.new', type: 1 }, '0e 01'],
    [{ kind: 'stream.read', type: 1, options }, '0f 01 00'],
    [{ kind: 'stream.write', type: 1, options }, '10 01 00'],
    [{ kind: 'stream.cancel-read', type: 1, async: true }, '11 01 01'],
    [{ kind: 'stream.cancel-write', type: 1, async: false }, '12 01 00'],
    [{ kind: 'stream.drop-readable', type: 1 }, '13 01'],
    [{ kind: 'stream.drop-writable', type: 1 }, '14 01'],
    [{ kind: 'future.new', type: 1 }, '15 01'],
    [{ kind: 'future.read', type: 1, options }, '16 01 00'],
    [{ kind: 'future.write', type: 1, options }, '17 01 00'],
    [{ kind: 'future.cancel-read', type: 1, async: false }, '18 01 00'],
    [{ kind: 'future.cancel-write', type: 1, async: true }, '19 01 01'],
    [{ kind: 'future.drop-readable', type: 1 }, '1a 01'],
    [{ kind: 'future.drop-writable', type: 1 }, '1b 01'],
    [{ kind: 'error-context.new', options }, '1c 00'],
    [{ kind: 'error-context.debug-message', options }, '1d 00'],
    [{ kind: 'error-context.drop' }, '1e'],
    [{ kind: 'waitable-set.new' }, '1f'],
    [{ kind: 'waitable-set.wait', cancellable: true, memory: 2 }, '20 01 02'],
    [{ kind: 'waitable-set.poll', cancellable: false, memory: 2 }, '21 00 02'],
    [{ kind: 'waitable-set.drop' }, '22'],
    [{ kind: 'waitable.join' }, '23'],
    [{ kind: 'backpressure.inc' }, '24'],
    [{ kind: 'backpressure.dec' }, '25'],
    [{ kind: 'thread.index' }, '26'],
    [{ kind: 'thread.new-indirect', type: 1, table: 2 }, '27 01 02'],
    [{ kind: 'thread.resume-later' }, '28'],
    [{ kind: 'thread.suspend', cancellable: false }, '29 00'],
    [{ kind: 'thread.suspend-then-resume', cancellable: true }, '2a 01'],
    [{ kind: 'thread.yield-then-resume', cancellable: false }, '2b 00'],
    [{ kind: 'thread.suspend-then-promote', cancellable: true }, '2c 01'],
    [{ kind: 'thread.yield-then-promote', cancellable: false }, '2d 00'],
  ];
  return list;
}

function rest(): Definition[] {
  const sorts = [
    'func',
    'value',
    'type',
    'component',
    'instance',
    'core func',
    'core table',
    'core memory',
    'core global',
    'core tag',
    'core type',
    'core module',
    'core instance',
  ] as const;
  const outer = ['type', 'component', 'core type', 'core module'] as const;
  return [
    { kind: 'core instance', offset: 0, expr: { kind: 'instantiate', module: 1, args: [{ name: 'm', instance: 2 }] } },
    {
      kind: 'core instance',
      offset: 0,
      expr: {
        kind: 'exports',
        exports: [
          { name: 'f', sort: 'func', index: 1 },
          { name: 't', sort: 'tag', index: 200 },
        ],
      },
    },
    {
      kind: 'instance',
      offset: 0,
      expr: { kind: 'instantiate', component: 1, args: sorts.map((sort, index) => ({ name: sort, sort, index })) },
    },
    {
      kind: 'instance',
      offset: 0,
      expr: { kind: 'exports', exports: [{ name: name('x', { externalId: 'id' }), sort: 'func', index: 3 }] },
    },
    ...sorts.map(
      (sort): Definition => ({ kind: 'alias', offset: 0, sort, target: { kind: 'export', instance: 1, name: 'ü' } }),
    ),
    ...outer.map(
      (sort): Definition => ({ kind: 'alias', offset: 0, sort, target: { kind: 'outer', count: 1, index: 2 } }),
    ),
    { kind: 'alias', offset: 0, sort: 'core func', target: { kind: 'core export', instance: 1, name: '' } },
    { kind: 'start', offset: 0, func: 1, args: [2, 3], results: 1 },
    ...EXTERN_TYPES.map((type, i): Definition => ({ kind: 'import', offset: 0, name: name(`i${i}`), type })),
    {
      kind: 'import',
      offset: 0,
      name: name('all', { implements: 'a:b/c', versionSuffix: '.1', externalId: 'x' }),
      type: { kind: 'instance', index: 0 },
    },
    { kind: 'export', offset: 0, name: name('y', { versionSuffix: '.2' }), sort: 'func', index: 1, type: undefined },
    { kind: 'export', offset: 0, name: name('z'), sort: 'core module', index: 1, type: EXTERN_TYPES[0]! },
  ];
}

/** What decoding the encoding gives. */
function again(component: Component): Component {
  return decodeComponent(encodeComponent(component));
}

function definitionsOf(component: Component): unknown {
  return (plain(component) as { definitions: unknown }).definitions;
}

describe('every production comes back as it was', () => {
  test('component types', () => {
    const component = componentOf(typeDefinitions());
    assert.deepEqual(definitionsOf(again(component)), definitionsOf(component));
  });

  test('core types', () => {
    const component = componentOf(coreTypes().map((type) => ({ kind: 'core type', offset: 0, type })));
    assert.deepEqual(definitionsOf(again(component)), definitionsOf(component));
  });

  test('instances, aliases, start, imports, exports', () => {
    const component = componentOf(rest());
    assert.deepEqual(definitionsOf(again(component)), definitionsOf(component));
  });

  test('canonical definitions have the bytes of the specification', () => {
    for (const [canon, wanted] of canons()) {
      const bytes = encodeComponent(componentOf([{ kind: 'canon', offset: 0, canon }]));
      const hex = [...bytes.subarray(11)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
      assert.equal(hex, wanted, canon.kind);
      assert.deepEqual(decodeComponent(bytes).definitions, [{ kind: 'canon', offset: 11, canon }]);
    }
    assert.equal(new Set(canons().map(([canon]) => canon.kind)).size, 44);
  });

  test('canonical options', () => {
    const component = componentOf([
      { kind: 'canon', offset: 0, canon: { kind: 'lift', func: 500, options: OPTIONS, type: 600 } },
    ]);
    assert.deepEqual(definitionsOf(again(component)), definitionsOf(component));
  });
});

describe('sections', () => {
  const type: Definition = { kind: 'type', offset: 0, type: { kind: 'primitive', primitive: 'u8' } };
  const module: Definition = { kind: 'core module', offset: 0, start: 0, end: 8 };
  const shape = (component: Component) => component.sections.map(({ id, count }) => [id, count]);

  test('neighbours of one kind share a section unless the kind has no count', () => {
    const component = componentOf([type, type, module, module, type], EMPTY_MODULE);
    assert.deepEqual(shape(again(component)), [
      [7, 2],
      [1, 1],
      [1, 1],
      [7, 1],
    ]);
  });

  test('custom sections go where they were', () => {
    const bytes = new Uint8Array([9, 8, 7]);
    const custom = (label: string, after: number) =>
      ({ kind: 'custom', name: label, offset: 0, start: 1, end: 3, after }) as const;
    const component = componentOf([type, type], bytes, [
      custom('a', 0),
      custom('b', 1),
      custom('c', 2),
      custom('d', 2),
    ]);
    const decoded = again(component);
    assert.deepEqual(shape(decoded), [
      [0, 0],
      [7, 1],
      [0, 0],
      [7, 1],
      [0, 0],
      [0, 0],
    ]);
    assert.deepEqual(
      decoded.customs.map((c) => [c.name, c.after, ...decoded.bytes.subarray(c.start, c.end)]),
      [
        ['a', 0, 8, 7],
        ['b', 1, 8, 7],
        ['c', 2, 8, 7],
        ['d', 2, 8, 7],
      ],
    );
  });

  test('sections of the original are kept, empty and split ones too', () => {
    const u8Type = (w: CodeWriter) => w.u(1).byte(0x7d);
    const bytes = binary([7, u8Type], [7, u8Type], [5, (w) => w.u(0)], [0, (w) => w.name('x')], [7, u8Type]);
    assert.deepEqual(encodeComponent(decodeComponent(bytes)), bytes);
  });

  test('sections that no longer fit the definitions are made anew', () => {
    const decoded = decodeComponent(binary([7, (w) => w.u(2).byte(0x7d, 0x7d)], [0, (w) => w.name('x')]));
    const longer = { ...decoded, definitions: [...decoded.definitions, type] };
    const decodedAgain = again(longer);
    assert.deepEqual(shape(decodedAgain), [
      [7, 2],
      [0, 0],
      [7, 1],
    ]);
    const other = {
      ...decoded,
      definitions: [type, { kind: 'start', offset: 0, func: 0, args: [], results: 0 } as const],
    };
    assert.deepEqual(shape(again(other)), [
      [7, 1],
      [9, 1],
      [0, 0],
    ]);
  });

  test('nested components may keep their core modules in buffers of their own', () => {
    const inner = componentOf([module], EMPTY_MODULE);
    const named = new CodeWriter()
      .raw(EMPTY_MODULE)
      .byte(0)
      .sized((w) => w.name('note'))
      .finish();
    const padded = new Uint8Array([1, 2, 3, ...named]);
    const outer = componentOf(
      [
        { kind: 'component', offset: 0, component: inner },
        { kind: 'core module', offset: 0, start: 3, end: padded.length },
      ],
      padded,
    );
    const decoded = again(outer);
    const [first, second] = decoded.definitions;
    assert.ok(first?.kind === 'component' && second?.kind === 'core module');
    const [nested] = first.component.definitions;
    assert.ok(nested?.kind === 'core module');
    assert.deepEqual(decoded.bytes.slice(nested.start, nested.end), EMPTY_MODULE);
    assert.deepEqual(decoded.bytes.slice(second.start, second.end), named);
  });
});

function roundTrips(folder: string): void {
  for (const file of readdirSync(folder).filter((f) => f.endsWith('.wasm'))) {
    const bytes = new Uint8Array(readFileSync(join(folder, file)));
    if (bytes[4] !== 0x0d) continue;
    test(file, () => {
      const component = decodeComponent(bytes);
      const encoded = encodeComponent(component);
      assert.equal(encoded.length, bytes.length);
      assert.ok(Buffer.compare(encoded, bytes) === 0);
      assert.ok(Buffer.compare(encodeComponent({ ...component, sections: [] }), bytes) === 0, 'merged sections');
    });
  }
}

describe('components of this repository come back byte for byte', () => roundTrips(EXAMPLES));

describe('components of other toolchains come back byte for byte', {
  skip: existsSync(CORPUS) ? false : `not run: ${CORPUS} is absent`,
}, () => {
  if (existsSync(CORPUS)) roundTrips(CORPUS);
});
