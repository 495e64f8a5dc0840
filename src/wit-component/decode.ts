/**
 * The world of a component as a WIT document. Specification: WIT, "Package format", read backwards. The component must be valid.
 * WIT packages in binary form are not read. Throws ValidationError `too-complex` where nested instantiations multiply beyond measure.
 */
import type { Component, DefValType, FuncTypeDef, ValTypeRef } from '../types/definition.ts';
import { tryParseExternName } from '../types/extern-name.ts';
import { invariant, unreachable } from '../util/invariant.ts';
import type {
  WitAttributes,
  WitDocument,
  WitField,
  WitFunc,
  WitInterface,
  WitPackage,
  WitType,
  WitTypeDef,
  WitWorldItem,
} from '../wit/document.ts';
import { evaluateComponent, WORLD } from './evaluate.ts';
import { groupUses, mergeInterfaces, type UsedName } from './merge.ts';
import type { Externs, Owner, Scope, TypeNode } from './type-node.ts';

/** `ns:pkg@1.0.0` and `iface` of `ns:pkg/iface@1.0.0`, or undefined for a label. */
function splitInterface(name: string): { readonly package: string; readonly interface: string } | undefined {
  const parsed = tryParseExternName(name);
  if (!parsed.ok || parsed.value.kind !== 'interface') return undefined;
  const { namespace, package: pkg, projection, version } = parsed.value;
  return { package: `${namespace}:${pkg}${version === undefined ? '' : `@${version}`}`, interface: projection };
}

function sameOwner(a: Owner | undefined, b: Owner): boolean {
  return a !== undefined && a.kind === b.kind && a.name === b.name;
}

/** A type and the types that it is another name of, nearest first. */
function* chain(type: TypeNode): Generator<TypeNode> {
  let at: TypeNode | undefined = type;
  while (at !== undefined) {
    yield at;
    at = at.def.kind === 'alias' ? at.def.of : undefined;
  }
}

function attributes(externalId: string | undefined): WitAttributes {
  return externalId === undefined ? {} : { externalId };
}

/** The name of a type where WIT has no way to speak of it, such as in a function of the world that takes a type of an inline export. */
function strangerName(type: TypeNode): string | undefined {
  return [...chain(type)].find((link) => link.name !== undefined)?.name;
}

/** Types of functions, instances and components have no names in WIT. A WIT package in binary form exports some. */
function isWitType(type: TypeNode): boolean {
  const { kind } = [...chain(type)].at(-1)!.def;
  return kind === 'value' || kind === 'resource';
}

/** Types that WIT can define, but not write where they are used. */
function isDefinedByName(def: DefValType): boolean {
  return def.kind === 'record' || def.kind === 'variant' || def.kind === 'enum' || def.kind === 'flags';
}

/** Reads the contents of one interface, or of the world. */
class InterfaceReader {
  readonly #owner: Owner;
  readonly #package: string | undefined;
  readonly #names = new Map<TypeNode, string>();
  readonly #uses: UsedName[] = [];
  readonly #types: WitTypeDef[] = [];
  readonly #funcs: WitFunc[] = [];
  readonly #members = new Map<string, WitFunc[]>();
  /** Packages that `use` names. */
  readonly packages = new Set<string>();

  constructor(owner: Owner) {
    this.#owner = owner;
    this.#package = splitInterface(owner.name)?.package;
  }

  read(exports: Externs): WitInterface {
    const types = [...exports].flatMap(([name, { extern, externalId }]) =>
      extern.sort === 'type' && isWitType(extern.type) ? [{ name, type: extern.type, externalId }] : [],
    );
    for (const { name, type } of types) this.#names.set(type, name);
    for (const { name, type } of types) {
      for (const link of chain(type)) if (!this.#names.has(link)) this.#names.set(link, name);
    }
    for (const [name, { extern, externalId }] of exports) {
      if (extern.sort === 'func') this.#func(name, extern.type, attributes(externalId));
    }
    for (const { name, type, externalId } of types) this.#type(name, type, attributes(externalId));
    return { uses: groupUses(this.#uses), types: this.#types, funcs: this.#funcs };
  }

  /** Another name for a type of this interface, the use of another's, or a definition. */
  #type(name: string, type: TypeNode, more: WitAttributes): void {
    for (const link of chain(type)) {
      if (link === type || link.owner === undefined) continue;
      if (!sameOwner(link.owner, this.#owner)) {
        this.#use(link.owner, link.name ?? name, name, more);
        return;
      }
      if (link.name === name || link.name === undefined) continue;
      this.#types.push({ kind: 'type', name, type: { kind: 'named', name: link.name }, ...more });
      return;
    }
    this.#types.push({ ...this.#definition(name, type), ...more });
  }

  #use(from: Owner, name: string, as: string, more: WitAttributes): void {
    const other = splitInterface(from.name);
    if (other !== undefined && other.package !== this.#package) this.packages.add(other.package);
    const key = other !== undefined && other.package === this.#package ? other.interface : from.name;
    this.#uses.push({ interface: key, name, as, ...more });
  }

  #definition(name: string, type: TypeNode): WitTypeDef {
    const last = [...chain(type)].at(-1)!;
    if (last.def.kind === 'resource') return { kind: 'resource', name, funcs: this.#members.get(name) ?? [] };
    invariant(last.def.kind === 'value', 'a named type is a value type or a resource');
    const { type: def, scope } = last.def;
    switch (def.kind) {
      case 'record':
        return {
          kind: 'record',
          name,
          fields: def.fields.map((f) => ({ name: f.name, type: this.#ref(scope, f.type) })),
        };
      case 'variant': {
        const cases = def.cases.map((c) => ({ name: c.name, type: this.#optional(scope, c.type) }));
        return { kind: 'variant', name, cases };
      }
      case 'enum':
      case 'flags':
        return { kind: def.kind, name, labels: def.labels };
      case 'own':
        return { kind: 'type', name, type: { kind: 'own', name: this.#handle(scope, def.index) } };
      default:
        return { kind: 'type', name, type: this.#value(scope, def) };
    }
  }

  #func(name: string, type: TypeNode | undefined, more: WitAttributes): void {
    const func = type === undefined ? undefined : [...chain(type)].at(-1);
    invariant(func?.def.kind === 'func', 'a function has a function type');
    const parsed = tryParseExternName(name);
    invariant(parsed.ok, 'a valid component has valid names');
    const { value } = parsed;
    if (value.kind === 'label' || value.kind === 'interface') {
      this.#funcs.push({ ...this.#signature(name, func.def.type, func.def.scope), ...more });
      return;
    }
    const list = this.#members.get(value.resource) ?? [];
    this.#members.set(value.resource, list);
    const label = value.kind === 'constructor' ? '' : value.name;
    const signature = this.#signature(label, func.def.type, func.def.scope);
    const params = value.kind === 'method' ? signature.params.slice(1) : signature.params;
    // A constructor that cannot fail answers its resource: that goes without saying.
    const plain = value.kind === 'constructor' && signature.result?.kind === 'named';
    list.push({ ...signature, kind: value.kind, params, result: plain ? undefined : signature.result, ...more });
  }

  #signature(name: string, type: FuncTypeDef, scope: Scope): WitFunc {
    const params = type.params.map((p): WitField => ({ name: p.name, type: this.#ref(scope, p.type) }));
    return { kind: 'func', name, async: type.async, params, result: this.#optional(scope, type.result) };
  }

  function(name: string, type: TypeNode | undefined, world: Externs): WitFunc {
    this.#learn(world);
    const func = type === undefined ? undefined : [...chain(type)].at(-1);
    invariant(func?.def.kind === 'func', 'a function has a function type');
    return this.#signature(name, func.def.type, func.def.scope);
  }

  #learn(exports: Externs): void {
    for (const [name, { extern }] of exports) {
      if (extern.sort !== 'type') continue;
      for (const link of chain(extern.type)) if (!this.#names.has(link)) this.#names.set(link, name);
    }
  }

  #optional(scope: Scope, ref: ValTypeRef | undefined): WitType | undefined {
    return ref === undefined ? undefined : this.#ref(scope, ref);
  }

  #ref(scope: Scope, ref: ValTypeRef): WitType {
    if (ref.kind === 'primitive') return { kind: 'primitive', name: ref.primitive };
    const type = scope.types[ref.index];
    invariant(type !== undefined, 'a valid component has no type index out of bounds');
    return this.#node(type);
  }

  #node(type: TypeNode): WitType {
    const name = this.#nameOf(type);
    if (name !== undefined) return { kind: 'named', name };
    const last = [...chain(type)].at(-1)!;
    invariant(last.def.kind === 'value', 'a value has a value type');
    const { type: def, scope } = last.def;
    return isDefinedByName(def) ? { kind: 'named', name: strangerName(type) ?? def.kind } : this.#value(scope, def);
  }

  #nameOf(type: TypeNode): string | undefined {
    for (const link of chain(type)) {
      const name = this.#names.get(link);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  #handle(scope: Scope, index: number): string {
    const type = scope.types[index];
    invariant(type !== undefined, 'a valid component has no type index out of bounds');
    return this.#nameOf(type) ?? strangerName(type) ?? 'resource';
  }

  #value(scope: Scope, def: DefValType): WitType {
    switch (def.kind) {
      case 'primitive':
        return { kind: 'primitive', name: def.primitive };
      case 'list':
        return { kind: 'list', element: this.#ref(scope, def.element), length: undefined };
      case 'fixed-list':
        return { kind: 'list', element: this.#ref(scope, def.element), length: def.length };
      case 'map':
        return { kind: 'map', key: this.#ref(scope, def.key), value: this.#ref(scope, def.value) };
      case 'tuple':
        return { kind: 'tuple', types: def.types.map((t) => this.#ref(scope, t)) };
      case 'option':
        return { kind: 'option', type: this.#ref(scope, def.type) };
      case 'result':
        return { kind: 'result', ok: this.#optional(scope, def.ok), err: this.#optional(scope, def.err) };
      case 'stream':
      case 'future':
        return { kind: def.kind, element: this.#optional(scope, def.element) };
      case 'own':
        return { kind: 'named', name: this.#handle(scope, def.index) };
      case 'borrow':
        return { kind: 'borrow', name: this.#handle(scope, def.index) };
      case 'record':
      case 'variant':
      case 'enum':
      case 'flags':
        // Only a named type may be one of these: the validator saw to it.
        return { kind: 'named', name: def.kind };
      default:
        return unreachable(def);
    }
  }
}

interface PackageParts {
  readonly interfaces: Map<string, WitInterface>;
  readonly needs: Set<string>;
}

class WorldReader {
  readonly #packages = new Map<string, PackageParts>();
  readonly #world: Externs;

  constructor(world: Externs) {
    this.#world = world;
  }

  items(externs: Externs): WitWorldItem[] {
    return [...externs].flatMap(([name, { extern, implements: implemented, externalId }]): WitWorldItem[] => {
      const more = attributes(externalId);
      if (extern.sort === 'func') {
        if (name.startsWith('[')) return [];
        return [{ kind: 'func', func: new InterfaceReader(WORLD).function(name, extern.type, this.#world), ...more }];
      }
      if (extern.sort !== 'instance') return [];
      const full = implemented ?? name;
      const place = splitInterface(full);
      const reader = new InterfaceReader({ kind: 'interface', name });
      const contents = reader.read(extern.exports);
      if (place === undefined) return [{ kind: 'inline', name, interface: contents, ...more }];
      this.#add(place, contents, reader.packages);
      if (implemented === undefined) return [{ kind: 'interface', name, ...more }];
      return [{ kind: 'implements', name, interface: full, ...more }];
    });
  }

  #add(place: { package: string; interface: string }, contents: WitInterface, needs: ReadonlySet<string>): void {
    const parts = this.#packages.get(place.package) ?? { interfaces: new Map(), needs: new Set() };
    this.#packages.set(place.package, parts);
    const before = parts.interfaces.get(place.interface);
    parts.interfaces.set(place.interface, before === undefined ? contents : mergeInterfaces(before, contents));
    for (const need of needs) parts.needs.add(need);
  }

  /** Packages behind those that they use. */
  packages(): WitPackage[] {
    const done = new Set<string>();
    const result: WitPackage[] = [];
    const visit = (name: string): void => {
      const parts = this.#packages.get(name);
      if (parts === undefined || done.has(name)) return;
      done.add(name);
      for (const need of parts.needs) visit(need);
      const interfaces = [...parts.interfaces].map(([label, contents]) => ({ name: label, interface: contents }));
      result.push({ name, interfaces });
    };
    for (const name of this.#packages.keys()) visit(name);
    return result;
  }
}

/** Types of the world, and the functions that belong to its resources. */
function worldTypes(...sides: readonly Externs[]): Externs {
  const own = sides.flatMap((side) =>
    [...side].filter(([name, { extern }]) => extern.sort === 'type' || name.startsWith('[')),
  );
  return new Map(own);
}

/** The world of a valid component, with every interface that it imports or exports. */
export function decodeWorld(component: Component): WitDocument {
  const { imports, exports } = evaluateComponent(component);
  const own = worldTypes(imports, exports);
  const { uses, types } = new InterfaceReader(WORLD).read(own);
  const reader = new WorldReader(own);
  return {
    name: 'root:component',
    world: { name: 'root', imports: reader.items(imports), uses, types, exports: reader.items(exports) },
    packages: reader.packages(),
  };
}
