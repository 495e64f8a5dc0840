/**
 * Seeded changes to decoded components: one or two things are changed and the component is encoded again, so that most mutants get
 * past the decoder and are wrong (or right) in one place of validation. Bytes are damaged by `mutate.ts`.
 */
import { encodeComponent } from '../../src/binary/encode.ts';
import type { AnySort, Component, Definition, ExternTypeDef } from '../../src/types/definition.ts';
import {
  aCanon,
  aCoreValType,
  aDeclaration,
  aDefinition,
  aField,
  aModuleDeclaration,
  aName,
  anExternType,
  anIndex,
  anOption,
  aType,
  aValType,
  below,
  CORE_SORTS,
  type Next,
  PRIMITIVES,
  pick,
  SORTS,
} from './random-definitions.ts';

/** Decoded data as a tree that can be written to. */
type Tree = { [key: string]: unknown };

/** A place that can be changed, and how. */
type Change = (next: Next) => void;

/** Changes by what they change, so that rare things are changed as often as common ones. */
type Changes = Map<string, Change[]>;

/** A copy that can be written to; `bytes` are shared, sections and custom sections are left out. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const out: Tree = {};
  for (const [key, inner] of Object.entries(value))
    out[key] = key === 'sections' || key === 'customs' ? [] : copy(inner);
  return out;
}

function copyOf(component: Component): Component & { definitions: Definition[] } {
  return copy(component) as Component & { definitions: Definition[] };
}

function nearIndex(next: Next, index: number): number {
  const way = next();
  if (way < 0.6) return Math.max(0, index + pick(next, [-2, -1, -1, 1, 1, 2]));
  return way < 0.9 ? below(next, index + 3) : anIndex(next);
}

const NAME_CHARACTERS = 'abzABZ019-.:/@+[]<>_ é';

/** One character put in, left out or exchanged. */
function editName(next: Next, name: string): string {
  const at = below(next, name.length + 1);
  const put = next() < 0.7 ? pick(next, [...NAME_CHARACTERS]) : '';
  return name.slice(0, at) + put + name.slice(at + below(next, 2));
}

function nearName(next: Next, name: string, others: readonly string[]): string {
  switch (below(next, 9)) {
    case 0:
      return name.toUpperCase();
    case 1:
      return name.replace('-', '');
    case 2:
      return `${name}-x`;
    case 3:
      return name.slice(1);
    case 4:
      return aName(next);
    case 5:
    case 6:
      return editName(next, name);
    default:
      return pick(next, others);
  }
}

const NO_CHANGE: readonly string[] = ['offset', 'start', 'end', 'after'];
/** Where a value type stands, and where it may be absent. */
const VALUE_TYPES: readonly string[] = ['element', 'ok', 'err', 'result', 'type', 'key', 'value'];
const OPTIONAL_TYPES: readonly string[] = ['ok', 'err', 'result'];
const ATTRIBUTES: readonly string[] = ['implements', 'versionSuffix', 'externalId'];

/** What can be put into a list, by the name of the list. */
function newItem(key: string, owner: Tree, next: Next): unknown {
  const name = aName(next);
  switch (key) {
    case 'definitions':
      return aDefinition(next);
    case 'declarations':
      return owner['kind'] === 'module' ? aModuleDeclaration(next) : aDeclaration(next, owner['kind'] === 'component');
    case 'supertypes':
      return below(next, 4);
    case 'fields':
      return owner['kind'] === 'struct' ? aField(next) : { name, type: aValType(next) };
    case 'params':
      return 'results' in owner ? aCoreValType(next) : { name, type: aValType(next) };
    case 'results':
      return aCoreValType(next);
    case 'cases':
      return { name, type: next() < 0.5 ? aValType(next) : undefined };
    case 'options':
      return anOption(next);
    case 'labels':
      return name;
    default:
      return undefined;
  }
}

/** Changes of a list: an item removed, repeated, moved, exchanged with another, or put in. What moves every later index is rare. */
function changeList(list: unknown[], key: string, owner: Tree, next: Next): void {
  const at = below(next, list.length);
  const item = list[at];
  switch (
    list.length === 0 ? 0 : pick(next, key === 'definitions' ? [0, 0, 0, 0, 1, 2, 3, 3, 3, 4, 5] : [0, 1, 2, 3, 4, 5])
  ) {
    case 0: {
      const made = newItem(key, owner, next);
      const place = next() < 0.6 ? list.length : below(next, list.length + 1);
      if (made !== undefined) list.splice(place, 0, made);
      else if (list.length > 0) list.push(copy(item));
      return;
    }
    case 1:
      list.splice(at, 1);
      return;
    case 2:
      list.splice(below(next, list.length + 1), 0, copy(item));
      return;
    case 3:
      list.push(copy(item));
      return;
    case 4:
      list.splice(at, 1);
      list.splice(below(next, list.length + 1), 0, item);
      return;
    default: {
      const other = below(next, list.length);
      list[at] = list[other];
      list[other] = item;
    }
  }
}

const LISTS: readonly string[] = [
  ...['definitions', 'declarations', 'fields', 'cases', 'types', 'labels', 'params', 'results', 'args', 'exports'],
  ...['options', 'supertypes'],
];

/** Collects what can be changed in a tree. */
class Collector {
  readonly changes: Changes = new Map();
  readonly #names: string[] = ['a'];

  #add(what: string, change: Change): void {
    const known = this.changes.get(what);
    if (known === undefined) this.changes.set(what, [change]);
    else known.push(change);
  }

  #put(what: string, owner: Tree | unknown[], key: string | number, make: (next: Next) => unknown): void {
    this.#add(what, (next) => {
      (owner as Tree)[key] = make(next);
    });
  }

  /** `core` inside core types, which have value types of their own. */
  walk(owner: Tree, core = false): void {
    for (const [key, value] of Object.entries(owner))
      if (!NO_CHANGE.includes(key)) this.#entry(owner, key, value, core);
    for (const key of optionalOf(owner, core)) this.#put('optional type', owner, key, maybeType);
  }

  #entry(owner: Tree, key: string, value: unknown, core: boolean): void {
    if (Array.isArray(value)) {
      if (LISTS.includes(key)) this.#add(`list ${key}`, (next) => changeList(value, key, owner, next));
      this.#items(value, key, core);
    } else if (typeof value === 'object' && value !== null) {
      if (!(value instanceof Uint8Array)) this.#object(owner, key, value as Tree, core);
    } else if (typeof value === 'number') this.#put(`number ${key}`, owner, key, (next) => nearIndex(next, value));
    else if (typeof value === 'bigint') this.#put('limits', owner, key, (next) => pick(next, limitsNear(value)));
    else if (typeof value === 'boolean') this.#put(`flag ${key}`, owner, key, () => !value);
    else if (typeof value === 'string') this.#string(owner, key, value);
    else if (value === undefined) this.#absent(owner, key);
  }

  #items(list: unknown[], key: string, core: boolean): void {
    for (const [at, item] of list.entries()) {
      if (typeof item === 'string') {
        if (key === 'labels') this.#name('label', list, at, item);
        else if (core) this.#put('core value type', list, at, aCoreValType);
      } else if (typeof item === 'object' && item !== null) {
        if (key === 'types' && !core) this.#put('value type', list, at, aValType);
        this.walk(item as Tree, core);
      }
    }
  }

  #object(owner: Tree, key: string, value: Tree, core: boolean): void {
    const kind = owner['kind'];
    if (core) this.walk(value, true);
    else if (kind === 'core type') this.walk(value, true);
    else {
      if (kind === 'type' && key === 'type') this.#put('type', owner, key, aType);
      else if (kind === 'canon') this.#put('canon', owner, key, aCanon);
      else if ((kind === 'import' || kind === 'export') && key === 'type')
        this.#put('extern type', owner, key, anExternType);
      else if (VALUE_TYPES.includes(key)) this.#put('value type', owner, key, aValType);
      this.walk(value);
    }
  }

  #name(what: string, owner: Tree | unknown[], key: string | number, value: string): void {
    this.#names.push(value);
    this.#put(what, owner, key, (next) => nearName(next, value, this.#names));
  }

  #string(owner: Tree, key: string, value: string): void {
    if (key === 'name' || key === 'module') this.#name(key, owner, key, value);
    else if (ATTRIBUTES.includes(key)) {
      this.#name(key, owner, key, value);
      this.#put(key, owner, key, () => undefined);
    } else if (key === 'sort')
      this.#put(key, owner, key, (next) => pick<string>(next, value in CORE_ONLY ? CORE_SORTS : SORTS));
    else if (key === 'primitive') this.#put('value type', owner, key, (next) => pick(next, PRIMITIVES));
    else if (key === 'rep') this.#put(key, owner, key, () => (value === 'i32' ? 'i64' : 'i32'));
    else if (key === 'encoding') this.#put(key, owner, key, (next) => pick(next, ['utf8', 'utf16', 'latin1+utf16']));
  }

  #absent(owner: Tree, key: string): void {
    if (ATTRIBUTES.includes(key)) this.#put('attribute', owner, key, attributeValue);
    else if (key === 'dtor') this.#put(key, owner, key, anIndex);
    else if (key === 'type' && owner['kind'] === 'export') this.#put('ascription', owner, key, anExternType);
  }
}

/** Sorts that only core instances have without a prefix. */
const CORE_ONLY: Readonly<Record<string, true>> = { table: true, memory: true, global: true, tag: true };

function limitsNear(value: bigint): readonly bigint[] {
  return [0n, 1n, value + 1n, 65_536n, 65_537n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 48n, 2n ** 48n + 1n];
}

function maybeType(next: Next): unknown {
  return next() < 0.5 ? undefined : aValType(next);
}

/** The keys of a node whose value type may be absent. */
function optionalOf(owner: Tree, core: boolean): readonly string[] {
  if (core) return [];
  if (owner['kind'] === 'stream' || owner['kind'] === 'future') return ['element'];
  if (owner['kind'] === undefined && 'name' in owner && owner['type'] === undefined && 'type' in owner) return ['type'];
  return Object.keys(owner).filter((key) => OPTIONAL_TYPES.includes(key));
}

function attributeValue(next: Next): string {
  return pick(next, ['a:b/c', 'a:b/c@1.2.3', 'a', '', '.1.0', 'a:b/c@1']);
}

/** Changes `times` things of what `tree` holds, each of a kind of its own. */
function change(tree: Tree, next: Next, times: number): void {
  for (let i = 0; i < times; i++) {
    const collector = new Collector();
    collector.walk(tree);
    const kinds = [...collector.changes.keys()].sort();
    if (kinds.length > 0) pick(next, collector.changes.get(pick(next, kinds))!)(next);
  }
}

function sortOf(type: ExternTypeDef): AnySort {
  return type.kind;
}

/** Types and imports up to the last import: what another component needs in order to have the same imports. */
function importPart(definitions: readonly Definition[]): Definition[] {
  const last = definitions.findLastIndex((definition) => definition.kind === 'import');
  const kinds: readonly string[] = ['import', 'type', 'core type', 'alias'];
  return copy(definitions.slice(0, last + 1).filter(({ kind }) => kinds.includes(kind))) as Definition[];
}

/** A component with the same imports that instantiates `inner` with them and exports the instance: subtyping of what differs. */
function wrap(inner: Component, next: Next): Definition[] {
  const outer = importPart(inner.definitions);
  if (next() < 0.8) change({ definitions: outer }, next, 1);
  const counts = new Map<AnySort, number>();
  const take = (sort: AnySort): number => {
    const index = counts.get(sort) ?? 0;
    counts.set(sort, index + 1);
    return index;
  };
  const args = outer.flatMap((definition) => {
    if (definition.kind === 'alias') take(definition.sort);
    else if (definition.kind === 'type') take('type');
    if (definition.kind !== 'import') return [];
    const sort = sortOf(definition.type);
    return [{ name: definition.name.name, sort, index: take(sort) }];
  });
  const expr = { kind: 'instantiate', component: take('component'), args } as const;
  const name = { name: 'wrapped', offset: 0, implements: undefined, versionSuffix: undefined, externalId: undefined };
  return [
    ...outer,
    { kind: 'component', offset: 0, component: inner },
    { kind: 'instance', offset: 0, expr },
    { kind: 'export', offset: 0, name, sort: 'instance', index: take('instance'), type: undefined },
  ];
}

/** Turns the types and imports of a component into the type of one that is imported, and instantiates that. */
function asImportedType(inner: Component): Definition[] {
  const declarations = importPart(inner.definitions).filter((definition) => definition.kind !== 'component');
  const name = { name: 'c', offset: 0, implements: undefined, versionSuffix: undefined, externalId: undefined };
  return [
    { kind: 'type', offset: 0, type: { kind: 'component', declarations: declarations as never } },
    { kind: 'import', offset: 0, name, type: { kind: 'component', index: 0 } },
  ];
}

/** A mutant of a component, as bytes. `other` may become a part of it. */
export function mutate(component: Component, other: Component, next: Next): Uint8Array<ArrayBuffer> {
  const mutant = copyOf(component);
  const way = next();
  if (way < 0.15) {
    const wrapped = { ...mutant, definitions: wrap(mutant, next) };
    if (next() < 0.3) change(wrapped, next, 1);
    return encodeComponent(wrapped);
  }
  if (way < 0.2) {
    const typed = { ...mutant, definitions: [...asImportedType(mutant), { ...aNested(mutant) }] };
    change(typed, next, 1);
    return encodeComponent(typed);
  }
  if (way < 0.25) mutant.definitions.splice(below(next, mutant.definitions.length + 1), 0, aNested(copyOf(other)));
  change(mutant as unknown as Tree, next, next() < 0.7 ? 1 : 2);
  return encodeComponent(mutant);
}

function aNested(component: Component): Definition {
  return { kind: 'component', offset: 0, component };
}
