/**
 * Test scripts (`.wast`) as data: what they define, call and expect, in order. It does not run them. Specification: the format of the
 * reference suites.
 */
import { TextError } from '../error/error.ts';
import { type Cursor, topLevel } from './cursor.ts';
import { readNodes } from './lexer.ts';
import { head } from './node.ts';
import { assembleBody, type Form, type Header, quotedText, readHeader } from './parse.ts';
import { type ScriptValue, scriptValues } from './script-value.ts';
import type { SourceOptions } from './source.ts';

/** How a definition was given; what could not be read keeps its error, since a script may expect it. */
export type DefinitionSource =
  | { readonly form: 'text' | 'binary'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly form: 'quote'; readonly text: string }
  | { readonly form: Form; readonly error: TextError };

/** A component or core module in a script. */
export interface ScriptDefinition {
  readonly kind: 'component' | 'module';
  /** The identifier without `$`. */
  readonly id: string | undefined;
  readonly line: number;
  readonly source: DefinitionSource;
}

/** A call, or the value of an exported global, of an instance: the named one or else the last. */
export interface Action {
  readonly kind: 'invoke' | 'get';
  readonly line: number;
  readonly instance: string | undefined;
  readonly name: string;
  readonly args: readonly ScriptValue[];
}

/** What a directive says; every one has its line. */
export type Directive = { readonly line: number } & (
  | { readonly kind: 'define and instantiate'; readonly definition: ScriptDefinition }
  /** `(component definition …)`, `(module definition …)`: defines without instantiating. */
  | { readonly kind: 'define'; readonly definition: ScriptDefinition }
  /** `(component instance $id? $definition?)`, `(module instance …)` */
  | {
      readonly kind: 'instantiate';
      readonly of: 'component' | 'module';
      readonly id: string | undefined;
      readonly definition: string | undefined;
    }
  | { readonly kind: 'register'; readonly name: string; readonly instance: string | undefined }
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'assert_return'; readonly action: Action; readonly results: readonly ScriptValue[] }
  | { readonly kind: 'assert_trap'; readonly target: Action | ScriptDefinition; readonly message: string }
  | {
      readonly kind: 'assert_invalid' | 'assert_malformed' | 'assert_unlinkable';
      readonly definition: ScriptDefinition;
      readonly message: string;
    }
  | { readonly kind: 'assert_exhaustion' | 'assert_suspension'; readonly action: Action; readonly message: string }
  | { readonly kind: 'assert_exception'; readonly action: Action }
  /** Not one of these: it cannot be run. */
  | { readonly kind: 'unknown'; readonly keyword: string }
);

export type DirectiveKind = Directive['kind'];

function lineOf(c: Cursor): number {
  return c.owner.source.line(c.owner.offset);
}

/** The text is assembled now; what is wrong with it is for the directive to judge. */
function definition(kind: 'component' | 'module', c: Cursor): ScriptDefinition {
  const line = lineOf(c);
  const header = readHeader(c);
  return { kind, id: header.id?.name, line, source: sourceOf(kind, header, c) };
}

function sourceOf(kind: 'component' | 'module', header: Header, c: Cursor): DefinitionSource {
  const { form } = header;
  try {
    return form === 'quote' ? { form, text: quotedText(c) } : { form, bytes: assembleBody(kind, header, c) };
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    return { form, error };
  }
}

function definitionList(c: Cursor): ScriptDefinition {
  for (const kind of ['component', 'module'] as const) {
    const inner = c.takeList(kind);
    if (inner !== undefined) return definition(kind, inner);
  }
  throw c.unexpected('`(component` or `(module`');
}

function action(c: Cursor): Action {
  const kind = c.isList('get') ? 'get' : 'invoke';
  return actionOf(kind, c.list(kind));
}

function actionOf(kind: Action['kind'], c: Cursor): Action {
  const instance = c.takeId()?.name;
  const name = c.name();
  return { kind, line: lineOf(c), instance, name, args: scriptValues(c) };
}

/** `(component …)` or `(module …)` at the top, behind the keyword */
function defining(of: 'component' | 'module', c: Cursor): Directive {
  const line = lineOf(c);
  if (c.takeWord('instance')) {
    const id = c.takeId()?.name;
    const name = c.takeId()?.name;
    c.finish();
    return { kind: 'instantiate', line, of, id, definition: name };
  }
  const kind = c.takeWord('definition') ? 'define' : 'define and instantiate';
  return { kind, line, definition: definition(of, c) };
}

function assertion(keyword: string, c: Cursor): Directive | undefined {
  const line = lineOf(c);
  switch (keyword) {
    case 'assert_return':
      return { kind: keyword, line, action: action(c), results: scriptValues(c) };
    case 'assert_trap': {
      const target = c.isList('component') || c.isList('module') ? definitionList(c) : action(c);
      return { kind: keyword, line, target, message: c.name() };
    }
    case 'assert_invalid':
    case 'assert_malformed':
    case 'assert_unlinkable':
      return { kind: keyword, line, definition: definitionList(c), message: c.name() };
    case 'assert_exhaustion':
    case 'assert_suspension':
      return { kind: keyword, line, action: action(c), message: c.name() };
    case 'assert_exception':
      return { kind: keyword, line, action: action(c) };
    default:
      return undefined;
  }
}

function directive(c: Cursor): Directive {
  const line = lineOf(c);
  const keyword = c.word('a directive').text;
  switch (keyword) {
    case 'component':
    case 'module':
      return defining(keyword, c);
    case 'register': {
      const name = c.name();
      return { kind: 'register', line, name, instance: c.takeId()?.name };
    }
    case 'invoke':
    case 'get':
      return { kind: 'action', line, action: actionOf(keyword, c) };
    default: {
      const found = assertion(keyword, c);
      if (found !== undefined) return found;
      c.rest();
      return { kind: 'unknown', line, keyword };
    }
  }
}

function bareModule(c: Cursor): ScriptDefinition {
  const header = { id: undefined, name: undefined, form: 'text' } as const;
  return { kind: 'module', id: undefined, line: 1, source: { form: 'text', bytes: assembleBody('module', header, c) } };
}

/**
 * Reads a script into its directives.
 * @throws TextError where the script itself is malformed; of what it defines, the directive has the error
 */
export function parseScript(source: string, options: SourceOptions = {}): Directive[] {
  const read = readNodes(source, options);
  const top = topLevel(read.nodes, read.source);
  const directives: Directive[] = [];
  const [first] = read.nodes.filter((node) => node.kind !== 'annotation');
  // A script of fields alone is one module.
  if (first !== undefined && !/^(?:component|module|register|invoke|get|thread|wait|assert_\w+)$/.test(head(first)))
    return [{ kind: 'define and instantiate', line: 1, definition: bareModule(top) }];
  while (!top.done) {
    const c = top.list();
    const found = directive(c);
    // A definition that failed may have been left half read.
    const failed = 'definition' in found && typeof found.definition === 'object' && 'error' in found.definition.source;
    if (!failed) c.finish();
    directives.push(found);
  }
  return directives;
}
