/** Emits code that lowers JavaScript values, flat or into memory. Variables at hand: `cx`, `mem`, `S` (support), `r<n>` (resources). */
import type { FlagsType, ValueType, VariantCase } from '../../types/value-type.ts';
import { unreachable } from '../../util/invariant.ts';
import { type FlatType, flattenType } from '../flatten.ts';
import { discriminantSize, fieldOffsets, flagsSize, layout, payloadOffset } from '../layout.ts';
import { partsOf } from '../parts.ts';
import { type Emitter, MAX_EMITTED_PARTS, OUTLINE_ABOVE, quote } from './emit-code.ts';
import { camelNames } from './names.ts';
import { numberKind } from './typed-array.ts';

/** `path` is an expression of a string; it is evaluated in failures only. */
type Path = string;

function within(path: Path, suffix: string): Path {
  return `${path} + ${quote(suffix)}`;
}

const INT_TESTS = {
  u8: (v: string) => `(${v} & 255) !== ${v}`,
  s8: (v: string) => `(${v} << 24 >> 24) !== ${v}`,
  u16: (v: string) => `(${v} & 65535) !== ${v}`,
  s16: (v: string) => `(${v} << 16 >> 16) !== ${v}`,
  u32: (v: string) => `(${v} >>> 0) !== ${v}`,
  s32: (v: string) => `(${v} | 0) !== ${v}`,
} as const;

/** Emits the checks of a type that is one core value; gives the expression of that value. */
function scalar(e: Emitter, type: ValueType, value: string, path: Path): string | undefined {
  switch (type.kind) {
    case 'u8':
    case 's8':
    case 'u16':
    case 's16':
    case 'u32':
    case 's32': {
      const v = e.let(value);
      e.line(
        `if (typeof ${v} !== 'number' || ${INT_TESTS[type.kind](v)}) ${v} = S.checkInt('${type.kind}', ${v}, ${path});`,
      );
      return v;
    }
    case 'u64':
    case 's64':
      return e.let(`S.checkBig('${type.kind}', ${value}, ${path})`);
    case 'f32':
    case 'f64': {
      const v = e.let(value);
      e.line(`if (typeof ${v} !== 'number') S.checkFloat('${type.kind}', ${v}, ${path});`);
      return v;
    }
    case 'bool': {
      const v = e.let(value);
      e.line(`if (${v} !== true && ${v} !== false) S.checkBool(${v}, ${path});`);
      return `(${v} ? 1 : 0)`;
    }
    case 'char':
      return e.let(`S.checkCharText(${value}, ${path})`);
    case 'flags':
      return flags(e, type, value, path);
    case 'enum': {
      const v = e.let(value);
      const index = e.let(`${e.constant(new Map(type.labels.map((l, i) => [l, i])))}.get(${v})`);
      const expected = `one of ${type.labels.map((l) => JSON.stringify(l)).join(', ')}`;
      e.line(`if (${index} === undefined) S.mismatch(${path}, ${quote(expected)}, ${v});`);
      return index;
    }
    case 'own':
    case 'borrow': {
      const method = type.kind === 'own' ? 'lowerOwn' : 'lowerBorrow';
      return e.let(`r${e.resources.get(type.resource)}.${method}(${value}, ${path})`);
    }
    case 'stream':
    case 'future':
      return e.let(`cx.handles.lowerEnd(env.ends[${e.ends.get(type)}], ${value})`);
    case 'error-context':
      return e.let(`cx.handles.lowerErrorContext(${value})`);
    default:
      return undefined;
  }
}

function flags(e: Emitter, type: FlagsType, value: string, path: Path): string {
  const object = objectOf(e, value, path, 'an object of booleans');
  const mask = e.let('0');
  for (const [i, name] of camelNames(type.labels).entries()) {
    const flag = e.let(`${object}[${quote(name)}]`);
    e.line(`if (${flag} === true) ${mask} |= ${1 << i};`);
    e.line(
      `else if (${flag} !== undefined && ${flag} !== false) S.mismatch(${within(path, `.${name}`)}, 'a boolean', ${flag});`,
    );
  }
  return mask;
}

/** Pointer and length of a string or list, as two variables holding numbers (the length may carry a tag). */
function range(e: Emitter, type: ValueType, value: string, path: Path): readonly [string, string] | undefined {
  switch (type.kind) {
    case 'string': {
      const text = e.let(value, 't');
      e.line(`if (typeof ${text} !== 'string') S.checkString(${text}, ${path});`);
      const pointer = e.let(`S.lowerString(cx, ${text})`, 'p');
      return [pointer, e.let('S.last.units', 'n')];
    }
    case 'list': {
      const kind = numberKind(type.element);
      if (kind === undefined) return list(e, type.element, value, path);
      const pointer = e.let(`S.lowerNumbers(cx, '${kind}', ${value}, () => ${path})`, 'p');
      return [pointer, e.let('S.last.units', 'n')];
    }
    case 'map':
      return map(e, type, value, path);
    default:
      return undefined;
  }
}

const entries = new WeakMap<ValueType, WeakMap<ValueType, ValueType>>();

/** The tuple type of a map's entries: the same for the same key and value. */
export function entryType(key: ValueType, value: ValueType): ValueType {
  let byValue = entries.get(key);
  if (byValue === undefined) {
    byValue = new WeakMap();
    entries.set(key, byValue);
  }
  let type = byValue.get(value);
  if (type === undefined) {
    type = { kind: 'tuple', types: [key, value] };
    byValue.set(value, type);
  }
  return type;
}

function map(
  e: Emitter,
  type: Extract<ValueType, { kind: 'map' }>,
  value: string,
  path: Path,
): readonly [string, string] {
  const v = e.let(value);
  e.line(`if (!(${v} instanceof Map)) S.mismatch(${path}, 'a Map', ${v});`);
  const { align, size } = layout(entryType(type.key, type.value), e.pointer);
  const [, offset = 0] = fieldOffsets([type.key, type.value], e.pointer);
  const entries = e.let(`[...${v}]`, 'a');
  const length = e.let(`${entries}.length`, 'n');
  const pointer = e.let(`S.allocateList(cx, ${length}, ${size}, ${align})`, 'p');
  const i = e.fresh('i');
  e.block(`for (let ${i} = 0; ${i} < ${length}; ${i}++)`, () => {
    const at = `${pointer} + ${i} * ${size}`;
    store(e, type.key, `${entries}[${i}][0]`, at, `'a key of ' + ${path}`);
    store(e, type.value, `${entries}[${i}][1]`, `${at} + ${offset}`, `'a value of ' + ${path}`);
  });
  return [pointer, length];
}

function list(e: Emitter, element: ValueType, value: string, path: Path): readonly [string, string] {
  const { align, size } = layout(element, e.pointer);
  const array = arrayOf(e, value, path, 'an array');
  const length = e.let(`${array}.length`, 'n');
  const pointer = e.let(`S.allocateList(cx, ${length}, ${size}, ${align})`, 'p');
  elements(e, element, array, length, pointer, path);
  return [pointer, length];
}

function elements(e: Emitter, element: ValueType, array: string, length: string, pointer: string, path: Path): void {
  const i = e.fresh('i');
  e.block(`for (let ${i} = 0; ${i} < ${length}; ${i}++)`, () => {
    store(
      e,
      element,
      `${array}[${i}]`,
      `${pointer} + ${i} * ${layout(element, e.pointer).size}`,
      `${path} + '[' + ${i} + ']'`,
    );
  });
}

/** Emits: makes sure that `value` is an object; the message is composed only if not. */
function objectOf(e: Emitter, value: string, path: Path, expected: string): string {
  const o = e.let(value, 'o');
  e.line(`if (typeof ${o} !== 'object' || ${o} === null) S.checkObject(${o}, ${path}, ${quote(expected)});`);
  return o;
}

function arrayOf(e: Emitter, value: string, path: Path, expected: string): string {
  const a = e.let(value, 'a');
  e.line(`if (!Array.isArray(${a})) S.arrayOf(${a}, ${path}, ${quote(expected)});`);
  return a;
}

function word(e: Emitter, value: string): string {
  return e.pointer === 8 ? `BigInt(${value})` : value;
}

/** Emits code that stores `value` at the address `at` (an expression). */
export function store(e: Emitter, type: ValueType, value: string, at: string, path: Path): void {
  const parts = partsOf(type);
  if (parts > MAX_EMITTED_PARTS) {
    e.line(`S.storeAny(cx, ${e.constant(type)}, ${value}, ${at}, ${path});`);
    return;
  }
  if (parts > OUTLINE_ABOVE) {
    const name = e.outline('store', type, 'value, at, path', () => storeInline(e, type, 'value', 'at', 'path'));
    e.line(`${name}(${value}, ${at}, ${path});`);
    return;
  }
  storeInline(e, type, value, at, path);
}

const SETTERS: Partial<Record<ValueType['kind'], string>> = {
  bool: 'setUint8',
  u8: 'setUint8',
  s8: 'setUint8',
  u16: 'setUint16',
  s16: 'setUint16',
  u32: 'setUint32',
  s32: 'setUint32',
  char: 'setUint32',
  u64: 'setBigUint64',
  s64: 'setBigUint64',
  f32: 'setFloat32',
  f64: 'setFloat64',
  own: 'setUint32',
  borrow: 'setUint32',
  stream: 'setUint32',
  future: 'setUint32',
  'error-context': 'setUint32',
};

const BY_SIZE = { 1: 'setUint8', 2: 'setUint16', 4: 'setUint32' } as const;

function setterOf(type: ValueType): string {
  if (type.kind === 'flags') return BY_SIZE[flagsSize(type.labels.length)];
  if (type.kind === 'enum') return BY_SIZE[discriminantSize(type.labels.length)];
  return SETTERS[type.kind]!;
}

function storeInline(e: Emitter, type: ValueType, value: string, at: string, path: Path): void {
  const core = scalar(e, type, value, path);
  if (core !== undefined) {
    e.line(`mem.view.${setterOf(type)}(${at}, ${core}, true);`);
    return;
  }
  const pair = range(e, type, value, path);
  if (pair !== undefined) {
    const set = e.pointer === 8 ? 'setBigUint64' : 'setUint32';
    e.line(`mem.view.${set}(${at}, ${word(e, pair[0])}, true);`);
    e.line(`mem.view.${set}(${at} + ${e.pointer}, ${word(e, pair[1])}, true);`);
    return;
  }
  const base = e.let(at, 'p');
  switch (type.kind) {
    case 'record':
    case 'tuple':
      for (const m of members(e, type, value, path)) store(e, m.type, m.value, `${base} + ${m.offset}`, m.path);
      return;
    case 'fixed-list': {
      const array = fixedArray(e, type.length, value, path);
      elements(e, type.element, array, String(type.length), base, path);
      return;
    }
    case 'variant':
    case 'option':
    case 'result': {
      const cases = casesOf(type);
      const set = BY_SIZE[discriminantSize(cases.length)];
      const payload = payloadOffset(cases, e.pointer);
      branches(e, type, value, path, (index, inner, val, p) => {
        e.line(`mem.view.${set}(${base}, ${index}, true);`);
        if (inner !== undefined) store(e, inner, val, `${base} + ${payload}`, p);
      });
      return;
    }
    default:
      unreachable(type as never);
  }
}

interface Member {
  readonly type: ValueType;
  readonly value: string;
  readonly path: Path;
  readonly offset: number;
}

/** Emits the check of a record or tuple; gives its members. */
function members(
  e: Emitter,
  type: Extract<ValueType, { kind: 'record' | 'tuple' }>,
  value: string,
  path: Path,
): readonly Member[] {
  if (type.kind === 'record') {
    const object = objectOf(e, value, path, 'an object with the fields of the record');
    const names = camelNames(type.fields.map((f) => f.name));
    const offsets = fieldOffsets(
      type.fields.map((f) => f.type),
      e.pointer,
    );
    return type.fields.map((f, i) => ({
      type: f.type,
      value: `${object}[${quote(names[i]!)}]`,
      path: within(path, `.${names[i]}`),
      offset: offsets[i]!,
    }));
  }
  const array = fixedArray(e, type.types.length, value, path);
  const offsets = fieldOffsets(type.types, e.pointer);
  return type.types.map((t, i) => ({
    type: t,
    value: `${array}[${i}]`,
    path: within(path, `[${i}]`),
    offset: offsets[i]!,
  }));
}

function fixedArray(e: Emitter, length: number, value: string, path: Path): string {
  const array = arrayOf(e, value, path, `an array of ${length}`);
  e.line(`if (${array}.length !== ${length}) S.mismatch(${path}, 'an array of ${length}', ${array});`);
  return array;
}

/** The cases of a variant-like type as JavaScript tags name them. */
export function casesOf(type: Extract<ValueType, { kind: 'variant' | 'option' | 'result' }>): readonly VariantCase[] {
  switch (type.kind) {
    case 'variant':
      return type.cases;
    case 'option':
      return [
        { name: 'none', type: undefined },
        { name: 'some', type: type.type },
      ];
    case 'result':
      return [
        { name: 'ok', type: type.ok },
        { name: 'err', type: type.err },
      ];
  }
}

type OnCase = (index: number, inner: ValueType | undefined, value: string, path: Path) => void;

/** Emits one branch for each case of a value. */
function branches(
  e: Emitter,
  type: Extract<ValueType, { kind: 'variant' | 'option' | 'result' }>,
  value: string,
  path: Path,
  on: OnCase,
): void {
  const v = e.let(value);
  if (type.kind === 'option' && type.type.kind !== 'option') {
    e.block(`if (${v} === undefined || ${v} === null)`, () => on(0, undefined, v, path), '} else {');
    on(1, type.type, v, path);
    e.line('}');
    return;
  }
  const cases = casesOf(type);
  const expected = `{ tag, val } with a tag of ${cases.map((c) => JSON.stringify(c.name)).join(', ')}`;
  const object = objectOf(e, v, path, expected);
  e.block(`switch (${object}.tag)`, () => {
    for (const [index, c] of cases.entries()) {
      e.block(`case ${quote(c.name)}:`, () => {
        on(index, c.type, `${object}.val`, within(path, '.val'));
        e.line('break;');
      });
    }
    e.line(`default: S.mismatch(${within(path, '.tag')}, ${quote(expected)}, ${object}.tag);`);
  });
}

/** Emits: turns a core value into the type of the joined place. */
export function coerceExpression(value: string, have: FlatType, want: FlatType): string {
  if (have === want) return value;
  if (have === 'f32') return want === 'i32' ? `S.f32ToI32(${value})` : `S.i32ToI64(S.f32ToI32(${value}))`;
  if (have === 'f64') return `S.f64ToI64(${value})`;
  return `S.i32ToI64(${value})`;
}

/** Emits code that lowers `value`; gives the expressions of its core values. */
export function lowerFlat(e: Emitter, type: ValueType, value: string, path: Path): readonly string[] {
  const flat = flattenType(type, e.pointer);
  if (partsOf(type) > MAX_EMITTED_PARTS) {
    const values = e.let(`S.lowerAny(cx, ${e.constant(type)}, ${value}, ${path})`);
    return flat.map((_, i) => `${values}[${i}]`);
  }
  const core = scalar(e, type, value, path);
  if (core !== undefined) return [core];
  const pair = range(e, type, value, path);
  if (pair !== undefined) return [word(e, pair[0]), word(e, pair[1])];
  switch (type.kind) {
    case 'record':
    case 'tuple':
      return members(e, type, value, path).flatMap((m) => lowerFlat(e, m.type, m.value, m.path));
    case 'fixed-list': {
      const array = fixedArray(e, type.length, value, path);
      return Array.from({ length: type.length }, (_, i) =>
        lowerFlat(e, type.element, `${array}[${i}]`, within(path, `[${i}]`)),
      ).flat();
    }
    case 'variant':
    case 'option':
    case 'result': {
      const places = flat.map((t) => e.let(t === 'i64' ? '0n' : '0', 'f'));
      branches(e, type, value, path, (index, inner, val, p) => {
        e.line(`${places[0]} = ${index};`);
        if (inner === undefined) return;
        const have = flattenType(inner, e.pointer);
        for (const [i, expression] of lowerFlat(e, inner, val, p).entries()) {
          e.line(`${places[i + 1]} = ${coerceExpression(expression, have[i]!, flat[i + 1]!)};`);
        }
      });
      return places;
    }
    default:
      return unreachable(type as never);
  }
}
