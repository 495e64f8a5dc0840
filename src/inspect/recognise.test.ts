import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { cpuTime } from '../../test/support/cpu-time.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { recognise } from './recognise.ts';

const MODULE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0] as const;
const COMPONENT = [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0] as const;

interface Parts {
  readonly imports?: readonly (readonly [module: string, name: string])[];
  readonly exports?: readonly string[];
  readonly customs?: readonly string[];
}

/** A core module whose imports and exports are functions of no parameters. */
function coreModule({ imports = [], exports = [], customs = [] }: Parts): Uint8Array<ArrayBuffer> {
  const w = new CodeWriter().byte(...MODULE);
  w.byte(1).sized((s) => s.byte(1, 0x60, 0, 0));
  w.byte(2).sized((s) => s.vec(imports, ([module, name]) => s.name(module).name(name).byte(0, 0)));
  w.byte(3).sized((s) => s.byte(1, 0));
  w.byte(7).sized((s) => s.vec(exports, (name) => s.name(name).byte(0).u(imports.length)));
  w.byte(10).sized((s) => s.byte(1, 2, 0, 0x0b));
  for (const name of customs) w.byte(0).sized((s) => s.name(name).byte(1));
  return w.finish();
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

describe('core modules by the marks of their toolchains', () => {
  const cases: readonly (readonly [string, Parts, string, readonly string[]])[] = [
    ['nothing', {}, 'core-module', []],
    [
      'a command',
      { imports: [['wasi_snapshot_preview1', 'fd_write']], exports: ['_start'] },
      'preview1-command',
      ['exports _start', 'imports wasi_snapshot_preview1.fd_write'],
    ],
    [
      'a reactor',
      { imports: [['wasi_unstable', 'fd_write']], exports: ['_initialize'] },
      'preview1-reactor',
      ['imports wasi_unstable.fd_write'],
    ],
    [
      'Emscripten with WASI besides',
      {
        imports: [
          ['wasi_snapshot_preview1', 'fd_write'],
          ['env', 'emscripten_memcpy_js'],
        ],
        exports: ['_start'],
      },
      'emscripten-module',
      ['imports env.emscripten_memcpy_js'],
    ],
    [
      'Emscripten, optimised',
      {
        imports: [
          ['a', 'a'],
          ['a', 'bc'],
        ],
      },
      'emscripten-module',
      ['imports a.a'],
    ],
    ['exceptions of Emscripten', { imports: [['env', 'invoke_vii']] }, 'emscripten-module', ['imports env.invoke_vii']],
    ['wasm-bindgen', { imports: [['wbg', '__wbg_log_1']] }, 'wasm-bindgen-module', ['imports wbg.__wbg_log_1']],
    [
      'wasm-bindgen for bundlers',
      { imports: [['./app_bg.js', 'f']] },
      'wasm-bindgen-module',
      ['imports ./app_bg.js.f'],
    ],
    [
      'wasm-bindgen before its own tool',
      { customs: ['__wasm_bindgen_unstable'] },
      'wasm-bindgen-module',
      ['custom section __wasm_bindgen_unstable'],
    ],
    ['Go', { imports: [['gojs', 'runtime.wasmExit']] }, 'go-js-module', ['imports gojs.runtime.wasmExit']],
    ['Go before 1.21', { imports: [['go', 'debug']] }, 'go-js-module', ['imports go.debug']],
    [
      'TinyGo for JavaScript',
      { imports: [['env', 'syscall/js.valueGet']] },
      'go-js-module',
      ['imports env.syscall/js.valueGet'],
    ],
    [
      'the step before a component',
      { imports: [['wasi_snapshot_preview1', 'fd_write']], customs: ['component-type:app'], exports: ['_start'] },
      'module-with-component-type',
      ['custom section component-type:app'],
    ],
  ];
  for (const [what, parts, kind, evidence] of cases) {
    test(what, () => {
      const found = recognise(coreModule(parts));
      assert.equal(found.kind, kind);
      assert.deepEqual(found.evidence, evidence);
      assert.ok(found.title.length > 0 && found.hint.length > 0);
    });
  }
});

describe('wasm that is not whole', () => {
  const whole = coreModule({ imports: [['env', 'f']], exports: ['g'] });
  const large = new CodeWriter()
    .byte(...COMPONENT)
    .byte(0)
    .sized((s) => s.name('x').raw(new Uint8Array(1000)));

  test('a download that ended early says how many bytes are missing, wherever it ended within a section', () => {
    const component = large.finish();
    assert.equal(recognise(component).kind, 'component');
    for (let length = 9; length < component.length; length++) {
      const found = recognise(component.slice(0, length));
      assert.equal(found.kind, 'truncated', `${length} bytes`);
      assert.match(found.title, new RegExp(`^a component that is cut off .*${length} bytes are there, at least \\d+`));
    }
    assert.match(recognise(component.slice(0, 500)).title, new RegExp(`at least ${component.length} are needed`));
  });

  test('a core module', () => {
    assert.equal(recognise(whole.slice(0, -1)).kind, 'truncated');
    assert.match(recognise(whole.slice(0, -1)).title, /^a core module that is cut off/);
  });

  test('a preamble alone, or less', () => {
    assert.equal(recognise(new Uint8Array(COMPONENT)).kind, 'component');
    assert.equal(recognise(new Uint8Array(COMPONENT.slice(0, 7))).kind, 'truncated');
    assert.equal(recognise(new Uint8Array()).kind, 'empty');
  });

  test('sections of the right size with nonsense in them are damage', () => {
    const found = recognise(new Uint8Array([...MODULE, 1, 1, 0x55]));
    assert.equal(found.kind, 'damaged-module');
    assert.match(found.title, /offset 0x/);
  });

  test('versions that are not known', () => {
    assert.match(recognise(new Uint8Array([...COMPONENT.slice(0, 4), 0x0a, 0, 1, 0])).title, /draft of 2022/);
    assert.equal(recognise(new Uint8Array([...MODULE.slice(0, 4), 2, 0, 0, 0])).kind, 'unknown-version');
  });
});

test('a WIT package in binary form is told from a component', () => {
  const types = new CodeWriter().byte(...COMPONENT);
  types.byte(7).sized((s) => s.byte(1, 0x41, 0));
  types.byte(11).sized((s) => s.byte(1, 0).name('a').byte(3, 0, 0));
  assert.equal(recognise(types.finish()).kind, 'wit-package');
  types.byte(4).sized((s) => s.byte(...COMPONENT));
  assert.equal(recognise(types.finish()).kind, 'component', 'it holds a component besides');
});

describe('what people hand over by mistake', () => {
  const cases: readonly (readonly [string, Uint8Array<ArrayBuffer>, string, string])[] = [
    ['gzip', new Uint8Array(gzipSync('x')), 'a.wasm', 'gzip'],
    ['zstd', new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0]), 'a', 'zstd'],
    ['ELF', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 0]), 'a', 'elf'],
    ['tar', bytes(`${'x'.repeat(257)}ustar`), 'a', 'tar'],
    ['zip', bytes('PK\x03\x04\x00\x00'), 'a.zip', 'zip'],
    ['a wheel', bytes('PK\x03\x04\x00\x00'), 'a-1.0-py3-none-any.whl', 'python-wheel'],
    ['a wheel under another name', bytes('PK\x03\x04\x00a-1.0.dist-info/WHEEL'), 'a', 'python-wheel'],
    ['HTML', bytes('\n<!doctype HTML><title>404'), 'a.wasm', 'html'],
    ['XML', bytes('<?xml version="1.0"?><Error/>'), 'a.wasm', 'html'],
    ['a JSON object', bytes('{ "error": 1 }'), 'a.wasm', 'json'],
    ['a JSON array', bytes('[1, 2]'), 'a.wasm', 'json'],
    ['WAT', bytes(';; a\n(; b ;)\n(module $m)'), 'a', 'wat'],
    ['WAT of a component', bytes('(component)'), 'a', 'wat'],
    ['WIT', bytes('/// docs\npackage a:b@1.0.0;\n'), 'a', 'wit'],
    ['WIT with attributes', bytes('@since(version = 1.0.0)\ninterface a {\n}'), 'a', 'wit'],
    ['WIT by its name', bytes('// nothing yet'), 'a.wit', 'wit'],
    ['a module of JavaScript', bytes("// hi\nimport { a } from 'b';\n"), 'a', 'javascript'],
    ['a script', bytes('#!/usr/bin/env node\nrun();'), 'a', 'javascript'],
    ['exports', bytes('export const run = {};\n'), 'a', 'javascript'],
    ['JavaScript by its name', bytes('run()'), 'a.mjs', 'javascript'],
    ['TypeScript by its name', bytes('run()'), 'a.ts', 'javascript'],
    ['Git LFS', bytes('version https://git-lfs.github.com/spec/v1\n'), 'a.wasm', 'lfs-pointer'],
    ['prose', bytes('world peace is good\n'), 'a', 'text'],
    ['prose in brackets', bytes('[draft] a letter'), 'a', 'text'],
    ['text beyond ASCII that is cut within a character', bytes('é'.repeat(5000)).slice(1 * 2), 'a', 'text'],
    ['other bytes', new Uint8Array([1, 0, 255]), 'a', 'unknown'],
  ];
  for (const [what, contents, name, kind] of cases) {
    test(what, () => {
      assert.equal(recognise(contents, name).kind, kind);
    });
  }

  test('Pyodide is named', () => {
    assert.match(recognise(bytes('PK\x03\x04\x00'), 'x-pyodide_2024_0_wasm32.whl').title, /Pyodide/);
    assert.doesNotMatch(recognise(bytes('PK\x03\x04\x00'), 'x-1-py3-none-any.whl').title, /Pyodide/);
  });

  test('texts that are hard to tell take no long time', () => {
    for (const part of ['(;;)', '/**/', '@a ', '@a(', '[ ', ';;\n', ' ']) {
      const start = cpuTime();
      recognise(bytes(`${part.repeat(4000)}x`));
      assert.ok(cpuTime() - start < 500, part);
    }
  });
});
