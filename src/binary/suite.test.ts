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

const SHARED = process.env['TENON_SHARED'] ?? resolve(import.meta.dirname, '../../../shared');
const FILE = join(SHARED, 'conformance/component-model/binary/binary.wast');
const skip = existsSync(FILE) ? false : `not run: ${FILE} is absent`;

interface Case {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly line: number;
  /** What the message must contain, where the binary is malformed. */
  readonly malformed: string | undefined;
}

function unescape(literal: string): number[] {
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
      bytes: new Uint8Array([...strings.matchAll(/"([^"]*)"/g)].flatMap(([, literal = '']) => unescape(literal))),
      line: code.slice(0, match.index).split('\n').length,
      malformed: assertion?.includes('malformed') === true ? message.slice(1, -1) : undefined,
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

describe('binaries of the reference suite', { skip }, () => {
  const all = existsSync(FILE) ? cases(readFileSync(FILE, 'utf8')) : [];
  const malformed = all.filter((c) => c.malformed !== undefined);
  const sound = all.filter((c) => c.malformed === undefined);

  test('malformed ones are refused in its words', () => {
    assert.equal(malformed.length, 69);
    const wrong = malformed.flatMap(({ bytes, line, malformed: wanted = '' }) => {
      const found = problem(bytes);
      return found?.includes(wanted) === true ? [] : [`${line}: wanted ${wanted}, got ${found ?? 'acceptance'}`];
    });
    assert.deepEqual(wrong, []);
  });

  test('the others decode', () => {
    assert.ok(sound.length > 50, `${sound.length}`);
    assert.deepEqual(
      sound.flatMap(({ bytes, line }) => {
        const found = problem(bytes);
        return found === undefined ? [] : [`${line}: ${found}`];
      }),
      [],
    );
  });
});
