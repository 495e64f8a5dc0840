/** Element and data segments, in fields of their own and inside tables and memories. Specification: core 3.0, "Text format, modules". */
import { encodeRefType } from '../../core/encode-types.ts';
import type { RefType } from '../../types/core-type.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import type { Cursor } from '../cursor.ts';
import type { ModuleContext } from './context.ts';
import { ExpressionWriter } from './expression.ts';
import { isRefType, refType } from './types.ts';

/** A constant expression with its `end`. */
export type Constant = (w: CodeWriter) => void;

const I32_CONST = 0x41;
const I64_CONST = 0x42;
const REF_FUNC = 0xd2;
const END = 0x0b;

/** The offset 0. */
export function zero(is64: boolean): Constant {
  return (w) => w.byte(is64 ? I64_CONST : I32_CONST, 0x00, END);
}

/** All instructions that are left in `c`. */
export function constant(module: ModuleContext, c: Cursor): Constant {
  const expression = new ExpressionWriter(module);
  expression.write(c);
  return (w) => w.raw(expression.w.view()).byte(END);
}

/** `(offset <instr>*)` or one folded instruction. */
function offset(module: ModuleContext, c: Cursor): Constant {
  const inner = c.takeList('offset');
  if (inner !== undefined) return constant(module, inner);
  if (!c.isList()) throw c.unexpected('an offset');
  return constant(module, c.one());
}

interface FunctionElements {
  readonly kind: 'functions';
  readonly indices: readonly number[];
}

/** What a segment of elements holds. */
export type Elements =
  | FunctionElements
  | { readonly kind: 'expressions'; readonly type: RefType; readonly values: readonly Constant[] };

function functions(module: ModuleContext, c: Cursor): FunctionElements {
  const indices: number[] = [];
  while (c.isRef()) indices.push(module.func.resolve(c.ref('a function')));
  c.finish();
  return { kind: 'functions', indices };
}

/** `(item <instr>*)` or one folded instruction each. */
function expressions(module: ModuleContext, c: Cursor, type: RefType): Elements {
  const values: Constant[] = [];
  while (!c.done) {
    const item = c.takeList('item');
    if (item === undefined && !c.isList()) throw c.unexpected('an element in parentheses');
    values.push(constant(module, item ?? c.one()));
  }
  return { kind: 'expressions', type, values };
}

/** `elemlist`; bare indices are allowed where `bare`. */
function elements(module: ModuleContext, c: Cursor, bare: boolean): Elements {
  if (c.takeWord('func')) return functions(module, c);
  if (isRefType(c)) return expressions(module, c, refType(c, module.types.resolve));
  if (bare) return functions(module, c);
  throw c.unexpected('`func` or a reference type');
}

/** The elements inside a table: expressions of its type, or functions, which must be expressions too if the type is not `funcref`. */
export function tableElements(module: ModuleContext, c: Cursor, type: RefType): Elements {
  if (c.isList()) return expressions(module, c, type);
  const items = functions(module, c);
  if (isFuncRef(type)) return items;
  const values = items.indices.map(
    (index): Constant =>
      (w) =>
        w.byte(REF_FUNC).u(index).byte(END),
  );
  return { kind: 'expressions', type, values };
}

export type ElemMode =
  | { readonly kind: 'passive' }
  | { readonly kind: 'declared' }
  | {
      /** Without a table: the first, in the shorter form where there is one. */ readonly kind: 'active';
      readonly table: number | undefined;
      readonly offset: Constant;
    };

function isFuncRef(type: RefType): boolean {
  return type.nullable && type.heap.kind === 'abstract' && type.heap.name === 'func' && !type.heap.shared;
}

/** `elem` */
export function writeElem(w: CodeWriter, mode: ElemMode, items: Elements): void {
  const expressionsBit = items.kind === 'expressions' ? 4 : 0;
  // The shortest form says neither the table nor the type.
  const short =
    mode.kind === 'active' && mode.table === undefined && (items.kind === 'functions' || isFuncRef(items.type));
  const modeBits = mode.kind === 'passive' ? 1 : mode.kind === 'declared' ? 3 : short ? 0 : 2;
  w.u(modeBits | expressionsBit);
  if (mode.kind === 'active') {
    if (!short) w.u(mode.table ?? 0);
    mode.offset(w);
  }
  if (items.kind === 'functions') {
    if (!short) w.byte(0x00);
    w.vec(items.indices, (index) => w.u(index));
    return;
  }
  if (!short) encodeRefType(w, items.type);
  w.vec(items.values, (value) => value(w));
}

/** `(elem <id>? …)` behind the identifier. */
export function elemField(module: ModuleContext, c: Cursor, w: CodeWriter): void {
  if (c.takeWord('declare')) {
    writeElem(w, { kind: 'declared' }, elements(module, c, true));
    return;
  }
  const use = c.takeList('table');
  const bareTable = use === undefined && c.isRef() && c.peek(1)?.kind === 'list';
  const inner = use ?? c;
  const table = use !== undefined || bareTable ? module.table.resolve(inner.ref('a table')) : undefined;
  use?.finish();
  const active = use !== undefined || bareTable || (c.isList() && !isRefType(c));
  if (active) {
    const at = offset(module, c);
    writeElem(w, { kind: 'active', table, offset: at }, elements(module, c, true));
  } else writeElem(w, { kind: 'passive' }, elements(module, c, false));
}

/** `data` */
export function writeData(
  w: CodeWriter,
  active: { memory: number; offset: Constant } | undefined,
  bytes: Uint8Array,
): void {
  if (active === undefined) w.byte(0x01);
  else {
    if (active.memory === 0) w.byte(0x00);
    else w.byte(0x02).u(active.memory);
    active.offset(w);
  }
  w.u(bytes.length).raw(bytes);
}

/** `(data <id>? …)` behind the identifier. */
export function dataField(module: ModuleContext, c: Cursor, w: CodeWriter): void {
  const use = c.takeList('memory');
  const bare = use === undefined && c.isRef();
  const memory = use !== undefined || bare ? module.memory.resolve((use ?? c).ref('a memory')) : 0;
  use?.finish();
  const active = use !== undefined || c.isList() ? { memory, offset: offset(module, c) } : undefined;
  const bytes = c.data();
  c.finish();
  writeData(w, active, bytes);
}
