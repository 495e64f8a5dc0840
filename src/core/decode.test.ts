import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { LinkError, MalformedError, ValidationError } from '../error/error.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { readNames, readProducers } from './custom.ts';
import { type CoreModule, decodeModule } from './decode.ts';
import { coreFuncType, moduleType } from './module-type.ts';
import { importMemory } from './rewrite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CORPUS = join(process.env['TENON_SHARED'] ?? join(ROOT, '../shared'), 'corpus');

type Section = readonly [id: number, write: (w: CodeWriter) => void];

function binary(...sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  const out = new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  for (const [id, write] of sections) out.byte(id).sized(write);
  return out.finish();
}

function code(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    decodeModule(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof MalformedError) return error.code;
    throw error;
  }
}

const TYPES: Section = [1, (w) => w.u(2).byte(0x60, 1, 0x7f, 1, 0x7e).byte(0x60, 0, 0)];
const BODY = (w: CodeWriter) => w.sized((b) => b.byte(0, 0x0b));

/** One of everything, with an import of every kind. */
const FULL: readonly Section[] = [
  TYPES,
  [
    2,
    (w) => {
      w.u(5);
      w.name('m').name('f').byte(0).u(0);
      w.name('m').name('t').byte(1, 0x6f, 1).u(2).u(300);
      w.name('m')
        .name('m')
        .byte(2, 4)
        .u(2n ** 33n);
      w.name('m').name('g').byte(3, 0x7c, 1);
      w.name('m').name('x').byte(4, 0).u(1);
    },
  ],
  [3, (w) => w.u(2).u(1).u(1)],
  [4, (w) => w.u(2).byte(0x70, 0, 5).byte(0x40, 0, 0x63, 0x70, 0, 1, 0xd0, 0x70, 0x0b)],
  [5, (w) => w.u(1).byte(3).u(1).u(2)],
  [13, (w) => w.u(1).byte(0).u(1)],
  [
    6,
    (w) => {
      w.u(4);
      w.byte(0x7f, 0, 0x41, 1, 0x41, 0x7f, 0x6a, 0x0b);
      w.byte(0x7c, 1, 0x44).f64(Math.PI).byte(0x0b);
      w.byte(0x7b, 0, 0xfd, 12).raw(new Uint8Array(16).fill(0x0b)).byte(0x0b);
      w.byte(0x70, 0, 0xd2, 1, 0x0b);
    },
  ],
  [
    7,
    (w) => {
      w.u(5);
      w.name('f')
        .byte(0)
        .u(1)
        .name('t')
        .byte(1)
        .u(2)
        .name('m')
        .byte(2)
        .u(1)
        .name('g')
        .byte(3)
        .u(2)
        .name('x')
        .byte(4)
        .u(1);
    },
  ],
  [8, (w) => w.u(2)],
  [12, (w) => w.u(1)],
  [10, (w) => BODY(BODY(w.u(2)))],
  [11, (w) => w.u(1).byte(1, 1, 0xaa)],
];

describe('decodeModule', () => {
  test('declarations of every kind; index spaces begin with the imports', () => {
    const m = decodeModule(binary(...FULL));
    assert.deepEqual(m.funcs, [0, 1, 1]);
    assert.deepEqual(m.tags, [1, 1]);
    assert.deepEqual(
      m.tables.map((t) => [t.element.heap, t.limits.min, t.limits.max]),
      [
        [{ kind: 'abstract', shared: false, name: 'extern' }, 2n, 300n],
        [{ kind: 'abstract', shared: false, name: 'func' }, 5n, undefined],
        [{ kind: 'abstract', shared: false, name: 'func' }, 1n, undefined],
      ],
    );
    assert.deepEqual(m.memories, [
      {
        kind: 'memory',
        limits: { min: 2n ** 33n, max: undefined, is64: true, shared: false },
        pageSizeLog2: undefined,
      },
      { kind: 'memory', limits: { min: 1n, max: 2n, is64: false, shared: true }, pageSizeLog2: undefined },
    ]);
    assert.deepEqual(
      m.globals.map((g) => [typeof g.type === 'string' ? g.type : g.type.kind, g.mutable]),
      [
        ['f64', true],
        ['i32', false],
        ['f64', true],
        ['v128', false],
        ['ref', false],
      ],
    );
    assert.equal(m.startFunc, 2);
  });

  test('offsets count from the outermost binary', () => {
    const inner = binary(...FULL);
    const bytes = new Uint8Array(inner.length + 20);
    bytes.set(inner, 13);
    const m = decodeModule(bytes, 13, 13 + inner.length);
    for (const section of m.sections) assert.equal(bytes[section.offset], section.id);
    for (const { name, offset } of m.exports) assert.equal(String.fromCharCode(bytes[offset + 1]!), name);
    assert.equal(m.imports[0]!.offset, decodeModule(inner).imports[0]!.offset + 13);
  });

  test('the preamble tells what it is instead', () => {
    assert.equal(code(new Uint8Array([0, 0x61, 0x73])), 'truncated');
    assert.equal(code(new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])), 'not-core-module');
    assert.equal(code(new Uint8Array([0, 0x61, 0x73, 0x6d, 9, 0, 0, 0])), 'unknown-version');
    assert.equal(code(new Uint8Array(8)), 'not-wasm');
  });

  test('sections are in order, known, and agree with each other', () => {
    const empty = (id: number): Section => [id, (w) => w.u(0)];
    assert.equal(code(binary(empty(1), empty(1))), 'section-order');
    assert.equal(code(binary(empty(11), empty(1))), 'section-order');
    assert.equal(code(binary(empty(6), empty(13))), 'section-order');
    assert.equal(code(binary(empty(10), empty(12))), 'section-order');
    assert.equal(code(binary(empty(5), empty(13), empty(6), empty(12), empty(10), empty(11))), undefined);
    assert.equal(code(binary(empty(14))), 'unknown-section');
    assert.equal(code(binary(TYPES, [3, (w) => w.u(1).u(0)])), 'inconsistent-lengths');
    assert.equal(code(binary([10, (w) => BODY(w.u(1))])), 'inconsistent-lengths');
    assert.equal(code(binary([12, (w) => w.u(2)], [11, (w) => w.u(1).byte(1, 0)])), 'inconsistent-lengths');
    assert.equal(code(binary([5, (w) => w.u(1).byte(0, 1, 1)])), 'section-size');
    assert.equal(code(binary([6, (w) => w.u(1).byte(0x7f, 0, 0x10, 0, 0x0b)])), 'constant-expression');
    assert.equal(code(binary([5, (w) => w.u(1).byte(0x10, 1)])), 'invalid-limits');
    assert.equal(code(binary([4, (w) => w.u(1).byte(0x7f, 0, 1)])), 'invalid-table');
  });

  test('a recursion group of 200,000 types is read', () => {
    const count = 200_000;
    const m = decodeModule(
      binary([
        1,
        (w) =>
          w
            .u(1)
            .byte(0x4e)
            .u(count)
            .raw(new Uint8Array(count * 3).map((_, i) => (i % 3 === 0 ? 0x60 : 0))),
      ]),
    );
    assert.equal(m.types.length, count);
  });
});

describe('moduleType', () => {
  test('imports and exports with their types', () => {
    const type = moduleType(decodeModule(binary(...FULL)));
    assert.deepEqual(
      type.imports.map((i) => [i.name, i.type.kind]),
      [
        ['f', 'func'],
        ['t', 'table'],
        ['m', 'memory'],
        ['g', 'global'],
        ['x', 'tag'],
      ],
    );
    const [f, , m] = type.exports;
    assert.ok(f?.type.kind === 'func' && m?.type.kind === 'memory');
    assert.deepEqual(coreFuncType(type.types, f.type.typeIndex), { kind: 'func', params: [], results: [] });
    assert.equal(m.type.limits.shared, true);
    const imported = type.imports[0]!.type;
    assert.ok(imported.kind === 'func');
    assert.deepEqual(coreFuncType(type.types, imported.typeIndex), { kind: 'func', params: ['i32'], results: ['i64'] });
  });

  test('indices that name nothing are refused with their place', () => {
    const bad: [Section[], string][] = [
      [[[7, (w) => w.u(1).name('f').byte(0).u(0)]], 'unknown-index'],
      [[[7, (w) => w.u(1).name('m').byte(2).u(7)]], 'unknown-index'],
      [[[2, (w) => w.u(1).name('').name('f').byte(0).u(3)]], 'unknown-index'],
      [
        [
          [1, (w) => w.u(1).byte(0x5f, 0)],
          [2, (w) => w.u(1).name('').name('f').byte(0).u(0)],
        ],
        'wrong-type-sort',
      ],
    ];
    for (const [sections, wanted] of bad) {
      assert.throws(
        () => moduleType(decodeModule(binary(...sections))),
        (error) => error instanceof ValidationError && error.code === wanted && error.details.offset !== undefined,
      );
    }
  });
});

describe('custom sections', () => {
  const names = (w: CodeWriter): CodeWriter =>
    w
      .name('name')
      .byte(0)
      .sized((s) => s.name('mod'))
      .byte(1)
      .sized((s) => s.u(2).u(0).name('zero').u(7).name('seven'));

  test('module and function names', () => {
    const { module, functions } = readNames(decodeModule(binary([0, names])));
    assert.equal(module, 'mod');
    assert.deepEqual(
      [...functions],
      [
        [0, 'zero'],
        [7, 'seven'],
      ],
    );
  });

  test('damage ends the names, not the module', () => {
    const { functions } = readNames(decodeModule(binary([0, (w) => names(w).byte(1, 0x7f)])));
    assert.equal(functions.size, 2);
    assert.deepEqual(readNames(decodeModule(binary())), { module: undefined, functions: new Map() });
  });

  test('producers', () => {
    const write = (w: CodeWriter): CodeWriter =>
      w.name('producers').u(1).name('language').u(2).name('Rust').name('').name('C11').name('22');
    const module = decodeModule(binary([0, write]));
    const fields = readProducers(module.bytes, module.sections[0]!);
    assert.deepEqual(fields, [
      {
        field: 'language',
        tools: [
          { name: 'Rust', version: '' },
          { name: 'C11', version: '22' },
        ],
      },
    ]);
    const cut = decodeModule(binary([0, (w) => w.name('producers').u(5)]));
    assert.deepEqual(readProducers(cut.bytes, cut.sections[0]!), []);
  });
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Runs everything that reads a module; answers whether its bytes were accepted. */
function survives(bytes: Uint8Array<ArrayBuffer>): boolean {
  let module: CoreModule;
  try {
    module = decodeModule(bytes);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    assert.ok(error.details.offset !== undefined && error.details.offset <= bytes.length);
    return false;
  }
  readNames(module);
  for (const section of module.sections) readProducers(module.bytes, section);
  const typed = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof ValidationError || error instanceof LinkError)) throw error;
    }
  };
  typed(() => moduleType(module));
  typed(() => decodeModule(importMemory(bytes, { module: 'a', name: 'b' }).bytes));
  return true;
}

describe('damaged modules', () => {
  const whole = binary(...FULL, [
    0,
    (w) =>
      w
        .name('name')
        .byte(0)
        .sized((s) => s.name('mod')),
  ]);

  test('cut off at every byte', () => {
    assert.ok(survives(whole));
    let refused = 0;
    for (let length = 0; length < whole.length; length++) if (!survives(whole.slice(0, length))) refused++;
    assert.ok(refused > whole.length - FULL.length - 3, `${refused} of ${whole.length}`);
  });

  test('flipped bytes give typed errors', () => {
    const random = seeded(42);
    let refused = 0;
    for (let round = 0; round < 5000; round++) {
      const bytes = whole.slice();
      for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      if (!survives(bytes)) refused++;
    }
    assert.ok(refused > 1000 && refused < 5000, `${refused}`);
  });
});

/** The core modules of a file: itself, or those directly inside a component's sections 1, at any depth. */
function modulesOf(bytes: Uint8Array<ArrayBuffer>, start = 0, end = bytes.length): [number, number][] {
  if (bytes[start + 4] === 1) return [[start, end]];
  const found: [number, number][] = [];
  for (let at = start + 8; at < end; ) {
    const id = bytes[at++]!;
    let size = 0;
    for (let shift = 0, b = 0x80; b >= 0x80; shift += 7) {
      b = bytes[at++]!;
      size += (b & 0x7f) * 2 ** shift;
    }
    if (id === 1 || id === 4) found.push(...modulesOf(bytes, at, at + size));
    at += size;
  }
  return found;
}

const ENGINE_KIND = { func: 'function', table: 'table', memory: 'memory', global: 'global', tag: 'tag' } as const;

describe('core modules of other toolchains', {
  skip: existsSync(CORPUS) ? false : `not run: ${CORPUS} is absent`,
}, () => {
  const files = existsSync(CORPUS) ? readdirSync(CORPUS).filter((f) => f.endsWith('.wasm')) : [];
  for (const file of files.filter((f) => !f.startsWith('py-') && !f.startsWith('js-'))) {
    test(`${file}: the engine sees the same imports and exports`, () => {
      const bytes = new Uint8Array(readFileSync(join(CORPUS, file)));
      for (const [start, end] of modulesOf(bytes)) {
        const { imports, exports } = moduleType(decodeModule(bytes, start, end));
        const engine = new WebAssembly.Module(bytes.subarray(start, end));
        assert.deepEqual(
          imports.map((i) => ({ module: i.module, name: i.name, kind: ENGINE_KIND[i.type.kind] })),
          WebAssembly.Module.imports(engine),
        );
        assert.deepEqual(
          exports.map((e) => ({ name: e.name, kind: ENGINE_KIND[e.type.kind] })),
          WebAssembly.Module.exports(engine),
        );
      }
    });
  }

  test('modules with an imported memory are valid', () => {
    let rewritten = 0;
    for (const file of ['as-hello-p1.wasm', 'c-kitchen.wasm', 'c-kitchen-dwarf.wasm', 'rust-text.wasm']) {
      const whole = new Uint8Array(readFileSync(join(CORPUS, file)));
      for (const [start, end] of modulesOf(whole)) {
        const bytes = whole.slice(start, end);
        const module = decodeModule(bytes);
        if (!module.sections.some((s) => s.id === 5)) continue;
        const { bytes: changed, map } = importMemory(bytes, { module: 'tenon', name: 'memory' });
        assert.ok(WebAssembly.validate(changed), file);
        assert.equal(decodeModule(changed).memories.length, module.memories.length);
        for (const section of module.sections.filter((s) => s.id === 10 || s.id === 0)) {
          const to = map.rewritten(section.start)!;
          assert.deepEqual(
            changed.slice(to, to + section.end - section.start),
            bytes.slice(section.start, section.end),
          );
          assert.equal(map.original(to), section.start);
        }
        rewritten++;
      }
    }
    assert.ok(rewritten >= 4, `${rewritten}`);
  });

  test('names and producers of a debug build', () => {
    const bytes = new Uint8Array(readFileSync(join(CORPUS, 'c-kitchen-dwarf.wasm')));
    const modules = modulesOf(bytes).map(([start, end]) => decodeModule(bytes, start, end));
    const names = modules.map((m) => readNames(m).functions.size);
    assert.ok(Math.max(...names) > 20, names.join());
    const producers = modules.flatMap((m) =>
      m.sections.filter((s) => s.name === 'producers').flatMap((s) => readProducers(bytes, s)),
    );
    assert.deepEqual(producers.slice(0, 2), [
      { field: 'language', tools: [{ name: 'C99', version: '' }] },
      {
        field: 'processed-by',
        tools: [
          { name: 'Debian clang', version: '14.0.6' },
          { name: 'wit-component', version: '0.259.0' },
        ],
      },
    ]);
  });
});
