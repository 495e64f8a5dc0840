/**
 * The binaries of the reference suite: what it calls malformed is refused with the words that it asks for, everything else decodes.
 * Needs the suite's files (TENON_SHARED, or ../shared).
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { decodeModule } from '../core/decode.ts';
import { MalformedError } from '../error/error.ts';
import type { Component } from '../types/definition.ts';
import { decodeComponent } from './decode.ts';
import { encodeComponent } from './encode.ts';
import { plain } from './fixture.ts';

const SHARED = process.env['TENON_SHARED'] ?? resolve(import.meta.dirname, '../../../shared');
const FILE = join(SHARED, 'conformance/component-model/binary/binary.wast');
const skip = existsSync(FILE) ? false : `not run: ${FILE} is absent`;

interface Case {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly line: number;
  readonly verdict: 'malformed' | 'invalid' | 'valid';
  /** What the message must contain. */
  readonly message: string;
}

function literalBytes(literal: string): number[] {
  const pieces = literal.matchAll(/\\([0-9a-f]{2})|([^\\]+)/giu);
  return [...pieces].flatMap(([, hex, plain]) =>
    hex === undefined ? [...new TextEncoder().encode(plain)] : [Number.parseInt(hex, 16)],
  );
}

/** The binaries of the script, in order. It writes every component as `(component … binary "…" "…")`. */
function cases(text: string): Case[] {
  const code = text.replaceAll(/;;[^\n]*/g, (comment) => ' '.repeat(comment.length));
  const form = /(\(assert_(?:malformed|invalid)\s*)?\(component\s[^"()]*?binary\s*((?:"[^"]*"\s*)+)\)\s*("[^"]*")?/g;
  return [...code.matchAll(form)].map((match) => {
    const [, assertion, strings = '', message = '""'] = match;
    return {
      bytes: new Uint8Array([...strings.matchAll(/"([^"]*)"/g)].flatMap(([, literal = '']) => literalBytes(literal))),
      line: code.slice(0, match.index).split('\n').length,
      verdict: assertion?.includes('malformed') ? 'malformed' : assertion === undefined ? 'valid' : 'invalid',
      message: message.slice(1, -1),
    };
  });
}

function decodeModules(component: Component): void {
  for (const definition of component.definitions) {
    if (definition.kind === 'core module') decodeModule(component.bytes, definition.start, definition.end);
    else if (definition.kind === 'component') decodeModules(definition.component);
  }
}

/** Decodes a component and its core modules; answers the message of the refusal. */
function problem(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    decodeModules(decodeComponent(bytes));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof MalformedError, String(error));
    assert.ok(error.details.offset !== undefined && error.details.offset <= bytes.length);
    return error.message;
  }
}

/** Lines of binaries that say something in a longer form than the encoder: a padded LEB128, the name form 0x01. */
const NOT_CANONICAL: readonly number[] = [145, 1187];

describe('binaries of the reference suite', { skip }, () => {
  const all = existsSync(FILE) ? cases(readFileSync(FILE, 'utf8')) : [];

  test('malformed ones are refused in its words', () => {
    const malformed = all.filter((c) => c.verdict === 'malformed');
    assert.equal(malformed.length, 70);
    const wrong = malformed.flatMap(({ bytes, line, message }) => {
      const found = problem(bytes);
      return found?.includes(message) === true ? [] : [`${line}: wanted ${message}, got ${found ?? 'acceptance'}`];
    });
    assert.deepEqual(wrong, []);
  });

  test('valid ones decode; of the invalid ones the decoder refuses only what it has the words for', () => {
    const others = all.filter((c) => c.verdict !== 'malformed');
    assert.equal(others.filter((c) => c.verdict === 'valid').length, 35);
    assert.equal(others.filter((c) => c.verdict === 'invalid').length, 18);
    const wrong = others.flatMap(({ bytes, line, verdict, message }) => {
      const found = problem(bytes);
      return found === undefined || (verdict === 'invalid' && found.includes(message)) ? [] : [`${line}: ${found}`];
    });
    assert.deepEqual(wrong, []);
  });

  test('what decodes is encoded to the same bytes, but for forms that are not canonical', () => {
    const different = all.flatMap(({ bytes, line, verdict }) => {
      if (verdict !== 'valid') return [];
      const encoded = encodeComponent(decodeComponent(bytes));
      assert.deepEqual(plain(decodeComponent(encoded)), plain(decodeComponent(bytes)), `line ${line}`);
      return Buffer.compare(encoded, bytes) === 0 ? [] : [line];
    });
    assert.deepEqual(different, NOT_CANONICAL);
  });
});
