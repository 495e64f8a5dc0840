/**
 * Reads WAVE text as JavaScript values of given WIT types. Format: WAVE, "Encoding". `some` and `ok` may be left out where the
 * payload is neither an option nor a result. Values of a map are written as a list of pairs; handles have no text.
 */
import { describeType } from '../types/describe.ts';
import type { FuncType, NamedType, ResultType, ValueType, VariantType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import { camelNames } from '../util/names.ts';
import { isKeyword, Scanner } from './lexer.ts';
import { type IntegerKind, isLong, listValue, rangeOf } from './numbers.ts';

function mismatch(s: Scanner, type: ValueType, at: number = s.at): never {
  return s.fail('wrong-type', `expected a value of type ${describeType(type)}, found ${s.found(at)}`, at);
}

function integer(s: Scanner, kind: IntegerKind): number | bigint {
  s.peek();
  const { at } = s;
  const text = s.number();
  if (text === undefined || /[.eE]/.test(text)) return mismatch(s, { kind }, at);
  const value = BigInt(text);
  const [low, high] = rangeOf(kind);
  if (value < low || value > high) {
    s.fail('out-of-range', `${text} is out of range: ${kind} holds ${low} to ${high}`, at);
  }
  return isLong(kind) ? value : Number(value);
}

function float(s: Scanner, type: ValueType): number {
  s.peek();
  const { at } = s;
  const text = s.number();
  if (text !== undefined) {
    const value = Number(text);
    return type.kind === 'f32' ? Math.fround(value) : value;
  }
  switch (s.floatWord()) {
    case 'inf':
      return Infinity;
    case '-inf':
      return -Infinity;
    case 'nan':
      return Number.NaN;
    default:
      return mismatch(s, type, at);
  }
}

/** Items between brackets, separated by commas; one may stand behind the last. */
function items(s: Scanner, open: string, close: string, item: () => void): void {
  s.take(open);
  while (!s.tryTake(close)) {
    item();
    if (s.tryTake(',')) continue;
    s.take(close);
    return;
  }
}

function list(s: Scanner, element: ValueType): unknown[] {
  const values: unknown[] = [];
  if (s.peek() !== '[') s.fail('wrong-type', `expected \`[\`: a list of ${describeType(element)}; found ${s.found()}`);
  items(s, '[', ']', () => {
    values.push(value(s, element));
  });
  return values;
}

function fixedList(s: Scanner, type: ValueType & { readonly kind: 'fixed-list' }): unknown[] {
  s.peek();
  const { at } = s;
  const values = list(s, type.element);
  if (values.length !== type.length) {
    s.fail('wrong-type', `expected ${type.length} elements, found ${values.length}`, at);
  }
  return values;
}

function tuple(s: Scanner, types: readonly ValueType[], whole: ValueType): unknown[] {
  if (s.peek() !== '(') mismatch(s, whole);
  const { at } = s;
  const values: unknown[] = [];
  items(s, '(', ')', () => {
    const type = types[values.length];
    if (type === undefined) s.fail('wrong-type', `more elements than ${describeType(whole)} has`);
    values.push(value(s, type));
  });
  if (values.length < types.length) {
    s.fail('wrong-type', `expected ${types.length} elements, found ${values.length}`, at);
  }
  return values;
}

/** The value of what may be left out, or undefined where it may not. */
function absent(type: ValueType): { readonly value: unknown } | undefined {
  if (type.kind !== 'option') return undefined;
  return { value: type.type.kind === 'option' ? { tag: 'none' } : undefined };
}

function record(s: Scanner, type: ValueType & { readonly kind: 'record' }): Record<string, unknown> {
  if (s.peek() !== '{') mismatch(s, type);
  const { at } = s;
  const given = new Map<string, unknown>();
  s.take('{');
  if (s.tryTake(':')) s.take('}');
  else {
    if (s.peek() === '}') s.fail('wrong-type', 'a record without fields is written {:}', at);
    while (!s.tryTake('}')) {
      recordField(s, type.fields, given);
      if (s.tryTake(',')) continue;
      s.take('}');
      break;
    }
  }
  const names = camelNames(type.fields.map((f) => f.name));
  const result: Record<string, unknown> = {};
  for (const [i, field] of type.fields.entries()) {
    const missing = given.has(field.name) ? { value: given.get(field.name) } : absent(field.type);
    if (missing === undefined) return s.fail('missing-field', `the field "${field.name}" is missing`, at);
    Object.defineProperty(result, names[i]!, { ...missing, enumerable: true });
  }
  return result;
}

function recordField(s: Scanner, fields: readonly NamedType[], given: Map<string, unknown>): void {
  const label = s.tryLabel() ?? s.fail('unexpected-token', `expected the name of a field, found ${s.found()}`);
  const known = fields.map((f) => f.name).join(', ');
  const field =
    fields.find((f) => f.name === label.text) ??
    s.fail('unknown-field', `there is no field "${label.text}"; there is ${known}`, label.at);
  if (given.has(field.name)) s.fail('duplicate-field', `duplicate field: "${field.name}"`, label.at);
  s.take(':');
  given.set(field.name, value(s, field.type));
}

function flags(s: Scanner, type: ValueType & { readonly kind: 'flags' }): Record<string, boolean> {
  if (s.peek() !== '{') mismatch(s, type);
  const given = new Set<string>();
  items(s, '{', '}', () => {
    const label = s.tryLabel();
    if (label === undefined) return s.fail('unexpected-token', `expected the name of a flag, found ${s.found()}`);
    if (!type.labels.includes(label.text)) {
      s.fail('unknown-case', `there is no flag "${label.text}"; there is ${type.labels.join(', ')}`, label.at);
    }
    if (given.has(label.text)) s.fail('duplicate-flag', `duplicate flag: "${label.text}"`, label.at);
    given.add(label.text);
  });
  const names = camelNames(type.labels);
  return Object.fromEntries(type.labels.map((label, i) => [names[i]!, given.has(label)]));
}

/** The label of a case: keywords only with `%`. */
function caseLabel(s: Scanner, type: ValueType, labels: readonly string[]): string {
  s.peek();
  const label = s.tryLabel();
  if (label === undefined) return mismatch(s, type);
  if (!label.escaped && isKeyword(label.text)) {
    if (!labels.includes(label.text)) return mismatch(s, type, label.at);
    s.fail('keyword', `\`${label.text}\` is a word of its own here: the case is written %${label.text}`, label.at);
  }
  if (!labels.includes(label.text)) {
    s.fail('unknown-case', `there is no case "${label.text}"; there is ${labels.join(', ')}`, label.at);
  }
  return label.text;
}

/** A payload in parentheses, where the case has one. */
function payload(s: Scanner, name: string, type: ValueType | undefined): { readonly val?: unknown } {
  if (type === undefined) {
    if (s.peek() === '(') s.fail('unexpected-payload', `the case "${name}" has no payload`);
    return {};
  }
  if (s.peek() !== '(') s.fail('missing-payload', `the case "${name}" needs a payload: ${name}(...)`);
  s.take('(');
  const val = value(s, type);
  s.take(')');
  return { val };
}

function variant(s: Scanner, type: VariantType): unknown {
  const tag = caseLabel(
    s,
    type,
    type.cases.map((c) => c.name),
  );
  return { tag, ...payload(s, tag, type.cases.find((c) => c.name === tag)?.type) };
}

/** Whether `some` or `ok` may be left out before a value of this type. */
function flattens(type: ValueType | undefined): type is ValueType {
  return type !== undefined && type.kind !== 'option' && type.kind !== 'result';
}

function option(s: Scanner, type: ValueType & { readonly kind: 'option' }): unknown {
  const boxed = type.type.kind === 'option';
  if (s.tryKeyword('none')) return boxed ? { tag: 'none' } : undefined;
  if (s.tryKeyword('some')) {
    const { val } = payload(s, 'some', type.type);
    return boxed ? { tag: 'some', val } : val;
  }
  return flattens(type.type) ? value(s, type.type) : mismatch(s, type);
}

function result(s: Scanner, type: ResultType): unknown {
  if (s.tryKeyword('ok')) return { tag: 'ok', ...payload(s, 'ok', type.ok) };
  if (s.tryKeyword('err')) return { tag: 'err', ...payload(s, 'err', type.err) };
  return flattens(type.ok) ? { tag: 'ok', val: value(s, type.ok) } : mismatch(s, type);
}

function quoted(s: Scanner, type: ValueType, mark: string): string {
  if (s.peek() !== mark) mismatch(s, type);
  return mark === '"' ? s.string() : s.char();
}

function value(s: Scanner, type: ValueType): unknown {
  switch (type.kind) {
    case 'bool':
      return s.tryKeyword('true') || (s.tryKeyword('false') ? false : mismatch(s, type));
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
    case 's64':
    case 'u64':
      return integer(s, type.kind);
    case 'f32':
    case 'f64':
      return float(s, type);
    case 'char':
      return quoted(s, type, "'");
    case 'string':
      return quoted(s, type, '"');
    case 'record':
      return record(s, type);
    case 'variant':
      return variant(s, type);
    case 'list':
      return listValue(type.element, list(s, type.element));
    case 'fixed-list':
      return fixedList(s, type);
    case 'map':
      return new Map(list(s, { kind: 'tuple', types: [type.key, type.value] }) as [unknown, unknown][]);
    case 'tuple':
      return tuple(s, type.types, type);
    case 'flags':
      return flags(s, type);
    case 'enum':
      return caseLabel(s, type, type.labels);
    case 'option':
      return option(s, type);
    case 'result':
      return result(s, type);
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
    case 'error-context':
      return s.fail('no-text', `a value of type ${describeType(type)} cannot be written as text`);
    default:
      return unreachable(type);
  }
}

/**
 * The JavaScript value that `text` stands for.
 * @throws TextError with the place in the text
 */
export function parseWave(text: string, type: ValueType): unknown {
  const s = new Scanner(text);
  const parsed = value(s, type);
  s.end();
  return parsed;
}

function count(length: number): string {
  return `${length} ${length === 1 ? 'argument' : 'arguments'}`;
}

/**
 * The arguments of a call such as `add(1, 2)`; the name before the parenthesis is not looked at. Options at the end may be left out.
 * @throws TextError with the place in the text
 */
export function parseWaveCall(text: string, type: FuncType): unknown[] {
  const s = new Scanner(text);
  s.peek();
  const start = text.indexOf('(', s.at);
  s.at = start < 0 ? text.length : start;
  const values: unknown[] = [];
  items(s, '(', ')', () => {
    const param = type.params[values.length];
    if (param === undefined) {
      return s.fail('too-many-arguments', `the function takes ${count(type.params.length)}`);
    }
    values.push(value(s, param.type));
  });
  for (const param of type.params.slice(values.length)) {
    const missing = absent(param.type);
    if (missing !== undefined) values.push(missing.value);
    else s.fail('missing-argument', `the argument "${param.name}" is missing: ${describeType(param.type)}`, s.at - 1);
  }
  s.end();
  return values;
}
