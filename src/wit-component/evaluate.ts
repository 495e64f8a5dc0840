/**
 * Walks a component's definitions for its types alone: nested components are followed through their instantiations, so that every
 * export is known by the name that it was first given. Specification: Binary, "Component Definitions". Nothing is checked.
 */
import type {
  AliasDef,
  Component,
  Declaration,
  Definition,
  ExternNameDecl,
  ExternTypeDef,
  TypeDef,
} from '../types/definition.ts';
import { unreachable } from '../util/invariant.ts';
import { type Extern, type Externs, type NamedExport, node, type Owner, Scope, type TypeNode } from './type-node.ts';

export interface Evaluated {
  readonly imports: Externs;
  readonly exports: Externs;
}

const OTHER: Extern = { sort: 'other' };

function typeNode(scope: Scope, type: TypeDef): TypeNode {
  switch (type.kind) {
    case 'resource':
      return node({ kind: 'resource' });
    case 'func':
      return node({ kind: 'func', type, scope });
    case 'component':
    case 'instance':
      return node({ kind: 'declared', type, scope });
    default:
      return node({ kind: 'value', type, scope });
  }
}

function alias(scope: Scope, { sort, target }: AliasDef): Extern {
  switch (target.kind) {
    case 'export':
      return scope.instances[target.instance]?.get(target.name)?.extern ?? OTHER;
    case 'outer':
      return scope.outer(target.count).item(sort, target.index);
    case 'core export':
      return OTHER;
    default:
      return unreachable(target);
  }
}

/** The type behind its other names. */
export function behind(type: TypeNode | undefined): TypeNode | undefined {
  let at = type;
  while (at?.def.kind === 'alias') at = at.def.of;
  return at;
}

/** What an import or ascribed export is, new wherever it is declared. */
function declared(scope: Scope, def: ExternTypeDef): Extern {
  switch (def.kind) {
    case 'func':
      return { sort: 'func', type: scope.types[def.index] };
    case 'type': {
      if (def.bound === 'sub-resource') return { sort: 'type', type: node({ kind: 'resource' }) };
      const of = scope.types[def.index];
      return of === undefined ? OTHER : { sort: 'type', type: node({ kind: 'alias', of }) };
    }
    case 'instance': {
      const type = behind(scope.types[def.index]);
      if (type?.def.kind !== 'declared') return OTHER;
      return { sort: 'instance', exports: declarations(new Scope(type.def.scope), type.def.type.declarations) };
    }
    case 'component':
      return { sort: 'component', component: undefined, scope };
    case 'core module':
      return { sort: 'module' };
    default:
      return OTHER;
  }
}

function named(name: ExternNameDecl, extern: Extern): NamedExport {
  return { extern, implements: name.implements, externalId: name.externalId };
}

/** The exports of an instance or component type; what a component type imports goes into `imports`. */
export function declarations(
  scope: Scope,
  list: readonly Declaration[],
  imports: Map<string, NamedExport> = new Map(),
): Externs {
  const exports = new Map<string, NamedExport>();
  for (const declaration of list) {
    scope.step();
    switch (declaration.kind) {
      case 'type':
        scope.types.push(typeNode(scope, declaration.type));
        break;
      case 'alias':
        scope.add(alias(scope, declaration));
        break;
      case 'import': {
        const extern = declared(scope, declaration.type);
        scope.add(extern);
        imports.set(declaration.name.name, named(declaration.name, extern));
        break;
      }
      case 'export': {
        const extern = declared(scope, declaration.type);
        scope.add(extern);
        exports.set(declaration.name.name, named(declaration.name, extern));
        break;
      }
      default:
        break;
    }
  }
  return exports;
}

/** Gives the types of an import their names. A type that has one already is known by it. */
function own(name: string, extern: Extern): void {
  const claim = (type: TypeNode, owner: Owner, label: string): void => {
    type.owner ??= owner;
    type.name ??= label;
  };
  if (extern.sort === 'type') claim(extern.type, WORLD, name);
  if (extern.sort !== 'instance') return;
  const owner: Owner = { kind: 'interface', name };
  for (const [label, inner] of extern.exports) {
    if (inner.extern.sort === 'type') claim(inner.extern.type, owner, label);
  }
}

/** The world as owner of types. */
export const WORLD: Owner = { kind: 'world', name: '' };

class Evaluation {
  readonly #scope: Scope;
  readonly #given: Externs | undefined;
  readonly imports = new Map<string, NamedExport>();
  readonly exports = new Map<string, NamedExport>();

  constructor(scope: Scope, given: Externs | undefined) {
    this.#scope = scope;
    this.#given = given;
  }

  define(definition: Definition): void {
    const scope = this.#scope;
    scope.step();
    switch (definition.kind) {
      case 'type':
        scope.types.push(typeNode(scope, definition.type));
        return;
      case 'alias':
        scope.add(alias(scope, definition));
        return;
      case 'component':
        scope.components.push({ sort: 'component', component: definition.component, scope });
        return;
      case 'instance':
        scope.instances.push(this.#instance(definition));
        return;
      case 'canon':
        if (definition.canon.kind === 'lift') scope.funcs.push(scope.types[definition.canon.type]);
        return;
      case 'import':
        this.#import(definition);
        return;
      case 'export':
        this.#export(definition);
        return;
      case 'core module':
      case 'core instance':
      case 'core type':
      case 'start':
        return;
      default:
        unreachable(definition);
    }
  }

  #import({ name, type }: Extract<Definition, { kind: 'import' }>): void {
    const given = this.#given?.get(name.name)?.extern;
    const extern = given ?? declared(this.#scope, type);
    // A function's own type speaks of the types that came with it.
    const bound = extern.sort === 'func' ? declared(this.#scope, type) : extern;
    if (this.#given === undefined) own(name.name, bound);
    this.imports.set(name.name, named(name, bound));
    this.#scope.add(bound);
  }

  #export({ name, type, sort, index }: Extract<Definition, { kind: 'export' }>): void {
    const item = narrowed(this.#scope.item(sort, index), type === undefined ? undefined : declared(this.#scope, type));
    let extern = item;
    if (item.sort === 'type') extern = { sort: 'type', type: node({ kind: 'alias', of: item.type }) };
    else if (type !== undefined && item.sort === 'func') extern = declared(this.#scope, type);
    else if (this.#given === undefined && item.sort === 'instance') extern = renamed(item);
    if (this.#given === undefined) own(name.name, extern);
    this.exports.set(name.name, named(name, extern));
    this.#scope.add(extern);
  }

  #instance({ expr }: Extract<Definition, { kind: 'instance' }>): Externs {
    const scope = this.#scope;
    if (expr.kind === 'exports') {
      return new Map(expr.exports.map((e) => [e.name.name, named(e.name, scope.item(e.sort, e.index))]));
    }
    const component = scope.components[expr.component];
    if (component?.component === undefined) return new Map();
    const args = new Map(
      expr.args.map((a): [string, NamedExport] => [
        a.name,
        { extern: scope.item(a.sort, a.index), implements: undefined, externalId: undefined },
      ]),
    );
    return evaluate(component.component, component.scope, args).exports;
  }
}

/** What of an instance is exported where the export has a type of its own: the parts that this type names, as they were. */
function narrowed(item: Extern, as: Extern | undefined): Extern {
  if (item.sort !== 'instance' || as?.sort !== 'instance') return item;
  const exports = new Map<string, NamedExport>();
  for (const [name, wanted] of as.exports) {
    const given = item.exports.get(name);
    if (given !== undefined) exports.set(name, { ...given, extern: narrowed(given.extern, wanted.extern) });
  }
  return { sort: 'instance', exports };
}

/** An exported instance whose types have names already, of another interface: here they get further ones. */
function renamed(instance: Extract<Extern, { sort: 'instance' }>): Extern {
  const exports = new Map(instance.exports);
  for (const [name, one] of exports) {
    const { extern } = one;
    if (extern.sort !== 'type' || extern.type.owner === undefined) continue;
    const type = node({ kind: 'alias', of: extern.type });
    exports.set(name, { ...one, extern: { sort: 'type', type } });
  }
  return { sort: 'instance', exports };
}

function evaluate(component: Component, parent: Scope | undefined, given: Externs | undefined): Evaluated {
  const evaluation = new Evaluation(new Scope(parent), given);
  for (const definition of component.definitions) evaluation.define(definition);
  return evaluation;
}

/** The imports and exports of a valid component, with their types by name. */
export function evaluateComponent(component: Component): Evaluated {
  return evaluate(component, undefined, undefined);
}
