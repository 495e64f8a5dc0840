/**
 * Parses components: every field of the text format, with its shorthands, into the definitions of `types/definition.ts`.
 * Specification: Explainer, "Component Definitions". It does not validate.
 */
import { encodeNames } from '../../binary/names.ts';
import type { AnySort, Component, CustomSection, ExternNameDecl } from '../../types/definition.ts';
import { componentCustom, producers } from '../core/custom.ts';
import { assembleModule } from '../core/module.ts';
import { Cursor } from '../cursor.ts';
import { nameAnnotation } from '../name-annotation.ts';
import type { Annotation, Id } from '../node.ts';
import { aliasField, invertedAlias } from './alias.ts';
import { coreCanon, lift } from './canon.ts';
import { coreRecField, coreTypeField } from './core-types.ts';
import { coreInstanceField, externIndex, instanceExpr } from './instances.ts';
import { externName, inlineExports, inlineImport } from './names.ts';
import { coreSort, itemRef } from './ref.ts';
import { type Field, type Late, Scope } from './scope.ts';
import { externField, externType, externTypeOf, nestedScope, typeField, typeUse } from './types.ts';

/** What a definition may begin with: `<id>? (@name …)?`. */
interface Header {
  readonly id: Id | undefined;
  readonly name: string | undefined;
}

function header(c: Cursor): Header {
  const id = c.takeId();
  return { id, name: nameAnnotation(c) ?? id?.name };
}

/** One component: its scope, its core modules and custom sections. */
class ComponentParser {
  readonly #scope: Scope;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  readonly #customs: CustomSection[] = [];

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  parse(c: Cursor, name: string | undefined): Component {
    for (const node of c.rest()) {
      if (node.kind === 'annotation') this.#annotation(node);
      else {
        const inner = new Cursor(c.owner, 0, [node]).list();
        this.#scope.field((field) => this.#field(inner, field));
      }
    }
    for (const define of this.#scope.exports) define();
    const names = encodeNames(this.#scope.names(name));
    if (names.length > 0) this.#custom('component-name', names);
    return this.#finish();
  }

  /** Keeps bytes; answers where they are. */
  #keep(bytes: Uint8Array): { readonly start: number; readonly end: number } {
    const start = this.#length;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    return { start, end: this.#length };
  }

  #custom(name: string, data: Uint8Array): void {
    const after = this.#scope.items.length;
    this.#customs.push({ kind: 'custom', name, offset: 0, ...this.#keep(data), after });
  }

  #annotation(node: Annotation): void {
    if (node.name !== 'custom' && node.name !== 'producers') return;
    const { name, data } = node.name === 'custom' ? componentCustom(node) : producers(node);
    this.#custom(name, data);
  }

  #finish(): Component {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    const definitions = this.#scope.items as Component['definitions'];
    return { kind: 'component', bytes, start: 0, end: at, definitions, customs: this.#customs, sections: [] };
  }

  #field(c: Cursor, field: Field): Late<void> {
    const keyword = c.word('a field of a component').text;
    switch (keyword) {
      case 'core':
        return this.#coreField(c, field);
      case 'component':
        return this.#component(c, field);
      case 'instance':
        return this.#instance(c, field);
      case 'func':
        return this.#func(c, field);
      case 'type':
        return this.#type(c, field);
      case 'alias':
        return aliasField(c, field);
      case 'canon':
        return this.#canon(c, field);
      case 'import':
        return externField('import', c, field);
      case 'export':
        return this.#export(c, field);
      case 'start':
        return this.#start(c, field);
      default:
        throw new Cursor(c.owner).unexpected('a field of a component');
    }
  }

  #coreField(c: Cursor, field: Field): Late<void> {
    if (c.takeWord('module')) return this.#coreModule(c, field);
    if (c.takeWord('instance')) return coreInstanceField(c, field);
    if (c.takeWord('type')) return coreTypeField(c, field);
    if (c.takeWord('rec')) return coreRecField(c, field);
    const sort = `core ${coreSort(c)}` as const;
    const { id, name } = header(c);
    const alias = invertedAlias(c, field, sort, id, name);
    if (alias !== undefined) return alias;
    if (sort !== 'core func') throw c.unexpected('`(alias`');
    const inner = c.list('canon');
    const canon = coreCanon(inner, field);
    inner.finish();
    c.finish();
    return () => {
      field.scope.define({ kind: 'canon', offset: c.owner.offset, canon: canon() }, 'core func', id, name);
    };
  }

  /** Exports a definition behind all others. */
  #exports(names: readonly ExternNameDecl[], field: Field, sort: AnySort, index: Late<number>): void {
    for (const name of names)
      field.scope.exports.push(() => {
        field.scope.define({ kind: 'export', offset: name.offset, name, sort, index: index(), type: undefined }, sort);
      });
  }

  /**
   * The start of a definition that may be exported in place, and may be an import or alias instead: what the definition is
   * otherwise is read by `otherwise`.
   */
  #definition(
    c: Cursor,
    field: Field,
    sort: 'func' | 'instance' | 'component' | 'core module',
    otherwise: (header: Header) => Late<number>,
  ): Late<void> {
    const { scope } = field;
    const { id, name } = header(c);
    let index = -1;
    const exports = inlineExports(c);
    this.#exports(exports, field, sort, () => index);
    const imported = inlineImport(c);
    if (imported !== undefined) {
      const type = externTypeOf(sort, c, field);
      c.finish();
      const { offset } = c.owner;
      return () => {
        index = scope.define({ kind: 'import', offset, name: imported, type: type() }, sort, id, name);
      };
    }
    // `(component (alias …))` is a component with an alias in it.
    const alias = sort === 'component' ? undefined : invertedAlias(c, field, sort, id, name);
    if (alias !== undefined) {
      return () => {
        alias();
        index = scope.space(sort).size - 1;
      };
    }
    const define = otherwise({ id, name });
    return () => {
      index = define();
    };
  }

  #coreModule(c: Cursor, field: Field): Late<void> {
    return this.#definition(c, field, 'core module', ({ id, name }) => {
      return () => {
        const range = this.#keep(assembleModule(c, name));
        return field.scope.define({ kind: 'core module', offset: c.owner.offset, ...range }, 'core module', id, name);
      };
    });
  }

  #component(c: Cursor, field: Field): Late<void> {
    const { scope } = field;
    return this.#definition(c, field, 'component', ({ id, name }) => {
      return () => {
        const inner = nestedScope(scope, id?.name, c.owner);
        const component = new ComponentParser(inner).parse(c, name);
        return scope.define({ kind: 'component', offset: c.owner.offset, component }, 'component', id, name);
      };
    });
  }

  #instance(c: Cursor, field: Field): Late<void> {
    return this.#definition(c, field, 'instance', ({ id, name }) => {
      const expr = instanceExpr(c, field);
      const { offset } = c.owner;
      return () => field.scope.define({ kind: 'instance', offset, expr: expr() }, 'instance', id, name);
    });
  }

  /** `(func <id>? <export>* <functype> (canon lift …))` */
  #func(c: Cursor, field: Field): Late<void> {
    return this.#definition(c, field, 'func', ({ id, name }) => {
      const type = typeUse(c, field, 'func');
      const inner = c.list('canon');
      inner.keyword('lift');
      const canon = lift(inner, field)(type);
      inner.finish();
      c.finish();
      const { offset } = c.owner;
      return () => field.scope.define({ kind: 'canon', offset, canon: canon() }, 'func', id, name);
    });
  }

  #type(c: Cursor, field: Field): Late<void> {
    return typeField(c, field, (inner, index) => this.#exports(inlineExports(inner), field, 'type', index));
  }

  /** `(canon lift … (func …))`, `(canon … (core func <id>?))`, behind `canon` */
  #canon(c: Cursor, field: Field): Late<void> {
    const { offset } = c.owner;
    if (c.takeWord('lift')) {
      const of = lift(c, field);
      const { id, debugName, type } = this.#liftedType(c, field);
      const canon = of(type);
      return () => {
        field.scope.define({ kind: 'canon', offset, canon: canon() }, 'func', id, debugName);
      };
    }
    const canon = coreCanon(c, field);
    const inner = c.list('core');
    inner.keyword('func');
    const { id, name } = header(inner);
    inner.finish();
    c.finish();
    return () => {
      field.scope.define({ kind: 'canon', offset, canon: canon() }, 'core func', id, name);
    };
  }

  #liftedType(c: Cursor, field: Field): { id: Id | undefined; debugName: string | undefined; type: Late<number> } {
    const inner = c.list('func');
    const { id, name } = header(inner);
    const type = typeUse(inner, field, 'func');
    inner.finish();
    c.finish();
    return { id, debugName: name, type };
  }

  /** `(export <id>? <name> <externidx> <externtype>?)`, behind the keyword */
  #export(c: Cursor, field: Field): Late<void> {
    const { id, name: debugName } = header(c);
    const name = externName(c);
    const { sort, index } = externIndex(c, field);
    const ascribed = c.done ? undefined : externType(c, field, false);
    c.finish();
    const { offset } = c.owner;
    return () => {
      const type = ascribed?.type();
      field.scope.define({ kind: 'export', offset, name, sort, index: index(), type }, sort, id, debugName);
    };
  }

  /** `(start <funcidx> (value <valueidx>)* (result (value <id>?))*)`, behind the keyword */
  #start(c: Cursor, field: Field): Late<void> {
    const { scope } = field;
    const func = c.ref('a function');
    const args: Late<number>[] = [];
    while (c.isList('value')) args.push(itemRef(c.list('value'), scope, 'value'));
    const results: Header[] = [];
    for (let result = c.takeList('result'); result !== undefined; result = c.takeList('result')) {
      const value = result.list('value');
      results.push(header(value));
      value.finish();
      result.finish();
    }
    c.finish();
    return () => {
      const index = scope.resolve('func', func);
      const found = args.map((arg) => arg());
      scope.items.push({ kind: 'start', offset: c.owner.offset, func: index, args: found, results: results.length });
      for (const { id, name } of results) scope.space('value').add(id, name);
    };
  }
}

/**
 * Parses the fields that are left in `c`, which stands behind `(component <id>?`.
 * @throws TextError
 */
export function parseComponent(c: Cursor, id: string | undefined, name: string | undefined): Component {
  return new ComponentParser(new Scope(undefined, id)).parse(c, name);
}
