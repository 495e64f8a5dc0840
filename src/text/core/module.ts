/**
 * Assembles a core module. First all fields are declared, so that they have indices, then written in their order. Specification: core
 * 3.0, "Text format, modules". It does not validate.
 */
import {
  encodeCoreExternType,
  encodeCoreValType,
  encodeLimits,
  encodeRecType,
  encodeRefType,
} from '../../core/encode-types.ts';
import type { CoreExternType, MemoryType, TableType } from '../../types/core-type.ts';
import { CodeWriter } from '../../util/code-writer.ts';
import { Cursor, nodeError } from '../cursor.ts';
import { IndexSpace } from '../index-space.ts';
import { nameAnnotation } from '../name-annotation.ts';
import { type Annotation, head, type Id, type Node } from '../node.ts';
import { type ModuleContext, newContext } from './context.ts';
import { customSection, dylinkSection, producersSection } from './custom.ts';
import { ExpressionWriter } from './expression.ts';
import { encodeNames } from './names.ts';
import { Sections } from './sections.ts';
import { constant, dataField, elemField, tableElements, writeData, writeElem, zero } from './segments.ts';
import type { TypeUse } from './type-table.ts';
import {
  addressType,
  globalType,
  isRefType,
  limits,
  memoryType,
  pageSize,
  refType,
  tableType,
  valTypes,
} from './types.ts';

const SORTS = ['func', 'table', 'memory', 'global', 'tag'] as const;
type Sort = (typeof SORTS)[number];

const EXPORT_CODE: Readonly<Record<Sort, number>> = { func: 0, table: 1, memory: 2, global: 3, tag: 4 };

const WASM_PAGE_LOG2 = 16;

function isSort(text: string): text is Sort {
  return (SORTS as readonly string[]).includes(text);
}

class Assembler {
  readonly #context: ModuleContext = newContext();
  readonly #sections = new Sections();
  /** What is written when everything is declared. */
  readonly #later: (() => void)[] = [];
  readonly #locals: [number, IndexSpace['names']][] = [];
  readonly #labels: [number, [number, string][]][] = [];
  readonly #branchHints: [number, (readonly [offset: number, hint: Uint8Array])[]][] = [];
  #usesData = false;
  /** The first definition: imports must stand before it. */
  #defined: string | undefined;

  assemble(fields: readonly Node[], owner: Cursor['owner'], name: string | undefined): Uint8Array<ArrayBuffer> {
    this.#types(fields);
    for (const node of fields) {
      if (node.kind === 'annotation') this.#annotation(node);
      else if (node.kind === 'list') this.#field(node);
      else throw new Cursor(owner, 0, [node]).unexpected('a field of a module');
    }
    for (const write of this.#later) write();
    for (const rec of this.#context.types.recTypes()) encodeRecType(this.#sections.entry('type'), rec);
    if (this.#usesData) this.#sections.entry('datacount').u(this.#sections.count('data'));
    if (this.#branchHints.length > 0) this.#writeBranchHints();
    const names = encodeNames(this.#context, { module: name, locals: this.#locals, labels: this.#labels });
    return this.#sections.finish(names);
  }

  /** Hints stand in front of the code: for each function where, how long, what. */
  #writeBranchHints(): void {
    const w = new CodeWriter().vec(this.#branchHints, ([index, hints], out) =>
      out.u(index).vec(hints, ([offset, hint]) => out.u(offset).u(hint.length).raw(hint)),
    );
    this.#sections.custom('before code', 'metadata.code.branch_hint', w.finish());
  }

  /** Types come first, so that those stated in place stand behind all that are defined. */
  #types(fields: readonly Node[]): void {
    const { types } = this.#context;
    for (const node of fields) {
      if (node.kind !== 'list') continue;
      const keyword = head(node);
      if (keyword !== 'type' && keyword !== 'rec') continue;
      const c = new Cursor(node);
      c.skip();
      if (keyword === 'type') types.define(c);
      else types.defineRec(c);
    }
  }

  #annotation(node: Annotation): void {
    if (node.name === 'custom') customSection(node, this.#sections);
    else if (node.name === 'producers') producersSection(node, this.#sections);
    else if (node.name === 'dylink.0') dylinkSection(node, this.#sections);
  }

  #field(node: Node & { kind: 'list' }): void {
    const c = new Cursor(node);
    const { func, elem, data } = this.#context;
    const keyword = c.word('a field of a module').text;
    switch (keyword) {
      case 'type':
      case 'rec':
        return;
      case 'import':
        this.#import(c);
        return;
      case 'export':
        this.#later.push(() => this.#export(c));
        return;
      case 'start':
        if (this.#sections.count('start') > 0)
          throw nodeError('multiple-start', 'multiple start sections: a module has one start function', node);
        {
          const w = this.#sections.entry('start');
          this.#later.push(() => {
            w.u(func.resolve(c.ref('a function')));
            c.finish();
          });
        }
        return;
      case 'elem':
      case 'data': {
        const id = c.takeId();
        (keyword === 'elem' ? elem : data).add(id, nameAnnotation(c) ?? id?.name);
        const write = keyword === 'elem' ? elemField : dataField;
        this.#later.push(() => write(this.#context, c, this.#sections.entry(keyword)));
        return;
      }
      default:
        if (!isSort(keyword)) throw new Cursor(node).unexpected('a field of a module');
        this.#definition(keyword, c);
    }
  }

  /** `(import "module" "name" (<sort> <id>? …))` */
  #import(c: Cursor): void {
    const module = c.name();
    const name = c.name();
    const inner = c.list();
    const sort = inner.word('the sort of an import').text;
    if (!isSort(sort)) throw c.unexpected('the sort of an import');
    const id = inner.takeId();
    const debugName = nameAnnotation(inner) ?? id?.name;
    this.#importOf(sort, module, name, id, debugName, inner);
    c.finish();
  }

  #importOf(
    sort: Sort,
    module: string,
    name: string,
    id: Id | undefined,
    debugName: string | undefined,
    c: Cursor,
  ): void {
    if (this.#defined !== undefined)
      throw nodeError('import-order', `import after ${this.#defined}: imports stand before all definitions`, c.owner);
    const index = this.#context[sort].add(id, debugName);
    const items = c.rest();
    if (sort === 'func') this.#importedLocals(index, new Cursor(c.owner, 0, items));
    // A type in place gets its index now, among the types of the fields around it.
    const type = this.#externType(sort, new Cursor(c.owner, 0, items));
    this.#later.push(() => {
      encodeCoreExternType(this.#sections.entry('import').name(module).name(name), type());
    });
  }

  /** The parameters of an imported function may have names. */
  #importedLocals(index: number, c: Cursor): void {
    const locals = new IndexSpace('local');
    for (const { id, name } of this.#context.types.read(c.takeList('exact') ?? c).names)
      locals.add(id, name ?? id?.name);
    this.#locals.push([index, locals.names]);
  }

  #externType(sort: Sort, c: Cursor): () => CoreExternType {
    const { types } = this.#context;
    if (sort === 'func' || sort === 'tag') {
      const exact = sort === 'func' ? c.takeList('exact') : undefined;
      const use = types.read(exact ?? c);
      exact?.finish();
      c.finish();
      const added = use.ref === undefined ? types.intern(use) : undefined;
      return () => {
        types.check(use);
        const typeIndex = added ?? types.intern(use);
        return sort === 'tag' ? { kind: sort, typeIndex } : { kind: sort, typeIndex, exact: exact !== undefined };
      };
    }
    return () => {
      const type =
        sort === 'table'
          ? tableType(c, types.resolve)
          : sort === 'memory'
            ? memoryType(c)
            : globalType(c, types.resolve);
      c.finish();
      return type;
    };
  }

  #export(c: Cursor): void {
    const name = c.name();
    const inner = c.list();
    const sort = inner.word('the sort of an export').text;
    if (!isSort(sort)) throw c.unexpected('the sort of an export');
    this.#writeExport(name, sort, this.#context[sort].resolve(inner.ref()));
    inner.finish();
    c.finish();
  }

  #writeExport(name: string, sort: Sort, index: number): void {
    this.#sections.entry('export').name(name).byte(EXPORT_CODE[sort]).u(index);
  }

  /** A definition, or an import written as one. */
  #definition(sort: Sort, c: Cursor): void {
    const id = c.takeId();
    const debugName = nameAnnotation(c) ?? id?.name;
    const index = this.#context[sort].size;
    for (let inner = c.takeList('export'); inner !== undefined; inner = c.takeList('export')) {
      const name = inner.name();
      inner.finish();
      this.#later.push(() => this.#writeExport(name, sort, index));
    }
    const inline = c.takeList('import');
    if (inline !== undefined) {
      const module = inline.name();
      const name = inline.name();
      inline.finish();
      this.#importOf(sort, module, name, id, debugName, c);
      return;
    }
    this.#context[sort].add(id, debugName);
    this.#defined ??= sort === 'func' ? 'function' : sort;
    this.#later.push(this.#writerOf(sort, c, index));
  }

  #writerOf(sort: Sort, c: Cursor, index: number): () => void {
    switch (sort) {
      case 'func':
        return () => this.#func(c, index);
      case 'table':
        return () => this.#table(c, index);
      case 'memory':
        // The segment inside a memory has an index.
        return this.#memory(c, index);
      case 'global':
        return () => this.#global(c);
      case 'tag':
        return () => {
          const { types } = this.#context;
          const use = types.read(c);
          c.finish();
          types.check(use);
          this.#sections.entry('tag').byte(0x00).u(types.intern(use));
        };
    }
  }

  #func(c: Cursor, index: number): void {
    const { types } = this.#context;
    const use = types.read(c);
    types.check(use);
    const type = types.intern(use);
    const locals = new IndexSpace('local');
    this.#params(use, type, locals);
    const declared = valTypes(c, 'local', types.resolve);
    for (const { id, name } of declared) locals.add(id, name ?? id?.name);
    const body = new ExpressionWriter(this.#context, locals);
    body.write(c);
    this.#usesData ||= body.usesData;
    this.#locals.push([index, locals.names]);
    this.#labels.push([index, body.labelNames]);
    this.#sections.entry('func').u(type);
    const head = new CodeWriter();
    const runs = groupEqual(declared.map((local) => local.type));
    head.vec(runs, ([count, local]) => encodeCoreValType(head.u(count), local));
    this.#sections.entry('code').sized((w) => w.raw(head.view()).raw(body.w.view()).byte(0x0b));
    const hints = body.branchHints.map(([offset, hint]) => [head.length + offset, hint] as const);
    if (hints.length > 0) this.#branchHints.push([index, hints]);
  }

  /** Parameters are the first locals; where only the type is named, they have no identifiers. */
  #params(use: TypeUse, type: number, locals: IndexSpace): void {
    if (use.inPlace) for (const { id, name } of use.names) locals.add(id, name ?? id?.name);
    else for (const _ of this.#context.types.funcType(type)?.params ?? []) locals.add(undefined);
  }

  #table(c: Cursor, index: number): void {
    const { types } = this.#context;
    const is64 = addressType(c);
    if (isRefType(c)) {
      const element = refType(c, types.resolve);
      const inner = c.list('elem');
      const items = tableElements(this.#context, inner, element);
      c.finish();
      const size = BigInt(items.kind === 'functions' ? items.indices.length : items.values.length);
      const type: TableType = { kind: 'table', element, limits: { min: size, max: size, is64, shared: false } };
      this.#writeTable(this.#sections.entry('table'), type);
      this.#context.elem.add(undefined);
      writeElem(this.#sections.entry('elem'), { kind: 'active', table: index, offset: zero(is64) }, items);
      return;
    }
    const size = limits(c, is64);
    const type: TableType = { kind: 'table', limits: size, element: refType(c, types.resolve) };
    const init = c.done ? undefined : constant(this.#context, c);
    const w = this.#sections.entry('table');
    if (init !== undefined) w.byte(0x40, 0x00);
    this.#writeTable(w, type);
    init?.(w);
  }

  #writeTable(w: CodeWriter, type: TableType): void {
    encodeRefType(w, type.element);
    encodeLimits(w, type.limits);
  }

  #memory(c: Cursor, index: number): () => void {
    const is64 = addressType(c);
    const page = c.isList() ? pageSize(c) : undefined;
    const inner = c.takeList('data');
    const write = (type: MemoryType): void =>
      encodeLimits(this.#sections.entry('memory'), type.limits, type.pageSizeLog2);
    if (inner === undefined) {
      const size = limits(c, is64);
      const type: MemoryType = { kind: 'memory', limits: size, pageSizeLog2: pageSize(c) };
      c.finish();
      return () => write(type);
    }
    const bytes = inner.data();
    inner.finish();
    c.finish();
    this.#context.data.add(undefined);
    const log = page ?? WASM_PAGE_LOG2;
    const pages = BigInt(Math.ceil(bytes.length / 2 ** log));
    return () => {
      write({ kind: 'memory', limits: { min: pages, max: pages, is64, shared: false }, pageSizeLog2: page });
      writeData(this.#sections.entry('data'), { memory: index, offset: zero(is64) }, bytes);
    };
  }

  #global(c: Cursor): void {
    const type = globalType(c, this.#context.types.resolve);
    const init = constant(this.#context, c);
    const w = this.#sections.entry('global');
    encodeCoreValType(w, type.type);
    w.byte((type.mutable ? 1 : 0) | (type.shared ? 2 : 0));
    init(w);
  }
}

function groupEqual<T>(items: readonly T[]): [count: number, item: T][] {
  const groups: [number, T][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last !== undefined && JSON.stringify(last[1]) === JSON.stringify(item)) last[0]++;
    else groups.push([1, item]);
  }
  return groups;
}

/**
 * Assembles the fields that are left in `c`, which stands behind `(module <id>?`.
 * @throws TextError
 */
export function assembleModule(c: Cursor, name: string | undefined): Uint8Array<ArrayBuffer> {
  return new Assembler().assemble(c.rest(), c.owner, name);
}
