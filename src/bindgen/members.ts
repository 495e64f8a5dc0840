/**
 * The names under which a host finds what a component exports, and under which it gives what the component imports: the rules of
 * `src/runtime/exports.ts` and `src/runtime/bind.ts`, on types alone.
 */
import { toCamel, toPascal } from '../abi/js/names.ts';
import { memberName } from '../runtime/bind.ts';
import { tryParseExternName } from '../types/extern-name.ts';
import { splitVersion, tryParseSemver } from '../types/semver.ts';
import type { FuncDecl, Item, ResourceDecl, ScopeDecl } from './model.ts';
import { quote } from './names.ts';

export type Member =
  | { readonly kind: 'func'; readonly func: FuncDecl }
  | { readonly kind: 'class'; readonly resource: ResourceDecl }
  | { readonly kind: 'scope'; readonly scope: ScopeDecl }
  | { readonly kind: 'module' | 'component' };

export interface Property {
  readonly name: string;
  readonly member: Member;
  /** The name that the component has for it. */
  readonly wit: string;
  /** Whether it is another name of a property that stands before: a WIT name, or a short name of an interface. */
  readonly alias: boolean;
}

/** Properties by name; the last definition counts, as with `Object.defineProperty`. */
class Properties {
  readonly #found = new Map<string, Property>();

  has(name: string): boolean {
    return this.#found.has(name);
  }

  define(name: string, wit: string, member: Member, alias = false): void {
    this.#found.set(name, { name, member, wit, alias });
  }

  /** Names that hosts use first, then the others. */
  list(): readonly Property[] {
    const all = [...this.#found.values()];
    return [...all.filter((p) => !p.alias), ...all.filter((p) => p.alias)];
  }
}

/** The label of a plain function, or undefined for methods, statics and constructors. */
function labelOf(name: string): string | undefined {
  const parsed = tryParseExternName(name);
  return parsed.ok && parsed.value.kind === 'label' ? parsed.value.label : undefined;
}

function exportItem(properties: Properties, item: Item): void {
  if (item.kind === 'func') {
    const { name } = item.func;
    const label = labelOf(name);
    const camel = label === undefined ? undefined : memberName(label);
    const member: Member = { kind: 'func', func: item.func };
    properties.define(name, name, member, camel !== name);
    if (camel !== undefined && (camel === name || !properties.has(camel))) properties.define(camel, name, member);
  } else if (item.kind === 'instance') {
    const name = item.scope.name ?? '';
    const own = name.includes(':') ? name : toCamel(name);
    const member: Member = { kind: 'scope', scope: item.scope };
    properties.define(own, name, member);
    if (own !== name) properties.define(name, name, member, true);
  }
}

/** The properties of an object that an instance exports. */
export function exportProperties(scope: ScopeDecl): readonly Property[] {
  const properties = new Properties();
  for (const item of scope.items) {
    if (item.kind === 'resource')
      properties.define(toPascal(item.label), item.label, { kind: 'class', resource: item.decl });
  }
  for (const item of scope.items) exportItem(properties, item);
  if (scope.parent !== undefined) return properties.list();
  for (const item of scope.items) {
    const parsed = item.kind === 'instance' ? tryParseExternName(item.scope.name ?? '') : undefined;
    if (item.kind !== 'instance' || parsed === undefined || !parsed.ok || parsed.value.kind !== 'interface') continue;
    for (const alias of [parsed.value.unversioned, toCamel(parsed.value.projection)]) {
      if (properties.has(alias)) continue;
      properties.define(alias, item.scope.name ?? '', { kind: 'scope', scope: item.scope }, true);
    }
  }
  return properties.list();
}

/** Whether a scope has functions of the resource that it calls `label`. */
function hasMembers(scope: ScopeDecl, label: string): boolean {
  return scope.items.some((item) => {
    const parsed = item.kind === 'func' ? tryParseExternName(item.func.name) : undefined;
    return parsed?.ok === true && 'resource' in parsed.value && parsed.value.resource === label;
  });
}

function importName(scope: ScopeDecl, name: string): string {
  return scope.parent !== undefined || name.includes(':') ? name : toCamel(name);
}

/** The properties that an object must have to be given for an import. */
export function importProperties(scope: ScopeDecl): readonly Property[] {
  const properties = new Properties();
  for (const item of scope.items) {
    switch (item.kind) {
      case 'resource':
        if (item.decl.scope === scope || hasMembers(scope, item.label))
          properties.define(toPascal(item.label), item.label, { kind: 'class', resource: item.decl });
        break;
      case 'func': {
        const label = labelOf(item.func.name);
        if (label === undefined) break;
        const camel = memberName(label);
        // Where two names are one in camel case, the later has its own.
        properties.define(properties.has(camel) ? label : camel, label, { kind: 'func', func: item.func });
        break;
      }
      case 'instance': {
        const name = item.scope.name ?? '';
        properties.define(importName(scope, name), name, { kind: 'scope', scope: item.scope });
        break;
      }
      case 'module':
      case 'component':
        properties.define(importName(scope, item.name), item.name, { kind: item.kind });
        break;
      default:
        break;
    }
  }
  return properties.list();
}

/** Other names for an import of a component, as types of strings: the name in WIT, no version, compatible versions. */
export function otherImportNames({ name, wit, member }: Property): readonly string[] {
  const { name: base, version } = splitVersion(wit);
  if (version === undefined) return name === wit || member.kind === 'class' ? [] : [quote(wit)];
  const parsed = tryParseSemver(version);
  if (!parsed.ok) return [quote(base)];
  const { major, minor, prerelease } = parsed.version;
  if (prerelease.length > 0 || (major === 0n && minor === 0n)) return [quote(base)];
  const compatible = major > 0n ? `${major}` : `0.${minor}`;
  return [quote(base), `\`${base}@${compatible}.\${string}\``];
}

export interface ClassMembers {
  readonly construct: FuncDecl | undefined;
  readonly methods: ReadonlyMap<string, FuncDecl>;
  readonly statics: ReadonlyMap<string, FuncDecl>;
}

/** The functions of a class by their names in JavaScript. */
export function classMembers(resource: ResourceDecl): ClassMembers {
  const methods = new Map<string, FuncDecl>();
  const statics = new Map<string, FuncDecl>();
  let construct: FuncDecl | undefined;
  const exported = resource.scope.side === 'exports';
  for (const func of resource.members) {
    const parsed = tryParseExternName(func.name);
    if (!parsed.ok) continue;
    const { value } = parsed;
    if (value.kind === 'constructor') construct = func;
    else if (value.kind === 'method') methods.set(memberName(value.name), func);
    else if (value.kind === 'static') {
      // A class's `prototype` is no function: of a component's class it is renamed, a host's class cannot have it.
      if (value.name !== 'prototype') statics.set(memberName(value.name), func);
      else if (exported) statics.set('prototype_', func);
    }
  }
  return { construct, methods, statics };
}
