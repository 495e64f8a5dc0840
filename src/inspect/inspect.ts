/**
 * What a file is made of: parts with sizes, languages and the tools that made them, imports and exports, what it could ask for.
 * Reads a valid component or core module; says nothing of what the code does.
 */

import { type ProducerField, readNames, readProducers } from '../core/custom.ts';
import { type CoreModule, decodeModule } from '../core/decode.ts';
import { Reader } from '../core/reader.ts';
import { MalformedError } from '../error/error.ts';
import type { Component } from '../types/definition.ts';
import { type Capability, capabilities, type Offer, offers } from './capabilities.ts';

/** A custom section; sizes are those of its contents, without its name. */
export interface Custom {
  readonly name: string;
  /** Byte offset in the file. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

/** A component or core module, with what stands inside it. */
export interface Part {
  readonly kind: 'component' | 'core module';
  /** From its name section. */
  readonly name: string | undefined;
  /** Byte offset in the file. */
  readonly offset: number;
  /** In bytes, parts included. */
  readonly size: number;
  readonly languages: readonly string[];
  /** Interpreters that it carries, such as CPython or QuickJS, by the tools that it names and the texts that it holds. */
  readonly engines: readonly string[];
  readonly producers: readonly ProducerField[];
  readonly customs: readonly Custom[];
  /** Whether it carries debug data (DWARF). */
  readonly debug: boolean;
  readonly parts: readonly Part[];
}

/** What `inspectComponent` and `inspectModule` found. */
export interface Inspection {
  readonly root: Part;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly capabilities: readonly Capability[];
  /** What others can ask of it, told from its exports. */
  readonly offers: readonly Offer[];
  /** Of all parts, in the order in which they were met. */
  readonly languages: readonly string[];
  readonly engines: readonly string[];
  /** Tools of all parts, as `name version`. */
  readonly tools: readonly string[];
}

const EMBEDDED: readonly (readonly [RegExp, string])[] = [
  [/^componentize-py/i, 'Python'],
  [/^(?:componentize-?js|componentize-qjs|StarlingMonkey|spidermonkey)/i, 'JavaScript'],
  [/^TinyGo|^Go cmd\/compile/i, 'Go'],
  [/^AssemblyScript/i, 'AssemblyScript'],
  [/^rustc$/i, 'Rust'],
];

function plainLanguage(name: string): string {
  if (/^C_plus_plus/.test(name)) return 'C++';
  if (/^C(?:\d\d)?$/.test(name)) return 'C';
  return name;
}

/** Texts that run-time libraries leave in the data of a module, read byte by byte. */
const TRACES: readonly (readonly [RegExp, string])[] = [
  [/\/rustc[/-]|library\/core\/src\/|core::panicking|_ZN4core/, 'Rust'],
  [/~\0l\0i\0b\0\/\0/, 'AssemblyScript'],
  [/quickjs|JS_NewRuntime|SpiderMonkey/i, 'JavaScript'],
  [/Py_Initialize|PyUnicode_|PyObject_/, 'Python'],
];

/** The same of interpreters; StarlingMonkey is built on SpiderMonkey and names both. */
const ENGINES: readonly (readonly [RegExp, string])[] = [
  [/starlingmonkey|componentize-?js\b/i, 'StarlingMonkey'],
  [/quickjs|componentize-qjs|JS_NewRuntime/i, 'QuickJS'],
  [/Py_Initialize|PyUnicode_|PyObject_|componentize-py/, 'CPython'],
];

const LATIN1 = new TextDecoder('latin1');

function matching(table: readonly (readonly [RegExp, string])[], text: string): readonly string[] {
  return table.flatMap(([pattern, name]) => (pattern.test(text) ? [name] : []));
}

function toolNames(producers: readonly ProducerField[]): string {
  return producers.flatMap(({ tools }) => tools.map((tool) => tool.name)).join('\n');
}

/** Languages by what the producers section says, else by signs that toolchains leave. */
function languagesOf(producers: readonly ProducerField[], signs: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const { field, tools } of producers) {
    for (const { name } of tools) {
      if (field === 'language') found.add(plainLanguage(name));
      const embedded = EMBEDDED.find(([pattern]) => pattern.test(name));
      if (embedded !== undefined) found.add(embedded[1]);
    }
  }
  if (signs.some((s) => s === 'go:buildid' || s === 'go.buildid')) found.add('Go');
  return [...found];
}

function modulePart(module: CoreModule): Part {
  const producers = module.sections.flatMap((s) => (s.name === 'producers' ? readProducers(module.bytes, s) : []));
  const customs = module.sections.flatMap((s) => (s.name === undefined ? [] : [s.name]));
  const said = languagesOf(producers, customs);
  const text = LATIN1.decode(module.bytes.subarray(module.start, module.end));
  return {
    kind: 'core module',
    name: readNames(module).module,
    offset: module.start,
    size: module.end - module.start,
    languages: said.length > 0 ? said : matching(TRACES, text),
    engines: matching(ENGINES, `${toolNames(producers)}\n${text}`),
    producers,
    customs: module.sections.flatMap(({ name, start, end }) =>
      name === undefined ? [] : [{ name, offset: start, size: end - start }],
    ),
    debug: customs.includes('.debug_info'),
    parts: [],
  };
}

/** The name in a section `component-name`. */
function componentName(component: Component): string | undefined {
  const section = component.customs.find((c) => c.name === 'component-name');
  if (section === undefined) return undefined;
  try {
    const r = new Reader(component.bytes, section.start, section.end);
    while (!r.done) {
      const id = r.byte();
      const body = r.sub(r.u32());
      if (id === 0) return body.name();
    }
  } catch (error) {
    // Custom sections never make a component malformed.
    if (!(error instanceof MalformedError)) throw error;
  }
  return undefined;
}

function componentPart(component: Component): Part {
  const parts: Part[] = [];
  for (const definition of component.definitions) {
    if (definition.kind === 'component') parts.push(componentPart(definition.component));
    if (definition.kind === 'core module')
      parts.push(modulePart(decodeModule(component.bytes, definition.start, definition.end)));
  }
  const producers = component.customs.flatMap((c) => (c.name === 'producers' ? readProducers(component.bytes, c) : []));
  return {
    kind: 'component',
    name: componentName(component),
    offset: component.start,
    size: component.end - component.start,
    languages: languagesOf(producers, []),
    engines: matching(ENGINES, toolNames(producers)),
    producers,
    customs: component.customs.map(({ name, start, end }) => ({ name, offset: start, size: end - start })),
    debug: false,
    parts,
  };
}

function walk(part: Part): readonly Part[] {
  return [part, ...part.parts.flatMap(walk)];
}

function toolsOf(parts: readonly Part[]): readonly string[] {
  const tools = parts.flatMap((p) =>
    p.producers.flatMap(({ field, tools: list }) =>
      field === 'language' ? [] : list.map(({ name, version }) => (version === '' ? name : `${name} ${version}`)),
    ),
  );
  return [...new Set(tools)];
}

function inspection(root: Part, imports: readonly string[], exports: readonly string[]): Inspection {
  const all = walk(root);
  return {
    root,
    imports,
    exports,
    capabilities: capabilities(imports),
    offers: offers(exports),
    languages: [...new Set(all.flatMap((p) => p.languages))],
    engines: [...new Set(all.flatMap((p) => p.engines))],
    tools: toolsOf(all),
  };
}

/** Describes a decoded component. */
export function inspectComponent(component: Component): Inspection {
  const names = (kind: 'import' | 'export'): string[] =>
    component.definitions.flatMap((d) => (d.kind === kind ? [d.name.name] : []));
  return inspection(componentPart(component), names('import'), names('export'));
}

/** Describes a decoded core module; imports are named `module#name`. */
export function inspectModule(module: CoreModule): Inspection {
  return inspection(
    modulePart(module),
    module.imports.map((i) => `${i.module}#${i.name}`),
    module.exports.map((e) => e.name),
  );
}
