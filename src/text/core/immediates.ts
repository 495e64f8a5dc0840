/**
 * Reads what stands behind an instruction's keyword. The answer writes opcode and immediates: in the folded form that happens after the
 * operands are written. Specification: core 3.0, "Text format, instructions".
 */
import { encodeCoreValType, encodeHeapType } from '../../core/encode-types.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import { unreachable } from '../../util/invariant.ts';
import { type Cursor, nodeError, type Ref } from '../cursor.ts';
import type { IndexSpace } from '../index-space.ts';
import type { Node } from '../node.ts';
import { floatBits, integerBits, parseInteger } from '../number.ts';
import type { ModuleContext } from './context.ts';
import type { Immediates, Instruction } from './opcodes.ts';
import { heapType, refType, valTypes } from './types.ts';

/** What an instruction can refer to. */
export interface Scope {
  readonly module: ModuleContext;
  readonly locals: IndexSpace;
  /** How many blocks out a label is. */
  readonly label: (ref: Ref) => number;
}

export type Emit = (w: CodeWriter) => void;

function outOfRange(type: string, node: Node): Error {
  return nodeError('number-range', `${type} constant out of range: constant out of range`, node);
}

/** What should have been a constant. */
function noConstant(c: Cursor, type: string): Error {
  const node = c.peek();
  if (node?.kind !== 'word') return c.unexpected(`an ${type} constant`);
  return nodeError(
    'invalid-number',
    `unknown operator or unexpected token: \`${node.text}\` is no ${type} constant`,
    node,
  );
}

/** An integer literal of `width` bits, as bits. */
function integer(c: Cursor, width: 8 | 16 | 32 | 64): bigint {
  const node = c.peek();
  const bits = node?.kind === 'word' ? integerBits(node.text, width) : 'malformed';
  if (bits === 'malformed') throw noConstant(c, `i${width}`);
  if (bits === 'range') throw outOfRange(`i${width}`, node!);
  c.skip();
  return bits;
}

function float(c: Cursor, width: 32 | 64): bigint {
  const node = c.peek();
  const bits = node?.kind === 'word' ? floatBits(node.text, width) : 'malformed';
  if (bits === 'malformed') throw noConstant(c, `f${width}`);
  if (bits === 'range') throw outOfRange(`f${width}`, node!);
  c.skip();
  return bits;
}

/** The low bytes of a number, least significant first. */
function littleEndian(bits: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));
}

const SHAPES: Readonly<Record<string, readonly ['i' | 'f', 8 | 16 | 32 | 64]>> = {
  i8x16: ['i', 8],
  i16x8: ['i', 16],
  i32x4: ['i', 32],
  i64x2: ['i', 64],
  f32x4: ['f', 32],
  f64x2: ['f', 64],
};

function v128(c: Cursor): number[] {
  const node = c.peek();
  const shape = node?.kind === 'word' && Object.hasOwn(SHAPES, node.text) ? SHAPES[node.text] : undefined;
  if (shape === undefined) throw c.unexpected('the shape of a vector, such as `i32x4`');
  c.skip();
  const [kind, width] = shape;
  const bytes: number[] = [];
  while (bytes.length < 16) {
    if (c.peek()?.kind !== 'word')
      throw nodeError('lane-count', 'wrong number of lane literals for this shape', c.peek() ?? c.owner);
    const bits = kind === 'i' ? integer(c, width) : float(c, width as 32 | 64);
    bytes.push(...littleEndian(bits, width / 8));
  }
  return bytes;
}

/** A lane index, a byte. */
function lane(c: Cursor): number {
  const node = c.peek();
  if (node?.kind !== 'word')
    throw nodeError('lane-count', 'invalid lane length: a lane index is missing', node ?? c.owner);
  const value = parseInteger(node.text) === undefined ? 256 : c.u32('a lane index');
  if (value > 255) throw nodeError('number-range', 'malformed lane index: i8 constant out of range', node!);
  return value;
}

function lanes(c: Cursor): number[] {
  return Array.from({ length: 16 }, () => lane(c));
}

function isMemArgWord(node: Node | undefined): boolean {
  return node?.kind === 'word' && /^(?:offset|align)=/.test(node.text);
}

function isRefNode(node: Node | undefined): boolean {
  return node?.kind === 'id' || (node?.kind === 'word' && /^[0-9]/.test(node.text));
}

/** `offset=…` or `align=…` */
function memArgWord(c: Cursor, key: string): bigint | undefined {
  const node = c.peek();
  if (node?.kind !== 'word' || !node.text.startsWith(`${key}=`)) return undefined;
  const digits = node.text.slice(key.length + 1);
  const value = /^[0-9]/.test(digits) ? parseInteger(digits) : undefined;
  if (value === undefined)
    throw nodeError('invalid-number', `unknown operator: \`${node.text}\` has no number behind \`${key}=\``, node);
  if (value >= 1n << 64n) throw nodeError('number-range', `${key} out of range: constant out of range`, node);
  c.skip();
  return value;
}

/** `memarg`, with the memory in front of it. */
function memArg(c: Cursor, natural: number, memory: () => number): Emit {
  const index = memory();
  const offset = memArgWord(c, 'offset') ?? 0n;
  const node = c.peek();
  const align = memArgWord(c, 'align') ?? BigInt(natural);
  const log = align.toString(2).length - 1;
  if (align === 0n || 1n << BigInt(log) !== align)
    throw nodeError('invalid-alignment', 'alignment must be a power of two', node!);
  return (w) => {
    if (index === 0) w.u(log).u(offset);
    else
      w.u(log | 0x40)
        .u(index)
        .u(offset);
  };
}

function labels(c: Cursor, scope: Scope): Emit {
  const targets = [scope.label(c.ref('a label'))];
  while (c.isRef()) targets.push(scope.label(c.ref()));
  const last = targets.pop()!;
  return (w) => w.vec(targets, (target) => w.u(target)).u(last);
}

/** `select` has an opcode of its own where it states its type. */
function select(c: Cursor, scope: Scope): Emit {
  if (!c.isList('result')) return (w) => w.byte(0x1b);
  const types = valTypes(c, 'result', scope.module.types.resolve).map((r) => r.type);
  return (w) => w.byte(0x1c).vec(types, (type) => encodeCoreValType(w, type));
}

function cast(c: Cursor, scope: Scope): Emit {
  const label = scope.label(c.ref('a label'));
  const from = refType(c, scope.module.types.resolve);
  const to = refType(c, scope.module.types.resolve);
  return (w) => {
    w.byte((from.nullable ? 1 : 0) | (to.nullable ? 2 : 0)).u(label);
    encodeHeapType(w, from.heap);
    encodeHeapType(w, to.heap);
  };
}

/** `(on $tag $label)`, `(on $tag switch)` */
function handlers(c: Cursor, scope: Scope): Emit {
  const found: { readonly tag: number; readonly label: number | undefined }[] = [];
  for (let on = c.takeList('on'); on !== undefined; on = c.takeList('on')) {
    const tag = scope.module.tag.resolve(on.ref('a tag'));
    found.push({ tag, label: on.takeWord('switch') ? undefined : scope.label(on.ref('a label')) });
    on.finish();
  }
  return (w) =>
    w.vec(found, ({ tag, label }) => {
      if (label === undefined) w.byte(0x01).u(tag);
      else w.byte(0x00).u(tag).u(label);
    });
}

/** Behind an opcode that does not depend on the immediates. */
function behind(immediates: Exclude<Immediates, 'select' | 'ref type'>, c: Cursor, scope: Scope): Emit {
  const { module } = scope;
  const index = (space: IndexSpace): number => space.resolve(c.ref(`a ${space.sort}`));
  const optional = (space: IndexSpace): number => (c.isRef() ? index(space) : 0);
  /** An index that may be left out in front of one that may not. */
  const leading = (space: IndexSpace): number => (isRefNode(c.peek(1)) ? index(space) : 0);
  const type = (): number => module.types.resolve(c.ref('a type'));
  const numbers = (...values: readonly number[]): Emit => {
    return (w) => {
      for (const value of values) w.u(value);
    };
  };
  if (typeof immediates === 'object') {
    if ('memarg' in immediates) return memArg(c, immediates.memarg, () => optional(module.memory));
    const given = isRefNode(c.peek(1)) || isMemArgWord(c.peek(1)) || c.peek()?.kind === 'id';
    const withLane = given && c.isRef();
    const arg = memArg(c, immediates.memargLane, () => (withLane ? index(module.memory) : 0));
    const at = lane(c);
    return (w) => {
      arg(w);
      w.byte(at);
    };
  }
  switch (immediates) {
    case 'none':
      return () => {};
    case 'label':
      return numbers(scope.label(c.ref('a label')));
    case 'labels':
      return labels(c, scope);
    case 'func':
    case 'global':
    case 'tag':
    case 'elem':
    case 'data':
      return numbers(index(module[immediates]));
    case 'local':
      return numbers(index(scope.locals));
    case 'type':
      return numbers(type());
    case 'table':
    case 'memory':
      return numbers(optional(module[immediates]));
    case 'two tables':
    case 'two memories': {
      const space = immediates === 'two tables' ? module.table : module.memory;
      return c.isRef() ? numbers(index(space), index(space)) : numbers(0, 0);
    }
    case 'table and elem':
    case 'memory and data': {
      const [first, second] =
        immediates === 'table and elem' ? [module.table, module.elem] : [module.memory, module.data];
      const target = leading(first);
      return numbers(index(second), target);
    }
    case 'type use': {
      const table = optional(module.table);
      const use = module.types.read(c);
      if (use.names.some(({ id }) => id !== undefined))
        throw nodeError('unexpected-token', 'unexpected token: parameters have no names here', use.node);
      return (w) => {
        module.types.check(use);
        w.u(module.types.intern(use)).u(table);
      };
    }
    case 'i32':
      return constant((w, bits) => w.s(BigInt.asIntN(32, bits)), integer(c, 32));
    case 'i64':
      return constant((w, bits) => w.s(BigInt.asIntN(64, bits)), integer(c, 64));
    case 'f32':
      return constant((w, bits) => w.byte(...littleEndian(bits, 4)), float(c, 32));
    case 'f64':
      return constant((w, bits) => w.byte(...littleEndian(bits, 8)), float(c, 64));
    default:
      return rare(immediates, c, scope);
  }
}

function constant(write: (w: CodeWriter, bits: bigint) => void, bits: bigint): Emit {
  return (w) => write(w, bits);
}

type Rare = Extract<
  Immediates,
  | 'v128'
  | 'lane'
  | 'lanes'
  | 'heap type'
  | 'cast'
  | 'type and field'
  | 'type and number'
  | 'type and data'
  | 'type and elem'
  | 'two types'
  | 'type and tag'
  | 'type and handlers'
  | 'type, tag and handlers'
  | 'fence'
>;

function rare(immediates: Rare, c: Cursor, scope: Scope): Emit {
  const { module } = scope;
  const type = (): number => module.types.resolve(c.ref('a type'));
  switch (immediates) {
    case 'v128': {
      const bytes = v128(c);
      return (w) => w.byte(...bytes);
    }
    case 'lane': {
      const at = lane(c);
      return (w) => w.byte(at);
    }
    case 'lanes': {
      const all = lanes(c);
      return (w) => w.byte(...all);
    }
    case 'heap type': {
      const heap = heapType(c, module.types.resolve);
      return (w) => encodeHeapType(w, heap);
    }
    case 'cast':
      return cast(c, scope);
    case 'fence':
      return (w) => w.byte(0x00);
    case 'type and handlers':
    case 'type, tag and handlers': {
      const of = type();
      const tag = immediates === 'type and handlers' ? undefined : module.tag.resolve(c.ref('a tag'));
      const on = handlers(c, scope);
      return (w) => {
        w.u(of);
        if (tag !== undefined) w.u(tag);
        on(w);
      };
    }
    default: {
      const of = type();
      const second = secondIndex(immediates, of, c, scope);
      return (w) => w.u(of).u(second);
    }
  }
}

function secondIndex(
  immediates: Exclude<
    Rare,
    'v128' | 'lane' | 'lanes' | 'heap type' | 'cast' | 'fence' | 'type and handlers' | 'type, tag and handlers'
  >,
  of: number,
  c: Cursor,
  { module }: Scope,
): number {
  switch (immediates) {
    case 'type and field': {
      const ref = c.ref('a field');
      if (ref.id === undefined) return ref.index;
      const found = module.fields().get(of)?.find(ref.id);
      if (found === undefined)
        throw nodeError('unknown-id', `unknown field: failed to find name \`$${ref.id}\``, ref.node);
      return found;
    }
    case 'type and number':
      return c.u32();
    case 'type and data':
      return module.data.resolve(c.ref('a data segment'));
    case 'type and elem':
      return module.elem.resolve(c.ref('an element segment'));
    case 'two types':
      return module.types.resolve(c.ref('a type'));
    case 'type and tag':
      return module.tag.resolve(c.ref('a tag'));
    default:
      return unreachable(immediates);
  }
}

/** Reads the immediates of an instruction. */
export function readInstruction({ code, immediates }: Instruction, c: Cursor, scope: Scope): Emit {
  if (immediates === 'select') return select(c, scope);
  if (immediates === 'ref type') {
    const type = refType(c, scope.module.types.resolve);
    return (w) => {
      w.byte(code[0]!, code[1]! + (type.nullable ? 1 : 0));
      encodeHeapType(w, type.heap);
    };
  }
  const rest = behind(immediates, c, scope);
  return (w) => {
    w.byte(...code);
    rest(w);
  };
}
