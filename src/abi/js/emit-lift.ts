/** Emits code that lifts component values into their JavaScript forms. Variables at hand: as in `emit-lower.ts`. */
import type { ValueType } from '../../types/value-type.ts';
import { unreachable } from '../../util/invariant.ts';
import { type FlatType, flattenType } from '../flatten.ts';
import { discriminantSize, fieldOffsets, flagsSize, layout, payloadOffset } from '../layout.ts';
import { flagsMask } from '../load.ts';
import { partsOf } from '../parts.ts';
import { type Emitter, MAX_EMITTED_PARTS, OUTLINE_ABOVE, quote } from './emit-code.ts';
import { casesOf, entryType } from './emit-lower.ts';
import { camelNames } from './names.ts';
import { numberKind } from './typed-array.ts';

type Variantish = Extract<ValueType, { kind: 'variant' | 'option' | 'result' }>;

/** Names that an object literal or an assignment would not define as a plain field. */
const SPECIAL = new Set(['__proto__']);

/** The JavaScript value of a core value that is a whole type. */
function fromCore(e: Emitter, type: ValueType, core: string): string | undefined {
  switch (type.kind) {
    case 'bool':
      return `${core} !== 0`;
    case 'u8':
      return `(${core} & 255)`;
    case 's8':
      return `(${core} << 24 >> 24)`;
    case 'u16':
      return `(${core} & 65535)`;
    case 's16':
      return `(${core} << 16 >> 16)`;
    case 'u32':
      return `(${core} >>> 0)`;
    case 's32':
      return `(${core} | 0)`;
    case 'u64':
      return `BigInt.asUintN(64, ${core})`;
    case 's64':
      return `BigInt.asIntN(64, ${core})`;
    case 'f32':
    case 'f64':
      return core;
    case 'char':
      return `S.charText(${core} >>> 0)`;
    case 'flags': {
      const mask = e.let(`${core} & ${flagsMask(type.labels.length) | 0}`);
      return object(
        camelNames(type.labels),
        type.labels.map((_, i) => `(${mask} & ${1 << i}) !== 0`),
        e,
      );
    }
    case 'enum': {
      const index = e.let(`${core} >>> 0`);
      e.line(`if (${index} >= ${type.labels.length}) S.invalidDiscriminant();`);
      return `${e.constant(type.labels)}[${index}]`;
    }
    case 'own':
      return e.let(`r${e.resources.get(type.resource)}.liftOwn(${core} >>> 0)`);
    case 'borrow':
      return e.let(`r${e.resources.get(type.resource)}.liftBorrow(${core} >>> 0)`);
    case 'stream':
    case 'future':
      return e.let(`cx.handles.liftEnd(env.ends[${e.ends.get(type)}], ${core} >>> 0)`);
    case 'error-context':
      return e.let(`cx.handles.liftErrorContext(${core} >>> 0)`);
    default:
      return undefined;
  }
}

function object(names: readonly string[], values: readonly string[], e: Emitter): string {
  const plain = names.map((name, i) => [name, values[i]!] as const).filter(([name]) => !SPECIAL.has(name));
  const literal = `{ ${plain.map(([name, value]) => `${quote(name)}: ${value}`).join(', ')} }`;
  if (plain.length === names.length) return literal;
  const o = e.let(literal, 'o');
  for (const [i, name] of names.entries())
    if (SPECIAL.has(name)) e.line(`S.defineField(${o}, ${quote(name)}, ${values[i]});`);
  return o;
}

const GETTERS: Partial<Record<ValueType['kind'], (at: string) => string>> = {
  bool: (at) => `view.getUint8(${at})`,
  u8: (at) => `view.getUint8(${at})`,
  s8: (at) => `view.getInt8(${at})`,
  u16: (at) => `view.getUint16(${at}, true)`,
  s16: (at) => `view.getInt16(${at}, true)`,
  u64: (at) => `view.getBigUint64(${at}, true)`,
  s64: (at) => `view.getBigInt64(${at}, true)`,
  f32: (at) => `view.getFloat32(${at}, true)`,
  f64: (at) => `view.getFloat64(${at}, true)`,
};

const BY_SIZE = { 1: 'getUint8', 2: 'getUint16', 4: 'getUint32' } as const;

function coreAt(type: ValueType, at: string): string {
  if (type.kind === 'flags') return `view.${BY_SIZE[flagsSize(type.labels.length)]}(${at}, true)`;
  if (type.kind === 'enum') return `view.${BY_SIZE[discriminantSize(type.labels.length)]}(${at}, true)`;
  return GETTERS[type.kind]?.(at) ?? `view.getUint32(${at}, true)`;
}

/** Emits what lifting needs before it begins: no guest runs while values are lifted, so the view stays what it is. */
export function beginLift(e: Emitter): void {
  e.line('const view = mem.view;');
}

/** The value of a pointer and a length, both expressions of unsigned numbers (the length as it stands, with its tag). */
function fromRange(e: Emitter, type: ValueType, pointer: string, length: string): string | undefined {
  const count = e.pointer === 8 ? `S.word64(${length})` : length;
  switch (type.kind) {
    case 'string':
      return e.let(`S.liftString(cx, ${pointer}, ${length})`);
    case 'list': {
      const kind = numberKind(type.element);
      if (kind !== undefined)
        return e.let(`S.${e.lends ? 'viewNumbers' : 'liftNumbers'}(cx, '${kind}', ${pointer}, ${count})`);
      return list(e, type.element, pointer, count);
    }
    case 'map':
      return `new Map(${list(e, entryType(type.key, type.value), pointer, count)})`;
    default:
      return undefined;
  }
}

function list(e: Emitter, element: ValueType, pointer: string, length: string): string {
  const { align, size } = layout(element, e.pointer);
  const p = e.let(pointer, 'p');
  const n = e.let(length, 'n');
  e.line(`S.checkList(cx, ${p}, ${n}, ${size}, ${align});`);
  return elements(e, element, p, n);
}

function elements(e: Emitter, element: ValueType, pointer: string, length: string): string {
  const array = e.let('[]', 'a');
  const i = e.fresh('i');
  e.block(`for (let ${i} = 0; ${i} < ${length}; ${i}++)`, () => {
    e.line(`${array}.push(${load(e, element, `${pointer} + ${i} * ${layout(element, e.pointer).size}`)});`);
  });
  return array;
}

function wordAt(e: Emitter, at: string): string {
  return e.pointer === 8 ? `view.getBigUint64(${at}, true)` : `view.getUint32(${at}, true)`;
}

function address(e: Emitter, word: string): string {
  return e.pointer === 8 ? `S.word64(${word})` : word;
}

/** Emits code that loads a value at the address `at`; gives its expression. */
export function load(e: Emitter, type: ValueType, at: string): string {
  const parts = partsOf(type);
  if (parts > MAX_EMITTED_PARTS) return e.let(`S.loadAny(cx, ${e.constant(type)}, ${at})`);
  if (parts > OUTLINE_ABOVE) {
    const name = e.outline(e.lends ? 'lend' : 'load', type, 'at', () => {
      beginLift(e);
      e.line(`return ${loadInline(e, type, 'at')};`);
    });
    return e.let(`${name}(${at})`);
  }
  return loadInline(e, type, at);
}

function loadInline(e: Emitter, type: ValueType, at: string): string {
  if (type.kind === 'string' || type.kind === 'list' || type.kind === 'map') {
    const base = e.let(at, 'p');
    return fromRange(e, type, address(e, wordAt(e, base)), wordAt(e, `${base} + ${e.pointer}`))!;
  }
  const core = fromCore(e, type, coreAt(type, at));
  if (core !== undefined) return core;
  const base = e.let(at, 'p');
  switch (type.kind) {
    case 'record': {
      const offsets = fieldOffsets(
        type.fields.map((f) => f.type),
        e.pointer,
      );
      const values = type.fields.map((f, i) => e.let(load(e, f.type, `${base} + ${offsets[i]}`)));
      return object(camelNames(type.fields.map((f) => f.name)), values, e);
    }
    case 'tuple': {
      const offsets = fieldOffsets(type.types, e.pointer);
      return `[${type.types.map((t, i) => e.let(load(e, t, `${base} + ${offsets[i]}`))).join(', ')}]`;
    }
    case 'fixed-list': {
      const kind = numberKind(type.element);
      if (kind !== undefined) return e.let(`S.liftNumbers(cx, '${kind}', ${base}, ${type.length})`);
      return elements(e, type.element, base, String(type.length));
    }
    case 'variant':
    case 'option':
    case 'result': {
      const cases = casesOf(type);
      const at0 = `view.${BY_SIZE[discriminantSize(cases.length)]}(${base}, true)`;
      const payload = `${base} + ${payloadOffset(cases, e.pointer)}`;
      return variant(e, type, at0, (inner) => load(e, inner, payload));
    }
    default:
      return unreachable(type as never);
  }
}

/** Emits a branch for each case; gives the variable that holds the value. */
function variant(e: Emitter, type: Variantish, discriminant: string, payload: (inner: ValueType) => string): string {
  const result = e.let('undefined');
  variantInto(e, type, discriminant, payload, (value) => e.line(`${result} = ${value};`));
  return result;
}

function variantInto(
  e: Emitter,
  type: Variantish,
  discriminant: string,
  payload: (inner: ValueType) => string,
  set: (value: string, index: number) => void,
): void {
  const plainOption = type.kind === 'option' && type.type.kind !== 'option';
  e.block(`switch (${discriminant})`, () => {
    for (const [index, c] of casesOf(type).entries()) {
      e.block(`case ${index}:`, () => {
        const value = c.type === undefined ? undefined : payload(c.type);
        if (plainOption) set(value ?? 'undefined', index);
        else if (type.kind === 'result') set(`{ tag: ${quote(c.name)}, val: ${value ?? 'undefined'} }`, index);
        else set(value === undefined ? `{ tag: ${quote(c.name)} }` : `{ tag: ${quote(c.name)}, val: ${value} }`, index);
        e.line('break;');
      });
    }
    e.line('default: S.invalidDiscriminant();');
  });
}

/** Emits: turns a core value of a joined place into a case's own type. */
function uncoerce(value: string, have: FlatType, want: FlatType): string {
  if (have === want) return value;
  if (have === 'i32') return `S.i32ToF32(${value})`;
  if (want === 'f64') return `S.i64ToF64(${value})`;
  return want === 'f32' ? `S.i32ToF32(S.i64ToI32(${value}))` : `S.i64ToI32(${value})`;
}

/** Emits code that lifts a value from core values (expressions); gives its expression. */
export function liftFlat(e: Emitter, type: ValueType, flat: readonly string[]): string {
  if (partsOf(type) > MAX_EMITTED_PARTS) return e.let(`S.liftAny(cx, ${e.constant(type)}, [${flat.join(', ')}])`);
  const core = fromCore(e, type, flat[0]!);
  if (core !== undefined) return core;
  switch (type.kind) {
    case 'string':
    case 'list':
    case 'map':
      return range(e, type, flat);
    case 'record': {
      let at = 0;
      const values = type.fields.map((f) => {
        const count = flattenType(f.type, e.pointer).length;
        at += count;
        return e.let(liftFlat(e, f.type, flat.slice(at - count, at)));
      });
      return object(camelNames(type.fields.map((f) => f.name)), values, e);
    }
    case 'tuple':
    case 'fixed-list': {
      const types = type.kind === 'tuple' ? type.types : Array.from({ length: type.length }, () => type.element);
      let at = 0;
      const values = types.map((t) => {
        const count = flattenType(t, e.pointer).length;
        at += count;
        return e.let(liftFlat(e, t, flat.slice(at - count, at)));
      });
      const kind = type.kind === 'fixed-list' ? numberKind(type.element) : undefined;
      return kind === undefined ? `[${values.join(', ')}]` : `S.TYPED_ARRAYS.${kind}.of(${values.join(', ')})`;
    }
    case 'variant':
    case 'option':
    case 'result':
      return variant(e, type, `${flat[0]} >>> 0`, (inner) => casePayload(e, type, inner, flat));
    default:
      return unreachable(type as never);
  }
}

function range(e: Emitter, type: ValueType, flat: readonly string[]): string {
  if (e.pointer === 8) return fromRange(e, type, `S.word64(${flat[0]})`, `BigInt.asUintN(64, ${flat[1]})`)!;
  return fromRange(e, type, `(${flat[0]} >>> 0)`, `(${flat[1]} >>> 0)`)!;
}

function casePayload(e: Emitter, type: Variantish, inner: ValueType, flat: readonly string[]): string {
  const joined = flattenType(type, e.pointer);
  const own = flattenType(inner, e.pointer);
  return liftFlat(
    e,
    inner,
    own.map((want, i) => uncoerce(flat[i + 1]!, joined[i + 1]!, want)),
  );
}

/**
 * Emits code that lifts a function's `result<ok, err>`: the value goes to the variable `value`, and `failed` becomes true where it
 * is the error. `from` has core values, or a checked address if the result is in memory.
 */
export function liftTopResult(
  e: Emitter,
  type: Extract<ValueType, { kind: 'result' }>,
  from: { readonly flat: readonly string[] } | { readonly at: string },
  value: string,
  failed: string,
): void {
  const cases = casesOf(type);
  const discriminant = 'at' in from ? `view.getUint8(${from.at})` : `${from.flat[0]} >>> 0`;
  e.block(`switch (${discriminant})`, () => {
    for (const [index, c] of cases.entries()) {
      e.block(`case ${index}:`, () => {
        // An error outlives the call.
        const { lends } = e;
        e.lends = lends && index === 0;
        if (c.type !== undefined) {
          const inner =
            'at' in from
              ? load(e, c.type, `${from.at} + ${payloadOffset(cases, e.pointer)}`)
              : casePayload(e, type, c.type, from.flat);
          e.line(`${value} = ${inner};`);
        }
        e.lends = lends;
        if (index === 1) e.line(`${failed} = true;`);
        e.line('break;');
      });
    }
    e.line('default: S.invalidDiscriminant();');
  });
}
