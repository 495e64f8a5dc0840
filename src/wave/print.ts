/**
 * Prints JavaScript values of WIT types as WAVE, on one line. Format: WAVE, "Encoding"; options and results are always spelled out.
 * Values are those that Tenon gives (docs: values); handles, streams and futures have no text and are named instead.
 */
import { ValueError } from '../error/error.ts';
import { describeType } from '../types/describe.ts';
import type { ResultType, ValueType, VariantType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import { camelNames } from '../util/names.ts';
import { isKeyword } from './lexer.ts';
import { type IntegerKind, isLong, rangeOf } from './numbers.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  "'": "\\'",
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

function escaped(text: string): string {
  return text.replace(/[\\"'\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, (c) => {
    return ESCAPES[c] ?? `\\u{${c.codePointAt(0)?.toString(16)}}`;
  });
}

/** A number in decimal digits alone, without an exponent. */
function decimal(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** The shortest digits that give this f32 again. */
function shortestF32(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

function float(value: number, single: boolean): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0';
  return decimal(single ? shortestF32(value) : String(value));
}

/** A number or, where the type is of 64 bits, a bigint or safe integer. */
function integer(value: unknown, kind: IntegerKind): string {
  const fits = typeof value === 'bigint' ? isLong(kind) : Number.isSafeInteger(value);
  if (!fits) misfit(value, { kind });
  const [low, high] = rangeOf(kind);
  const exact = BigInt(value as number | bigint);
  return exact < low || exact > high ? misfit(value, { kind }) : String(exact);
}

function caseLabel(name: string): string {
  return isKeyword(name) ? `%${name}` : name;
}

function misfit(value: unknown, type: ValueType): never {
  throw new ValueError('wrong-type', 'a value does not fit its type', {
    expected: describeType(type),
    found: shown(value),
  });
}

type Fields = Readonly<Record<string, unknown>>;
interface Tagged {
  readonly tag: string;
  readonly val?: unknown;
}

function fieldsOf(value: unknown, type: ValueType): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : misfit(value, type);
}

function shown(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'number' || typeof value === 'bigint' ? `${typeof value} ${value}` : typeof value;
}

/** The items of a list; `length` where the type says how many there are. */
function listOf(value: unknown, type: ValueType, length?: number): readonly unknown[] {
  const items = itemsOf(value, type);
  return length === undefined || items.length === length ? items : misfit(value, type);
}

function itemsOf(value: unknown, type: ValueType): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  return misfit(value, type);
}

/** One Unicode scalar value. */
function isChar(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && [...value].length === 1;
}

function payload(label: string, value: unknown, type: ValueType | undefined): string {
  return type === undefined ? label : `${label}(${printWave(value, type)})`;
}

function printVariant(value: unknown, type: VariantType): string {
  const { tag, val } = fieldsOf(value, type) as unknown as Tagged;
  const one = type.cases.find((c) => c.name === tag) ?? misfit(value, type);
  return payload(caseLabel(tag), val, one.type);
}

function printResult(value: unknown, type: ResultType): string {
  const { tag, val } = fieldsOf(value, type) as unknown as Tagged;
  if (tag !== 'ok' && tag !== 'err') misfit(value, type);
  return payload(tag, val, tag === 'ok' ? type.ok : type.err);
}

/** An option is boxed where its own type is an option: `undefined` could not tell the two apart. */
function printOption(value: unknown, type: ValueType & { readonly kind: 'option' }): string {
  if (type.type.kind !== 'option')
    return value === undefined || value === null ? 'none' : `some(${printWave(value, type.type)})`;
  const { tag, val } = fieldsOf(value, type) as unknown as Tagged;
  if (tag !== 'some' && tag !== 'none') misfit(value, type);
  return tag === 'some' ? `some(${printWave(val, type.type)})` : 'none';
}

function printRecord(value: unknown, type: ValueType & { readonly kind: 'record' }): string {
  const from = fieldsOf(value, type);
  const names = camelNames(type.fields.map((f) => f.name));
  const fields = type.fields.flatMap((field, i) => {
    const text = printWave(from[names[i]!], field.type);
    return field.type.kind === 'option' && text === 'none' ? [] : [`${field.name}: ${text}`];
  });
  return fields.length === 0 ? '{:}' : `{${fields.join(', ')}}`;
}

function printFlags(value: unknown, type: ValueType & { readonly kind: 'flags' }): string {
  const from = fieldsOf(value, type);
  const names = camelNames(type.labels);
  return `{${type.labels.filter((_, i) => from[names[i]!] === true).join(', ')}}`;
}

/**
 * The text of a value, on one line.
 * @throws ValueError `wrong-type` if the value is not of the type, `no-text` for handles, streams, futures and error contexts
 */
export function printWave(value: unknown, type: ValueType): string {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean' ? String(value) : misfit(value, type);
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
    case 's64':
    case 'u64':
      return integer(value, type.kind);
    case 'f32':
    case 'f64':
      return typeof value === 'number' ? float(value, type.kind === 'f32') : misfit(value, type);
    case 'char':
      return isChar(value) ? `'${escaped(value)}'` : misfit(value, type);
    case 'string':
      return typeof value === 'string' ? `"${escaped(value.toWellFormed())}"` : misfit(value, type);
    case 'record':
      return printRecord(value, type);
    case 'variant':
      return printVariant(value, type);
    case 'list':
    case 'fixed-list':
      return `[${listOf(value, type, type.kind === 'fixed-list' ? type.length : undefined)
        .map((v) => printWave(v, type.element))
        .join(', ')}]`;
    case 'map':
      if (!(value instanceof Map)) misfit(value, type);
      return `[${[...value].map(([k, v]) => `(${printWave(k, type.key)}, ${printWave(v, type.value)})`).join(', ')}]`;
    case 'tuple': {
      const items = listOf(value, type, type.types.length);
      return `(${type.types.map((t, i) => printWave(items[i], t)).join(', ')})`;
    }
    case 'flags':
      return printFlags(value, type);
    case 'enum':
      return typeof value === 'string' && type.labels.includes(value) ? caseLabel(value) : misfit(value, type);
    case 'option':
      return printOption(value, type);
    case 'result':
      return printResult(value, type);
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
    case 'error-context':
      throw new ValueError('no-text', `${describeType(type)} has no form as text`, {
        hint: 'call the function from a program, where the value can be used',
      });
    default:
      return unreachable(type);
  }
}

function parts(type: ValueType): readonly (ValueType | undefined)[] {
  switch (type.kind) {
    case 'record':
      return type.fields.map((f) => f.type);
    case 'variant':
      return type.cases.map((c) => c.type);
    case 'list':
    case 'fixed-list':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'tuple':
      return type.types;
    case 'option':
      return [type.type];
    case 'result':
      return [type.ok, type.err];
    default:
      return [];
  }
}

/** The first type inside `type` whose values have no text (a handle, stream, future or error context), or undefined. */
export function withoutText(type: ValueType): ValueType | undefined {
  const seen = new Set<ValueType>();
  const visit = (t: ValueType): ValueType | undefined => {
    if (seen.has(t)) return undefined;
    seen.add(t);
    switch (t.kind) {
      case 'own':
      case 'borrow':
      case 'stream':
      case 'future':
      case 'error-context':
        return t;
      default: {
        for (const part of parts(t)) {
          const found = part === undefined ? undefined : visit(part);
          if (found !== undefined) return found;
        }
        return undefined;
      }
    }
  };
  return visit(type);
}
