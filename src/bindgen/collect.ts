/** Reads the imports and exports of a valid component into the host's view of it (`model.ts`). */
import type { DefValType, ValTypeRef } from '../types/definition.ts';
import { tryParseExternName } from '../types/extern-name.ts';
import { unreachable } from '../util/invariant.ts';
import type { Evaluated } from '../wit-component/evaluate.ts';
import type { Extern, Externs, Scope, TypeNode } from '../wit-component/type-node.ts';
import type { Comments } from './comments.ts';
import type {
  FuncDecl,
  HostWorld,
  JsField,
  JsType,
  ResourceDecl,
  ScopeComments,
  ScopeDecl,
  Side,
  TypeDecl,
} from './model.ts';

/** A type and the types that it is another name of, nearest first. */
function* chain(type: TypeNode): Generator<TypeNode> {
  let at: TypeNode | undefined = type;
  while (at !== undefined) {
    yield at;
    at = at.def.kind === 'alias' ? at.def.of : undefined;
  }
}

function last(type: TypeNode): TypeNode {
  let at = type;
  while (at.def.kind === 'alias') at = at.def.of;
  return at;
}

class Collector {
  readonly #comments: Comments;
  readonly #types = new Map<TypeNode, TypeDecl>();
  readonly #resources = new Map<TypeNode, ResourceDecl>();
  /** Types without a name, each read once: a type may use another many times. */
  readonly #unnamed = new Map<TypeNode, JsType>();
  /** Resources by the name that one scope has for them. */
  readonly #labels = new Map<ScopeDecl, Map<string, ResourceDecl>>();

  constructor(comments: Comments) {
    this.#comments = comments;
  }

  root(side: Side, externs: Externs): ScopeDecl {
    const scope: ScopeDecl = {
      side,
      name: undefined,
      parent: undefined,
      docs: undefined,
      worldDocs: undefined,
      items: [],
    };
    this.#fill(scope, externs, this.#comments.root(side), []);
    return scope;
  }

  #fill(scope: ScopeDecl, externs: Externs, comments: ScopeComments, path: readonly string[]): void {
    this.#labels.set(scope, new Map());
    for (const [name, { extern }] of externs) this.#item(scope, name, extern, comments, path);
  }

  #item(scope: ScopeDecl, name: string, extern: Extern, comments: ScopeComments, path: readonly string[]): void {
    switch (extern.sort) {
      case 'func': {
        const func = this.#func(name, extern.type, comments, path);
        if (func === undefined) return;
        scope.items.push({ kind: 'func', func });
        const parsed = tryParseExternName(name);
        if (!parsed.ok || !('resource' in parsed.value)) return;
        this.#labels.get(scope)?.get(parsed.value.resource)?.members.push(func);
        return;
      }
      case 'instance': {
        const own = this.#comments.interface(scope.side, name);
        const worldDocs = this.#comments.mention(scope.side, name);
        const inner: ScopeDecl = { side: scope.side, name, parent: scope, docs: own.docs, worldDocs, items: [] };
        scope.items.push({ kind: 'instance', scope: inner });
        this.#fill(inner, extern.exports, own, [...path, name]);
        return;
      }
      case 'module':
      case 'component':
        scope.items.push({ kind: extern.sort, name });
        return;
      case 'type':
        this.#type(scope, name, extern.type, comments);
        return;
      case 'other':
        return;
      default:
        unreachable(extern);
    }
  }

  #type(scope: ScopeDecl, label: string, type: TypeNode, comments: ScopeComments): void {
    const end = last(type);
    const docs = comments.types.get(label);
    if (end.def.kind === 'resource') {
      let decl = this.#resources.get(end);
      if (decl === undefined) {
        decl = { kind: 'resource', scope, label, docs: docs?.docs, members: [] };
        this.#resources.set(end, decl);
      }
      this.#labels.get(scope)?.set(label, decl);
      scope.items.push({ kind: 'resource', label, decl });
      return;
    }
    if (end.def.kind !== 'value') return;
    const links = [...chain(type)];
    const known = links.map((link) => this.#types.get(link)).find((decl) => decl !== undefined);
    const made: JsType =
      known === undefined ? this.#value(end.def.scope, end.def.type) : { kind: 'named', decl: known };
    const decl: TypeDecl = { kind: 'type', scope, label, type: made, docs };
    // An interface that is exported twice has the same node; the first name stays.
    for (const link of links) if (!this.#types.has(link)) this.#types.set(link, decl);
    scope.items.push({ kind: 'type', decl });
  }

  #func(
    name: string,
    type: TypeNode | undefined,
    comments: ScopeComments,
    path: readonly string[],
  ): FuncDecl | undefined {
    const func = type === undefined ? undefined : last(type);
    if (func?.def.kind !== 'func') return undefined;
    const { type: def, scope } = func.def;
    return {
      kind: 'func',
      name,
      path: [...path, name].join('#'),
      async: def.async,
      params: def.params.map((p): JsField => ({ name: p.name, type: this.#ref(scope, p.type) })),
      result: this.#optional(scope, def.result),
      docs: comments.funcs.get(name),
    };
  }

  #optional(scope: Scope, ref: ValTypeRef | undefined): JsType | undefined {
    return ref === undefined ? undefined : this.#ref(scope, ref);
  }

  #ref(scope: Scope, ref: ValTypeRef): JsType {
    if (ref.kind === 'primitive') return { kind: 'primitive', name: ref.primitive };
    return this.#node(scope.types[ref.index]);
  }

  #node(type: TypeNode | undefined): JsType {
    if (type === undefined) return { kind: 'handle', resource: undefined };
    for (const link of chain(type)) {
      const decl = this.#types.get(link);
      if (decl !== undefined) return { kind: 'named', decl };
    }
    const end = last(type);
    let made = this.#unnamed.get(end);
    if (made === undefined) {
      // Only value types stand where values are.
      const { def } = end;
      made = def.kind === 'value' ? this.#value(def.scope, def.type) : { kind: 'handle', resource: undefined };
      this.#unnamed.set(end, made);
    }
    return made;
  }

  #handle(scope: Scope, index: number): JsType {
    const type = scope.types[index];
    return { kind: 'handle', resource: type === undefined ? undefined : this.#resources.get(last(type)) };
  }

  #value(scope: Scope, def: DefValType): JsType {
    switch (def.kind) {
      case 'primitive':
        return { kind: 'primitive', name: def.primitive };
      case 'record':
        return { kind: 'record', fields: def.fields.map((f) => ({ name: f.name, type: this.#ref(scope, f.type) })) };
      case 'variant':
        return {
          kind: 'variant',
          cases: def.cases.map((c) => ({ name: c.name, type: this.#optional(scope, c.type) })),
        };
      case 'enum':
        return { kind: 'enum', labels: def.labels };
      case 'flags':
        return { kind: 'flags', labels: def.labels };
      case 'tuple':
        return { kind: 'tuple', types: def.types.map((t) => this.#ref(scope, t)) };
      case 'list':
        return { kind: 'list', element: this.#ref(scope, def.element), length: undefined };
      case 'fixed-list':
        return { kind: 'list', element: this.#ref(scope, def.element), length: def.length };
      case 'map':
        return { kind: 'map', key: this.#ref(scope, def.key), value: this.#ref(scope, def.value) };
      case 'option':
        return { kind: 'option', type: this.#ref(scope, def.type) };
      case 'result':
        return { kind: 'result', ok: this.#optional(scope, def.ok), err: this.#optional(scope, def.err) };
      case 'stream':
      case 'future':
        return { kind: def.kind, element: this.#optional(scope, def.element) };
      case 'own':
      case 'borrow':
        return this.#handle(scope, def.index);
      default:
        return unreachable(def);
    }
  }
}

/** The host's view of what a component imports and exports. */
export function collectWorld({ imports, exports }: Evaluated, comments: Comments): HostWorld {
  const collector = new Collector(comments);
  return {
    docs: comments.world,
    imports: collector.root('imports', imports),
    exports: collector.root('exports', exports),
  };
}
