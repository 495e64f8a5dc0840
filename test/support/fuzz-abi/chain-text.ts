/**
 * The text of a chain of two components: the host calls the first, that calls the second, that calls the host, each with what it was given,
 * and what the host answers goes back the same way.
 */
import type { OptionShape } from '../../../src/abi/context.ts';
import { despecialize } from '../../../src/abi/despecialize.ts';
import {
  flattenFuncType,
  flattenType,
  flattenTypes,
  MAX_FLAT_ASYNC_PARAMS,
  MAX_FLAT_PARAMS,
  MAX_FLAT_RESULTS,
} from '../../../src/abi/flatten.ts';
import { discriminantSize, fieldOffsets, flagsSize, layout } from '../../../src/abi/layout.ts';
import type { StringEncoding } from '../../../src/types/definition.ts';
import type { FuncType, ResourceType, ValueType } from '../../../src/types/value-type.ts';
import { unreachable } from '../../../src/util/invariant.ts';
import { type LIFTS, RESOURCES } from './case.ts';

/** How one of the two components is called, and calls. */
export interface Link {
  readonly encoding: StringEncoding;
  readonly width: '32' | '64';
  readonly lift: (typeof LIFTS)[number];
  readonly lower: 'sync' | 'async';
}

/** Types in the text format; those that must have names have one, `t<n>`. */
class Names {
  readonly #known = new Map<ValueType, string>();
  /** In order: each may name those before it. */
  readonly definitions: (readonly [name: string, definition: string])[] = [];

  text(type: ValueType): string {
    const known = this.#known.get(type);
    if (known !== undefined) return known;
    const text = this.#define(type);
    this.#known.set(type, text);
    return text;
  }

  #named(definition: string): string {
    const name = `t${this.definitions.length}`;
    this.definitions.push([name, definition]);
    return `$${name}`;
  }

  #define(type: ValueType): string {
    const optional = (t: ValueType | undefined): string => (t === undefined ? '' : ` ${this.text(t)}`);
    switch (type.kind) {
      case 'record':
        return this.#named(`(record ${type.fields.map((f) => `(field "${f.name}" ${this.text(f.type)})`).join(' ')})`);
      case 'variant':
        return this.#named(`(variant ${type.cases.map((c) => `(case "${c.name}"${optional(c.type)})`).join(' ')})`);
      case 'flags':
      case 'enum':
        return this.#named(`(${type.kind} ${type.labels.map((l) => `"${l}"`).join(' ')})`);
      case 'list':
      case 'option':
        return `(${type.kind} ${this.text(type.kind === 'list' ? type.element : type.type)})`;
      case 'fixed-list':
        return `(list ${this.text(type.element)} ${type.length})`;
      case 'map':
        return `(map ${this.text(type.key)} ${this.text(type.value)})`;
      case 'tuple':
        return `(tuple ${type.types.map((t) => this.text(t)).join(' ')})`;
      case 'result':
        return `(result${optional(type.ok)}${type.err === undefined ? '' : ` (error${optional(type.err)})`})`;
      case 'own':
      case 'borrow':
        return `(${type.kind} $${resourceName(type.resource)})`;
      case 'stream':
      case 'future':
        return `(${type.kind}${optional(type.element)})`;
      default:
        return type.kind;
    }
  }
}

export function resourceName(resource: ResourceType): string {
  return `r${RESOURCES.indexOf(resource)}`;
}

function shapeOf({ encoding, width }: Link): OptionShape {
  return { encoding, memory: width, realloc: true, postReturn: false, async: false, callback: false };
}

const words = (word: string, list: readonly string[]): string =>
  list.length === 0 ? '' : `(${word} ${list.join(' ')})`;

/** Where a component has the result that it is given. */
const AREA = 4_096;
/** Where its `realloc` begins, and the size of its memory in pages. */
const HEAP = 2_097_152;
const PAGES = 96;

/** Loads that give the core values of a type at an address; undefined for variants with payloads. */
function loads(type: ValueType, pointer: 4 | 8, at: number): readonly string[] | undefined {
  const t = despecialize(type);
  const one = (op: string): readonly string[] => [`(${op} (${pointer === 8 ? 'i64' : 'i32'}.const ${at}))`];
  const all = (types: readonly ValueType[], offsets: readonly number[]): readonly string[] | undefined => {
    const parts = types.map((p, i) => loads(p, pointer, at + offsets[i]!));
    return parts.every((p) => p !== undefined) ? parts.flat() : undefined;
  };
  const sized = (size: 1 | 2 | 4): readonly string[] => one(size === 4 ? 'i32.load' : `i32.load${size * 8}_u`);
  switch (t.kind) {
    case 'bool':
    case 'u8':
      return sized(1);
    case 's8':
      return one('i32.load8_s');
    case 'u16':
      return sized(2);
    case 's16':
      return one('i32.load16_s');
    case 'u64':
    case 's64':
      return one('i64.load');
    case 'f32':
    case 'f64':
      return one(`${t.kind}.load`);
    case 'string':
    case 'list': {
      const op = pointer === 8 ? 'i64.load' : 'i32.load';
      const word = (offset: number): string => `(${op} (${pointer === 8 ? 'i64' : 'i32'}.const ${at + offset}))`;
      return [word(0), word(pointer)];
    }
    case 'flags':
      return sized(flagsSize(t.labels.length));
    case 'record': {
      const types = t.fields.map((f) => f.type);
      return all(types, fieldOffsets(types, pointer));
    }
    case 'fixed-list': {
      const { size } = layout(t.element, pointer);
      const types = Array.from({ length: t.length }, () => t.element);
      return all(
        types,
        types.map((_, i) => i * size),
      );
    }
    case 'variant':
      return t.cases.every((c) => c.type === undefined) ? sized(discriminantSize(t.cases.length)) : undefined;
    case 's32':
    case 'u32':
    case 'char':
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
    case 'error-context':
      return sized(4);
    default:
      return unreachable(t);
  }
}

/** What a component can do of what a link wishes: it passes core values on as it has them. */
export function possible(type: FuncType, link: Link): Link {
  if (!type.async) return { ...link, lift: 'sync', lower: 'sync' };
  const pointer = link.width === '64' ? 8 : 4;
  const params = flattenTypes(
    type.params.map((p) => p.type),
    pointer,
  ).length;
  // Parameters that are flat on one side and in memory on the other would have to be stored.
  const lower = params <= MAX_FLAT_ASYNC_PARAMS || params > MAX_FLAT_PARAMS ? link.lower : 'sync';
  if (type.result === undefined) return { ...link, lower };
  const flat = flattenType(type.result, pointer).length;
  const inMemory = flat > (lower === 'async' ? 0 : MAX_FLAT_RESULTS);
  const cannotLoad = inMemory && flat <= MAX_FLAT_PARAMS && loads(type.result, pointer, 0) === undefined;
  return { ...link, lower, lift: cannotLoad ? 'sync' : link.lift };
}

/** A memory and a `realloc` that never frees, as the core instance `$memory`. */
function memoryText(address: 'i32' | 'i64'): string {
  const a = address;
  return `
  (core module $Memory
    (memory (export "memory") ${a === 'i64' ? 'i64 ' : ''}${PAGES})
    (global $top (mut ${a}) (${a}.const ${HEAP}))
    (func (export "realloc") (param $old ${a}) (param $size ${a}) (param $align ${a}) (param $new ${a}) (result ${a})
      (local $at ${a})
      (local.set $at (${a}.and
        (${a}.add (global.get $top) (${a}.sub (local.get $align) (${a}.const 1)))
        (${a}.sub (${a}.const 0) (local.get $align))))
      (global.set $top (${a}.add (local.get $at) (local.get $new)))
      (memory.copy (local.get $at) (local.get $old) (local.get $size))
      (local.get $at)))
  (core instance $memory (instantiate $Memory))`;
}

/** Waits until the subtask whose state and number are in `$status` has returned. */
const WAIT = (area: string): string => `
      (if (i32.ne (local.get $status) (i32.const 2)) (then
        (local.set $set (call $new))
        (call $join (i32.shr_u (local.get $status) (i32.const 4)) (local.get $set))
        (loop $more
          (drop (call $wait (local.get $set) ${area}))
          (br_if $more (i32.ne (i32.load offset=4 ${area}) (i32.const 2))))
        (call $drop (i32.shr_u (local.get $status) (i32.const 4)))))`;

/** The core function that passes a call on. */
function body(type: FuncType, link: Link, address: 'i32' | 'i64'): string {
  const pointer = address === 'i64' ? 8 : 4;
  const shape = shapeOf(link);
  const lift = flattenFuncType(type, 'lift', {
    ...shape,
    async: link.lift !== 'sync',
    callback: link.lift === 'callback',
  });
  const lower = flattenFuncType(type, 'lower', { ...shape, async: link.lower === 'async' });
  const area = `(${address}.const ${AREA})`;
  const args = lift.params.map((_, i) => `(local.get ${i})`).join(' ');
  const spills = lower.params.length > lift.params.length;
  const call = `(call $f ${args}${spills ? ` ${area}` : ''})`;
  const flat = type.result === undefined ? [] : flattenType(type.result, pointer);
  const direct = !spills && flat.length === 1;
  const lines: string[] = [];
  if (link.lower === 'async') lines.push(`(local.set $status ${call})`, WAIT(`(${address}.const 512)`));
  else lines.push(direct ? `(local.set $direct ${call})` : call);
  const values = direct
    ? ['(local.get $direct)']
    : flat.length > MAX_FLAT_PARAMS
      ? [area]
      : loads(type.result ?? { kind: 'u8' }, pointer, AREA);
  if (link.lift !== 'sync') lines.push(`(call $return ${flat.length === 0 ? '' : values!.join(' ')})`);
  else if (flat.length === 1) lines.push(values![0]!);
  else if (flat.length > 1) lines.push(area);
  if (link.lift === 'callback') lines.push('(i32.const 0)');
  const locals = `(local $status i32) (local $set i32)${direct ? ` (local $direct ${flat[0]})` : ''}`;
  return `(func (export "f") ${words('param', lift.params)} ${words('result', lift.results)} ${locals}
      ${lines.join('\n      ')})`;
}

/** The built-ins of a component of an async function: name, definition, core type. */
function builtins(type: FuncType, link: Link, options: string, result: string): readonly (readonly string[])[] {
  const address = link.width === '64' ? 'i64' : 'i32';
  const all: (readonly string[])[] = [];
  const memory = '(memory (core memory $memory "memory"))';
  if (link.lower === 'async') {
    all.push(
      ['new', 'waitable-set.new', '(result i32)'],
      ['join', 'waitable.join', '(param i32 i32)'],
      ['wait', `waitable-set.wait ${memory}`, `(param i32 ${address}) (result i32)`],
      ['drop', 'subtask.drop', '(param i32)'],
    );
  }
  if (link.lift === 'sync') return all;
  const flat = type.result === undefined ? [] : flattenType(type.result, address === 'i64' ? 8 : 4);
  const given = flat.length > MAX_FLAT_PARAMS ? [address] : flat;
  all.push(['return', `task.return ${result} ${memory} ${options}`, words('param', given)]);
  return all;
}

/** A component that passes calls of `f` on to the instance `host` that it imports. */
function linkText(type: FuncType, names: Names, link: Link, host: string, signature: string): string {
  const address = link.width === '64' ? 'i64' : 'i32';
  const encoding = `string-encoding=${link.encoding}`;
  const options = `(memory (core memory $memory "memory")) (realloc (core func $memory "realloc")) ${encoding}`;
  const result = type.result === undefined ? '' : `(result ${names.text(type.result)})`;
  const extra = builtins(type, link, encoding, result);
  const lower = flattenFuncType(type, 'lower', { ...shapeOf(link), async: link.lower === 'async' });
  const lift =
    link.lift === 'sync' ? '' : link.lift === 'callback' ? 'async (callback (core func $m "callback"))' : 'async';
  const aliases = typeNames(names).map((name) => `(alias export $host "${name}" (type $${name}))`);
  return `
  (import "test:chain/host" ${host})
  ${aliases.join('\n  ')}${memoryText(address)}
  (core func $f (canon lower (func $host "f") ${options} ${link.lower === 'async' ? 'async' : ''}))
  ${extra.map(([name, definition]) => `(core func $${name} (canon ${definition}))`).join('\n  ')}
  (core module $M
    (import "m" "memory" (memory ${address === 'i64' ? 'i64 ' : ''}${PAGES}))
    (import "h" "f" (func $f ${words('param', lower.params)} ${words('result', lower.results)}))
    ${extra.map(([name, , core]) => `(import "h" "${name}" (func $${name} ${core}))`).join('\n    ')}
    (func (export "callback") (param i32 i32 i32) (result i32) unreachable)
    ${body(type, link, address)})
  (core instance $m (instantiate $M
    (with "m" (instance $memory))
    (with "h" (instance (export "f" (func $f)) ${extra.map(([name]) => `(export "${name}" (func $${name}))`).join(' ')}))))
  (func (export "f") ${signature} (canon lift (core func $m "f") ${options} ${lift}))`;
}

function typeNames(names: Names): readonly string[] {
  return [...RESOURCES.map(resourceName), ...names.definitions.map(([name]) => name)];
}

/** The text of the chain, of links that are {@link possible}. */
export function chainText(type: FuncType, first: Link, second: Link): string {
  const names = new Names();
  const params = type.params.map((p) => `(param "${p.name}" ${names.text(p.type)})`).join(' ');
  const result = type.result === undefined ? '' : `(result ${names.text(type.result)})`;
  const signature = `${type.async ? 'async ' : ''}${params} ${result}`;
  const types = [
    ...RESOURCES.map((r) => `(export "${resourceName(r)}" (type $${resourceName(r)} (sub resource)))`),
    ...names.definitions.map(
      ([name, text]) =>
        `(type $${name}-definition ${text}) (export "${name}" (type $${name} (eq $${name}-definition)))`,
    ),
  ];
  const host = `(instance $host\n    ${types.join('\n    ')}\n    (export "f" (func ${signature})))`;
  const exported = typeNames(names);
  return `(component
  (import "test:chain/host" ${host})
  (component $First ${linkText(type, names, first, host, signature)})
  (component $Second ${linkText(type, names, second, host, signature)})
  ${exported.map((name) => `(alias export $host "${name}" (type $${name}))`).join('\n  ')}
  (instance $second (instantiate $Second (with "test:chain/host" (instance $host))))
  (instance $between ${exported.map((name) => `(export "${name}" (type $${name}))`).join(' ')} (export "f" (func $second "f")))
  (instance $first (instantiate $First (with "test:chain/host" (instance $between))))
  (export "f" (func $first "f")))`;
}
