/** Real components to begin with: those of the reference suites, valid and not, and the small ones of the corpus. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeComponent } from '../../src/binary/decode.ts';
import { TextError } from '../../src/error/error.ts';
import { parseText } from '../../src/text/parse.ts';
import { type Directive, parseScript, type ScriptDefinition } from '../../src/text/script.ts';
import type { Component } from '../../src/types/definition.ts';
import { RICH } from './rich-components.ts';
import { SHARED } from './shared.ts';

const MAX_CORPUS_SIZE = 150_000;
/** How often each of the rich components counts: they are few, and what can be changed in them is much. */
const RICH_WEIGHT = 20;

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Undefined where the bytes are malformed. */
  readonly component: Component | undefined;
}

function filesOf(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: SHARED }).sort();
}

function definitionOf(directive: Directive): ScriptDefinition | undefined {
  if ('definition' in directive && typeof directive.definition === 'object') return directive.definition;
  return directive.kind === 'assert_trap' && 'source' in directive.target ? directive.target : undefined;
}

function decoded(bytes: Uint8Array<ArrayBuffer>): Component | undefined {
  try {
    return decodeComponent(bytes);
  } catch {
    return undefined;
  }
}

function seed(name: string, bytes: Uint8Array<ArrayBuffer>): Seed {
  return { name, bytes, component: decoded(bytes) };
}

/** Every definition of the scripts that has bytes, components and core modules alike. */
export function scriptDefinitions(pattern: string): { name: string; kind: string; bytes: Uint8Array<ArrayBuffer> }[] {
  return filesOf(pattern).flatMap((file) =>
    parseScript(readFileSync(join(SHARED, file), 'utf8')).flatMap((directive) => {
      const definition = definitionOf(directive);
      if (definition === undefined || !('bytes' in definition.source)) return [];
      return [{ name: `${file}:${definition.line}`, kind: definition.kind, bytes: definition.source.bytes }];
    }),
  );
}

/** The binary of a text, or undefined where it is not one that can be assembled. */
export function assembled(file: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return parseText(readFileSync(join(SHARED, file), 'utf8')).bytes;
  } catch (error) {
    if (error instanceof TextError) return undefined;
    throw error;
  }
}

/** The components of the suites and of the corpus, in an order that does not change. */
export function seedComponents(): readonly Seed[] {
  const scripts = scriptDefinitions('conformance/component-model/**/*.wast')
    .filter(({ kind }) => kind === 'component')
    .map(({ name, bytes }) => seed(name, bytes));
  const texts = filesOf('conformance/wit-component/**/component.wat').flatMap((file) => {
    const bytes = assembled(file);
    return bytes === undefined ? [] : [seed(file, bytes)];
  });
  const corpus = filesOf('corpus/*.wasm')
    .map((file) => seed(file, new Uint8Array(readFileSync(join(SHARED, file)))))
    .filter(({ bytes }) => bytes[4] === 0x0d && bytes.length <= MAX_CORPUS_SIZE);
  const rich = RICH.map((text, i) => seed(`rich ${i}`, parseText(text).bytes));
  return [...scripts, ...texts, ...corpus, ...Array.from({ length: RICH_WEIGHT }, () => rich).flat()];
}
