/**
 * Core modules: what Tenon says of them is what the engine says, and what it reads of them is what the engine reads.
 * `scripts/compare-engine.ts` does more of the same.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeComponent } from '../../src/binary/decode.ts';
import { decodeModule } from '../../src/core/decode.ts';
import { findInstructions } from '../../src/core/instructions.ts';
import { ValidationError } from '../../src/error/error.ts';
import { Component } from '../../src/index.ts';
import { parseText } from '../../src/text/parse.ts';
import { validateComponent } from '../../src/validate/validate.ts';
import {
  around,
  compareMutants,
  decoded,
  disagreement,
  engineRefusal,
  realModules,
} from '../support/engine-verdict.ts';
import { needs } from '../support/shared.ts';

/** Modules of the suites that are meant to be refused. */
const REFUSED = ['binary/binary.wast:200', 'validation/core-modules.wast:25', 'adapt-export-reallocs/adapt-old.wat'];

describe('modules of the suites and the corpus', needs('conformance'), () => {
  const modules = needs('conformance').skip === false ? realModules() : [];

  test('each is judged and read as by the engine', () => {
    assert.ok(modules.length > 800, `${modules.length} modules`);
    const different = modules.flatMap((one) => {
      const what = disagreement(one);
      return what === undefined ? [] : [`${one.name}: ${what}`];
    });
    assert.deepEqual(different, []);
    const refused = modules.filter(({ bytes }) => engineRefusal(bytes) !== undefined).map(({ name }) => name);
    assert.equal(refused.length, REFUSED.length, refused.join());
    for (const [i, end] of REFUSED.entries()) assert.ok(refused[i]!.endsWith(end), `${refused[i]}`);
  });

  test('the code of each that the engine accepts is read to the end', () => {
    for (const { name, bytes } of modules) {
      if (engineRefusal(bytes) !== undefined) continue;
      assert.doesNotThrow(() => findInstructions(decodeModule(bytes), new Set(), () => {}), name);
    }
  });

  test('5,000 mutants are judged and read as by the engine', () => {
    const { accepted, undecodable, different } = compareMutants(modules, 5_000, 20_261);
    assert.deepEqual(different, []);
    assert.ok(accepted > 500 && undecodable > 1_000, `${accepted} valid, ${undecodable} undecodable`);
  });
});

/** Proposals beyond core WebAssembly 3.0 and threads: Tenon reads their types, the engine has them behind flags or not at all. */
const BEHIND_GATES: Readonly<Record<string, string>> = {
  'shared-everything threads: types': '(module (type (shared (func))))',
  'shared-everything threads: globals': '(module (global (shared mut i32) (i32.const 0)))',
  'stack switching': '(module (type $f (func)) (type (cont $f)))',
  'custom page sizes': '(module (memory 1 (pagesize 1)))',
  'custom descriptors: exact references': '(module (type $s (struct)) (func (param (ref null (exact $s)))))',
  'wide arithmetic':
    '(module (func (param i64 i64 i64 i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))))',
  'memory control': '(module (memory 1) (func (memory.discard (i32.const 0) (i32.const 0))))',
};

const WITHOUT_GATES: Readonly<Record<string, string>> = {
  threads: '(module (memory 1 1 shared))',
  'multiple memories': '(module (memory 1) (memory 1))',
  '64-bit memories and tables': '(module (memory i64 1) (table i64 1 funcref))',
  'garbage collection': '(module (type (struct (field i32))) (func (result anyref) (struct.new_default 0)))',
  exceptions: '(module (tag $e) (func (block (try_table (catch_all 0)))))',
  'exceptions of old': '(module (func try catch_all end))',
  'tail calls': '(module (func $f return_call $f))',
  'relaxed vectors':
    '(module (func (param v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 0) (local.get 0))))',
  'extended constants': '(module (global i32 (i32.add (i32.const 1) (i32.const 2))))',
};

function refusal(bytes: Uint8Array<ArrayBuffer>): ValidationError {
  try {
    validateComponent(decodeComponent(bytes));
  } catch (error) {
    assert.ok(error instanceof ValidationError, String(error));
    return error;
  }
  return assert.fail('accepted');
}

describe('proposals of core WebAssembly', () => {
  for (const [name, text] of Object.entries(BEHIND_GATES)) {
    test(`${name}: the engine refuses`, () => {
      const { bytes } = parseText(text);
      assert.ok('module' in decoded(bytes), 'it can be decoded');
      const error = refusal(around(bytes));
      assert.equal(error.code, 'invalid-core-module');
      assert.match(error.details.path ?? '', /^core module 0/);
    });
  }
  for (const [name, text] of Object.entries(WITHOUT_GATES)) {
    test(`${name}: the engine has it`, () => {
      const { bytes } = parseText(text);
      assert.equal(disagreement({ name, bytes }), undefined);
      validateComponent(decodeComponent(around(bytes)));
    });
  }
});

describe('the place of what the engine refuses', () => {
  const { bytes } = parseText(`(component
    (core module)
    (component
      (type u8)
      (core module (func) (func) (func (param i32) (result i32) (i64.add (local.get 0) (local.get 0))))))`);
  /** `local.get 0 local.get 0 i64.add`: the engine points at the operand that has the wrong type. */
  const at = Buffer.from(bytes).indexOf(Buffer.from([0x20, 0x00, 0x20, 0x00, 0x7c]));

  test('validation: offset in the whole file, path to the function', () => {
    const { code, details, message } = refusal(bytes);
    assert.equal(code, 'invalid-core-module');
    assert.equal(details.offset, at);
    assert.equal(details.path, 'component 0 > core module 0 > func 2');
    assert.match(message, /^core module is not valid: type mismatch: /);
  });

  test('loading, where the engine compiles meanwhile: the same', async () => {
    await assert.rejects(Component.load(bytes), (error) => {
      assert.ok(error instanceof ValidationError);
      assert.deepEqual(
        [error.code, error.details.offset, error.details.path],
        ['invalid-core-module', at, 'component 0 > core module 0 > func 2'],
      );
      return true;
    });
  });
});
