/**
 * The text format of components and core modules as binaries. Specification: Explainer, "Grammar"; core 3.0, "Text format". It does
 * not validate: what the binary format can say is accepted.
 */
import { encodeComponent } from '../binary/encode.ts';
import { parseComponent } from './component/component.ts';
import { assembleModule } from './core/module.ts';
import { type Cursor, nameOf, nodeError, topLevel } from './cursor.ts';
import { readNodes } from './lexer.ts';
import { nameAnnotation } from './name-annotation.ts';
import type { Id } from './node.ts';
import type { SourceOptions } from './source.ts';

/** A binary and what it is. */
export interface ParsedText {
  readonly kind: 'component' | 'module';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How a text gives its definition: fields, bytes, or a text in strings. */
export type Form = 'text' | 'binary' | 'quote';

/** What stands in front of the fields. */
export interface Header {
  readonly id: Id | undefined;
  readonly name: string | undefined;
  readonly form: Form;
}

/** `<id>? (@name …)? (binary | quote)?` behind `component` or `module` */
export function readHeader(c: Cursor): Header {
  const id = c.takeId();
  const name = nameAnnotation(c) ?? id?.name;
  const form = c.takeWord('binary') ? 'binary' : c.takeWord('quote') ? 'quote' : 'text';
  return { id, name, form };
}

/** The text in the strings that are left, each on its own line. */
export function quotedText(c: Cursor): string {
  const lines: string[] = [];
  while (c.isString()) lines.push(nameOf(c.string()));
  c.finish();
  return lines.join('\n');
}

/** The bytes in the strings that are left. */
export function quotedBytes(c: Cursor): Uint8Array<ArrayBuffer> {
  const bytes = c.data();
  c.finish();
  return bytes;
}

/** Assembles what stands behind `component` or `module` and its header. */
export function assembleBody(kind: ParsedText['kind'], { id, name, form }: Header, c: Cursor): Uint8Array<ArrayBuffer> {
  switch (form) {
    case 'binary':
      return quotedBytes(c);
    case 'quote':
      return parseQuoted(kind, quotedText(c)).bytes;
    case 'text':
      return kind === 'module' ? assembleModule(c, name) : encodeComponent(parseComponent(c, id?.name, name));
  }
}

/** A text that may leave out the parentheses around its fields; without them it is a `fallback`. */
function parseTop(source: string, options: SourceOptions, fallback: ParsedText['kind']): ParsedText {
  const read = readNodes(source, options);
  const top = topLevel(read.nodes, read.source);
  const name = nameAnnotation(top);
  const kind = top.isList('component') ? 'component' : top.isList('module') ? 'module' : undefined;
  if (kind === undefined || top.peek(1) !== undefined)
    return { kind: fallback, bytes: assembleBody(fallback, { id: undefined, name, form: 'text' }, top) };
  const c = top.list(kind);
  return { kind, bytes: assembleBody(kind, readHeader(c), c) };
}

/**
 * Parses a component or core module in the text format. A text without `(component …)` or `(module …)` around it is read as the
 * fields of a module.
 * @throws TextError with file, line and column
 * @example
 * ```ts
 * import { parseText } from 'tenon/text';
 *
 * const { kind, bytes } = parseText('(component (core module))');
 * console.log(kind, bytes.length); // prints component 18
 * ```
 */
export function parseText(source: string, options: SourceOptions = {}): ParsedText {
  return parseTop(source, options, 'module');
}

/**
 * Parses a component in the text format.
 * @throws TextError with file, line and column; `expected-component` if it is a core module
 */
export function parseComponentText(source: string, options: SourceOptions = {}): Uint8Array<ArrayBuffer> {
  const { kind, bytes } = parseTop(source, options, 'component');
  if (kind === 'component') return bytes;
  const read = readNodes(source, options);
  throw nodeError(
    'expected-component',
    'expected a component, found a core module',
    topLevel(read.nodes, read.source).owner,
  );
}

/**
 * Parses the text of a quote, whose outer parentheses may be missing.
 * @throws TextError
 */
export function parseQuoted(kind: ParsedText['kind'], text: string, options: SourceOptions = {}): ParsedText {
  return parseTop(text, options, kind);
}
