import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { cpuTime } from '../../test/support/cpu-time.ts';
import { decodeModule } from '../core/decode.ts';
import { MalformedError } from '../error/error.ts';
import type { Component, Definition } from '../types/definition.ts';
import type { CodeWriter } from '../util/code-writer.ts';
import { decodeComponent } from './decode.ts';
import { encodeComponent } from './encode.ts';
import { binary, plain, seeded } from './fixture.ts';
import { decodeNames } from './names.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CORPUS = join(process.env['TENON_SHARED'] ?? join(ROOT, '../shared'), 'corpus');

function example(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(ROOT, 'examples/composed', name)));
}

function refusal(bytes: Uint8Array<ArrayBuffer>): MalformedError {
  try {
    decodeComponent(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  }
  assert.fail('the bytes were accepted');
}

/** The definitions of a section with one entry, given as bytes. */
function only(id: number, ...entry: number[]): Definition {
  const { definitions } = decodeComponent(binary([id, (w) => w.u(1).byte(...entry)]));
  assert.equal(definitions.length, 1);
  return definitions[0]!;
}

describe('preamble', () => {
  const cases: readonly (readonly [string, readonly number[], number])[] = [
    ['truncated', [], 0],
    ['truncated', [0, 0x61, 0x73], 3],
    ['truncated', [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1], 7],
    ['not-wasm', [0x7f, 0x45], 0],
    ['not-wasm', [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0], 0],
    ['core-module', [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], 0],
    ['unknown-version', [0, 0x61, 0x73, 0x6d, 2, 0, 0, 0], 4],
    ['unknown-version', [0, 0x61, 0x73, 0x6d, 0x0d, 0, 2, 0], 4],
  ];
  for (const [code, bytes, offset] of cases) {
    test(`${code}: ${bytes.join(' ')}`, () => {
      const error = refusal(new Uint8Array(bytes));
      assert.equal(error.code, code);
      assert.equal(error.details.offset, offset);
    });
  }
});

describe('sections', () => {
  test('offsets are those of the outermost binary, in nested components too', () => {
    const inner = binary([7, (w) => w.u(2).byte(0x73, 0x7f)]);
    const bytes = binary(
      [0, (w) => w.name('note').byte(1, 2, 3)],
      [4, (w) => w.raw(inner)],
      [7, (w) => w.u(1).byte(0x70, 0x7d)],
    );
    const component = decodeComponent(bytes);
    const [nested, type] = component.definitions;
    assert.ok(nested?.kind === 'component' && type?.kind === 'type');
    assert.equal(nested.offset, 20);
    assert.equal(nested.component.start, 20);
    assert.equal(nested.component.end, 20 + inner.length);
    assert.equal(nested.component.bytes, bytes);
    const [string, bool] = nested.component.definitions;
    assert.deepEqual([string!.offset, bool!.offset], [20 + 11, 20 + 12]);
    assert.equal(bytes[string!.offset], 0x73);
    assert.equal(bytes[type.offset], 0x70);
    assert.deepEqual(component.customs, [{ kind: 'custom', name: 'note', offset: 8, start: 15, end: 18, after: 0 }]);
    assert.deepEqual(
      component.sections.map(({ id, count }) => [id, count]),
      [
        [0, 0],
        [4, 1],
        [7, 1],
      ],
    );
  });

  test('contents and size must agree', () => {
    assert.equal(refusal(binary([7, (w) => w.u(1).byte(0x73, 0x73)])).code, 'section-size');
    assert.equal(refusal(binary([7, (w) => w.u(2).byte(0x73)])).code, 'unexpected-end');
    assert.equal(refusal(binary([9, (w) => w.u(0).u(0).u(0).byte(0)])).code, 'section-size');
  });

  test('a hostile count costs nothing', () => {
    const started = cpuTime();
    const error = refusal(binary([7, (w) => w.u(0xffff_ffff).byte(0x73)]));
    assert.equal(error.code, 'unexpected-end');
    assert.match(error.message, /a count of 4294967295 with 1 bytes left/);
    assert.ok(cpuTime() - started < 100);
  });

  test('LEB128: padding is allowed up to five bytes, no bits beyond 32', () => {
    const outer = (...leb: number[]) => binary([6, (w) => w.u(1).byte(0x03, 0x02, ...leb, 0)]);
    const alias = (...leb: number[]) => decodeComponent(outer(...leb)).definitions[0];
    const counted = (count: number) => ({
      kind: 'alias',
      offset: 11,
      sort: 'type',
      target: { kind: 'outer', count, index: 0 },
    });
    assert.deepEqual(alias(0x80, 0x80, 0x80, 0x80, 0x00), counted(0));
    assert.deepEqual(alias(0xff, 0xff, 0xff, 0xff, 0x0f), counted(0xffff_ffff));
    assert.equal(refusal(outer(0xff, 0xff, 0xff, 0xff, 0x1f)).code, 'leb-too-large');
    assert.equal(refusal(outer(0x80, 0x80, 0x80, 0x80, 0x80, 0x00)).code, 'leb-too-long');
  });

  test('value types are signed: the bits beyond 33 repeat the sign', () => {
    assert.deepEqual(only(7, 0x70, 0xff, 0xff, 0xff, 0xff, 0x0f), {
      kind: 'type',
      offset: 11,
      type: { kind: 'list', element: { kind: 'index', index: 0xffff_ffff } },
    });
    const list = (...leb: number[]) => refusal(binary([7, (w) => w.u(1).byte(0x70, ...leb)])).code;
    assert.equal(list(0xff, 0xff, 0xff, 0xff, 0x2f), 'leb-too-large');
    assert.equal(list(0xff, 0xff, 0xff, 0xff, 0xff, 0x0f), 'leb-too-long');
    assert.equal(list(0x40), 'invalid-leading-byte');
  });

  test('names are UTF-8', () => {
    const named = (...bytes: number[]) => binary([10, (w) => w.u(1).byte(0, bytes.length, ...bytes, 5, 0)]);
    const name = (bytes: Uint8Array<ArrayBuffer>) => {
      const [definition] = decodeComponent(bytes).definitions;
      return definition?.kind === 'import' ? definition.name.name : undefined;
    };
    assert.equal(name(named(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa', 'a byte order mark is part of the name');
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]])
      assert.equal(refusal(named(...bad)).code, 'invalid-utf8');
  });
});

describe('limits and gates', () => {
  const nest = (depth: number): Uint8Array<ArrayBuffer> =>
    depth === 0 ? binary() : binary([4, (w) => w.raw(nest(depth - 1))]);
  const types = (depth: number): number[] => [...Array(depth).fill([0x42, 1, 1]).flat(), 0x42, 0];

  test('components nest 100 deep', () => {
    decodeComponent(nest(100));
    assert.equal(refusal(nest(101)).code, 'nested-too-deep');
  });

  test('types nest 100 deep', () => {
    only(7, ...types(100));
    assert.equal(refusal(binary([7, (w) => w.u(1).byte(...types(101))])).code, 'nested-too-deep');
    assert.equal(refusal(binary([7, (w) => w.u(1).raw(new Uint8Array(types(500_000)))])).code, 'nested-too-deep');
  });

  test('errors have the path of the item that is malformed', () => {
    const types = [7, (w: CodeWriter) => w.u(2).byte(0x73, 0x7f)] as const;
    const alias = [6, (w: CodeWriter) => w.u(1).byte(0x03, 0x02, 0x00, 0x00)] as const;
    const bad = binary(types, alias, [7, (w) => w.u(2).byte(0x7f, 0x00)]);
    assert.equal(refusal(bad).details.path, 'type 4');
    const nested = binary([4, (w) => w.raw(binary())], [4, (w) => w.raw(bad)]);
    assert.equal(refusal(nested).details.path, 'component 1 > type 4');
    assert.equal(refusal(binary([4, (w) => w.byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)])).details.path, 'component 0');
    assert.equal(refusal(binary([1, (w) => w.byte(1)])).details.path, 'core module 0');
    assert.equal(refusal(binary([11, (w) => w.u(1).byte(9)])).details.path, 'export');
    assert.equal(refusal(binary([13, (w) => w.u(0)])).details.path, undefined);
  });

  test('what is behind a gate that is never read names it', () => {
    const values = refusal(binary([12, (w) => w.u(0)]));
    assert.equal(values.code, 'feature-unsupported');
    assert.match(values.message, /values/);
    for (const opcode of [0x40, 0x41, 0x42]) {
      const threads = refusal(binary([8, (w) => w.u(1).byte(opcode, 0)]));
      assert.equal(threads.code, 'feature-unsupported');
      assert.match(threads.message, /shared-threads/);
    }
    const forward = refusal(binary([8, (w) => w.u(1).byte(0x2e, 0)]));
    assert.match(
      forward.message,
      /invalid leading byte \(0x2e\) for canonical function: `stream.forward` requires the feature ➡️ forward/,
    );
    const gc = refusal(binary([8, (w) => w.u(1).byte(0x01, 0x00, 0x00, 0x01, 0x09)]));
    assert.match(gc.message, /for canonical option: the option `gc` requires the feature 🛸 gc/);
    assert.equal(gc.details.offset, 15);
  });

  test('start functions are read; the validator asks for their gate', () => {
    const { definitions } = decodeComponent(binary([9, (w) => w.u(3).u(2).u(0).u(1).u(1)]));
    assert.deepEqual(definitions, [{ kind: 'start', offset: 10, func: 3, args: [0, 1], results: 1 }]);
  });
});

function walkModules(component: Component): void {
  for (const definition of component.definitions) {
    if (definition.kind === 'component') walkModules(definition.component);
    else if (definition.kind === 'core module') {
      try {
        decodeModule(component.bytes, definition.start, definition.end);
      } catch (error) {
        assert.ok(error instanceof MalformedError, String(error));
      }
    }
  }
}

/** Decodes damaged bytes; true if they were accepted. Nothing but a MalformedError within the bytes may come out. */
function survives(bytes: Uint8Array<ArrayBuffer>): boolean {
  let component: Component;
  try {
    component = decodeComponent(bytes);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const { offset } = error.details;
    assert.ok(offset !== undefined && offset >= 0 && offset <= bytes.length);
    return false;
  }
  walkModules(component);
  decodeNames(component);
  const again = decodeComponent(encodeComponent(component));
  assert.deepEqual(plain(again), plain(component), 'what was accepted survives being encoded');
  return true;
}

describe('damaged components', () => {
  test('cut off at every byte: accepted where a section ends, else malformed', () => {
    const whole = example('stats.wasm');
    const { sections } = decodeComponent(whole);
    const ends = new Set([8, ...sections.map((s) => s.end)]);
    for (let length = 0; length < whole.length; length++)
      assert.equal(survives(whole.slice(0, length)), ends.has(length), `cut to ${length} bytes`);
  });

  test('cut off inside a larger one', () => {
    const whole = example('words.wasm');
    const ends = new Set([8, ...decodeComponent(whole).sections.map((s) => s.end)]);
    for (let length = 0; length < whole.length; length += 13)
      assert.equal(survives(whole.slice(0, length)), ends.has(length), `cut to ${length} bytes`);
  });

  for (const [file, rounds] of [
    ['stats.wasm', 4000],
    ['style.wasm', 1000],
  ] as const) {
    test(`${file} with flipped bytes throws typed errors or decodes`, () => {
      const random = seeded(rounds);
      const whole = example(file);
      let refused = 0;
      for (let round = 0; round < rounds; round++) {
        const bytes = whole.slice();
        for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--)
          bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
        if (!survives(bytes)) refused++;
      }
      assert.ok(refused > rounds / 50 && refused < rounds, `${refused} of ${rounds} were refused`);
    });
  }

  test('noise behind a preamble', () => {
    const random = seeded(7);
    for (let round = 0; round < 3000; round++) {
      const id = Math.floor(random() * 13);
      const noise = Array.from({ length: 1 + Math.floor(random() * 24) }, () =>
        Math.floor(random() * (round % 2 ? 256 : 8)),
      );
      survives(binary([id, (w) => w.byte(...noise)]));
    }
  });
});

const big = join(CORPUS, 'py-cmd.wasm');
test('code is not walked: 18 MB decode in milliseconds', {
  skip: existsSync(big) ? false : `not run: ${big} is absent`,
}, () => {
  const bytes = new Uint8Array(readFileSync(big));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 10; i++) {
    const started = cpuTime();
    decodeComponent(bytes);
    best = Math.min(best, cpuTime() - started);
  }
  assert.ok(best < 25, `best of 10 took ${best} ms`);
});
