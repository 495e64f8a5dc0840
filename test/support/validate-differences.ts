/**
 * Where Tenon and wasm-tools 1.262 judge a component differently and both are meant to: the tool implements what was merged into the
 * specification after the pinned 6d28164, or differs from the specification. Each class has the specification's word.
 */
import { decodeComponent } from '../../src/binary/decode.ts';
import type { Component, Declaration, Definition } from '../../src/types/definition.ts';
import { uniqueKey } from '../../src/types/extern-name.ts';

/** One input and what both say of it; undefined is acceptance. */
export interface Disagreement {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tenon: string | undefined;
  readonly tool: string | undefined;
}

type Item = Definition | Declaration;

interface Difference {
  readonly name: string;
  readonly tenon: RegExp | 'valid';
  readonly tool: RegExp | 'valid';
  /** What must hold of the component besides. */
  readonly also?: (one: Disagreement) => boolean;
}

/** True if the component, or a component or type inside it, has such a definition or declaration. */
function holds(items: readonly Item[], test: (item: Item) => boolean): boolean {
  return items.some((item) => {
    if (test(item)) return true;
    if (item.kind === 'component') return holds(item.component.definitions, test);
    return item.kind === 'type' && 'declarations' in item.type && holds(item.type.declarations, test);
  });
}

function someItem(test: (item: Item) => boolean): (one: Disagreement) => boolean {
  return ({ bytes }) => {
    const component: Component = decodeComponent(bytes);
    return holds(component.definitions, test);
  };
}

const importsEqual = someItem(({ kind, type }: Item & { type?: unknown }) => {
  const bound = type as { kind?: string; bound?: string } | undefined;
  return kind === 'import' && bound?.kind === 'type' && bound.bound === 'eq';
});

/** Names that differ in nothing but `-`. */
function onlyHyphens({ tool }: Disagreement): boolean {
  const [, a = '', b = ''] = /name `([^`]*)` conflicts with previous (?:\w+ )?name `([^`]*)`/.exec(tool!) ?? [];
  const plain = (name: string) => uniqueKey(name).replaceAll('-', '');
  return uniqueKey(a) !== uniqueKey(b) && plain(a) === plain(b);
}

const NOT_EQUAL =
  /^type mismatch for import `[^`]*`: .*(?:missing expected (?:import|export)|resource types are not the same|expected )/;
const NOT_SAME = /resource types are not the same/;

const DIFFERENCES: readonly Difference[] = [
  {
    // Binary, "canon": `cancel? ::= 0x00 | 0x01`, both allowed. #716, merged later, demands 0x00.
    name: 'later specification: the byte of `cancellable` must be 0 (#716)',
    tenon: 'valid',
    tool: /historically accepted as `cancellable`/,
  },
  {
    // Explainer, "Name Uniqueness" at the pin: lower case, `[*]l.l`, annotations; `-` counts. #704, merged later, removes `-`.
    name: 'later specification: `-` does not count for uniqueness (#704)',
    tenon: 'valid',
    tool: /conflicts with previous/,
    also: onlyHyphens,
  },
  {
    // Binary, "Import and Export Definitions": "`[constructor]` names requires a `func` type whose result type is either `(own $R)`
    // or `(result (own $R) E?)`": nothing about `async` at the pin.
    name: 'later specification: a constructor cannot be async (#701)',
    tenon: 'valid',
    tool: /constructor function cannot be async/,
  },
  {
    // Explainer, "Type Checking": `(export "r2" (type $r) (type (sub resource)))`: "an explicit type can be ascribed to the export
    // that replaces the `eq` bound with a less-precise `sub` bound". The tool does not know this introduction of an abstract type.
    name: 'the tool is too strict: an abstract resource in the type ascribed to an export',
    tenon: 'valid',
    tool: /ascribed type of export is not compatible with item's type.*resource types are not the same/,
    also: someItem((item) => item.kind === 'export' && 'sort' in item && item.type !== undefined),
  },
  {
    // Explainer, "External Visibility of Types": "the `typeidx` that gets passed *into* the `export` does *not* get retroactively
    // named by the `export`; only the *new* `typeidx`". For types of functions, instances and components the tool has one for both.
    name: 'the tool is too strict: a type that was exported counts as named by the export',
    tenon: 'valid',
    tool: /^type not valid to be used as import/,
    also: importsEqual,
  },
  {
    // Explainer, "Type Definitions": "The `eq` bound says that the imported/exported type must be structurally equal". The tool asks
    // for a subtype where instance and component types are supplied.
    name: 'the tool is too lenient: an instance or component type need not equal an `eq` bound',
    tenon: NOT_EQUAL,
    tool: 'valid',
    also: importsEqual,
  },
  {
    // The same sentence: instance types that differ in nothing but which abstract resources they bind are structurally equal.
    name: 'the tool is too strict: instance types that bind resources never equal an `eq` bound',
    tenon: 'valid',
    tool: new RegExp(`^type mismatch for import .*${NOT_SAME.source}`),
    also: importsEqual,
  },
  {
    // Canonical ABI, "canon thread.new-indirect": "`$ftbl` must refer to a table whose element type matches `funcref`": `(ref func)`
    // matches it (core 3.0, "Matching").
    name: 'the tool is too strict: the table of `thread.new-indirect` must hold exactly `funcref`',
    tenon: 'valid',
    tool: /^table is not a (?:32|64)-bit table of \(ref null \(func\)\)/,
  },
  {
    // No word of the specification: limits of Tenon's own, since its passes are recursive and a small file must not cost seconds.
    name: "Tenon's own limits: components 100 deep, a million nodes of types with resources",
    tenon: /^components are nested (?:deeper|more) than|^the types with resources that are .* exceed/,
    tool: 'valid',
  },
  {
    // Binary, "Component Definitions": version 0x0d, layer 1. `wasm-tools validate` takes core modules as well.
    name: 'the tool validates core modules as well',
    tenon: /this is a core module, not a component/,
    tool: 'valid',
  },
];

function fits(pattern: RegExp | 'valid', said: string | undefined): boolean {
  return pattern === 'valid' ? said === undefined : said !== undefined && pattern.test(said);
}

/** The class of a known difference, or undefined. */
export function differenceOf(one: Disagreement): string | undefined {
  return DIFFERENCES.find(
    ({ tenon, tool, also }) => fits(tenon, one.tenon) && fits(tool, one.tool) && (also?.(one) ?? true),
  )?.name;
}
