/**
 * Every refusal of the reference suite says where: a stable code, a byte offset inside the file and, unless the file as a whole or the
 * frame of a section is wrong, the path of the item.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeComponent } from '../../src/binary/decode.ts';
import { MalformedError, ValidationError } from '../../src/error/error.ts';
import { parseScript } from '../../src/text/script.ts';
import { validateComponent } from '../../src/validate/validate.ts';
import { SUITE, suiteFiles } from '../support/conformance.ts';
import { needs } from '../support/shared.ts';

type Refusal = MalformedError | ValidationError;

function refusal(bytes: Uint8Array<ArrayBuffer>): Refusal {
  try {
    validateComponent(decodeComponent(bytes));
  } catch (error) {
    assert.ok(error instanceof MalformedError || error instanceof ValidationError, String(error));
    return error;
  }
  return assert.fail('accepted');
}

/** Refused binaries of one kind, by place in the suite. */
function refused(kind: 'assert_invalid' | 'assert_malformed'): Map<string, Uint8Array<ArrayBuffer>> {
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [folder, file] of suiteFiles())
    for (const directive of parseScript(readFileSync(join(SUITE, folder, file), 'utf8'))) {
      if (directive.kind !== kind || !('bytes' in directive.definition.source)) continue;
      found.set(`${folder}/${file}:${directive.line}`, directive.definition.source.bytes);
    }
  return found;
}

/** One item of a path: a place in an index space, or a name, or how an item is made. */
const STEP = new RegExp(
  `^(?:${[
    String.raw`(?:core (?:func|table|memory|global|tag|type|module|instance)|func|value|type|component|instance) \d+`,
    '(?:import|export)(?: ".*")?',
    'alias|start|custom section|canon(?: [a-z.-]+)?',
  ].join('|')})$`,
);

/** What is wrong with the place of an error, if anything. */
function problem({ code, details: { offset, path } }: Refusal, size: number): string | undefined {
  if (!/^[a-z]+(?:-[a-z0-9]+)*$/.test(code)) return `code ${code}`;
  if (offset === undefined || offset < 0 || offset > size) return `offset ${offset} of ${size} bytes`;
  const strange = path?.split(' > ').find((step) => !STEP.test(step));
  return strange === undefined ? undefined : `path ${path}`;
}

/** Errors that are about no item: the first bytes of the file, and the id and size of a section. */
const OF_NO_ITEM = ['truncated', 'not-wasm', 'unknown-version', 'unknown-section', 'unexpected-end', 'leb-too-large'];

describe('places of errors', needs('conformance/component-model'), () => {
  test('invalid components: code, offset, path of the item', () => {
    const all = [...refused('assert_invalid')];
    assert.equal(all.length, 380);
    const wrong = all.flatMap(([place, bytes]) => {
      const error = refusal(bytes);
      const what = problem(error, bytes.length) ?? (error.details.path === undefined ? 'no path' : undefined);
      return what === undefined ? [] : [`${place}: ${what}: ${error.message}`];
    });
    assert.deepEqual(wrong, []);
  });

  test('malformed components: code, offset, and the path where an item is malformed', () => {
    const all = [...refused('assert_malformed')];
    assert.equal(all.length, 70);
    let without = 0;
    const wrong = all.flatMap(([place, bytes]) => {
      const error = refusal(bytes);
      if (error.details.path === undefined && OF_NO_ITEM.includes(error.code)) without++;
      else if (error.details.path === undefined) return [`${place}: no path: ${error.message}`];
      const what = problem(error, bytes.length);
      return what === undefined ? [] : [`${place}: ${what}: ${error.message}`];
    });
    assert.deepEqual(wrong, []);
    assert.equal(without, 24);
  });
});
