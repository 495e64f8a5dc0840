/**
 * Values in memory and as core values. Specification: CanonicalABI.md, "Loading", "Storing", "Flat Lifting", "Flat Lowering",
 * "Lifting and Lowering Values". Strings are UTF-8 on both sides; memories have 32-bit addresses.
 */
import { canonLift } from './call.ts';
import { ResourceHandle, type ResourceType } from './resource.ts';
import type { ComponentInstance } from './state.ts';
import { CopyEnd, type Shared, SharedFuture } from './stream.ts';
import { Task } from './thread.ts';
import { ModelTrap, specifies, trapIf } from './trap.ts';
import type { CoreValue, FuncType, ValType } from './types.ts';
import * as types from './types.ts';
import { Subtask } from './waitable.ts';

/** A value between two components. A handle is its representation; a stream or future what both ends share. */
export type Value = number | bigint | string | Shared | readonly Value[] | VariantValue;

export interface VariantValue {
  readonly tag: number;
  readonly value: Value | undefined;
}

/** Specification: `LiftLowerContext`. */
export interface Context {
  readonly inst: ComponentInstance;
  readonly borrowScope: Task | Subtask | undefined;
  /** Resource types by name. */
  readonly resources: ReadonlyMap<string, ResourceType>;
}

const MAX_BYTE_LENGTH = 2 ** 28 - 1;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const REALLOC: FuncType = {
  params: [{ kind: 'u32' }, { kind: 'u32' }, { kind: 'u32' }, { kind: 'u32' }],
  result: { kind: 'u32' },
  async: false,
};

/** Calls the guest's allocator, on a thread of its own, which may not leave the instance. */
function allocate(cx: Context, alignment: number, byteLength: number): number {
  const { inst } = cx;
  specifies(inst.mayLeave && inst.realloc !== undefined, 'memory is allocated where the instance may be left');
  let pointer: number | undefined;
  inst.mayLeave = false;
  const opts = { async: false, callback: undefined, postReturn: undefined, encoding: 'utf8' } as const;
  canonLift(
    { core: inst.realloc, ft: REALLOC, opts, inst, resources: cx.resources },
    () => [0, 0, alignment, byteLength],
    (results) => {
      pointer = Number(results?.[0]);
    },
  );
  inst.mayLeave = true;
  specifies(pointer !== undefined, 'an allocator returns');
  return pointer;
}

function memoryOf(cx: Context): Uint8Array {
  return new Uint8Array(cx.inst.memory.buffer);
}

export function load(cx: Context, pointer: number, type: ValType): Value {
  const { memory } = cx.inst;
  switch (type.kind) {
    case 'u8':
      return memory.getUint8(pointer);
    case 'u16':
      return memory.getUint16(pointer, true);
    case 'u32':
      return memory.getUint32(pointer, true);
    case 'u64':
      return memory.getBigUint64(pointer, true);
    case 'string':
      return loadString(cx, memory.getUint32(pointer, true), memory.getUint32(pointer + 4, true));
    case 'list':
      return loadList(cx, memory.getUint32(pointer, true), memory.getUint32(pointer + 4, true), type.of);
    case 'tuple': {
      let at = pointer;
      return type.of.map((field) => {
        at = types.alignTo(at, types.alignment(field));
        const value = load(cx, at, field);
        at += types.size(field);
        return value;
      });
    }
    case 'variant': {
      const tag = memory.getUint8(pointer);
      const at = types.alignTo(pointer + 1, types.caseAlignment(type.cases));
      return liftCase(tag, type.cases, (of) => load(cx, at, of));
    }
    default:
      return liftHandle(cx, memory.getUint32(pointer, true), type);
  }
}

function liftCase(tag: number, cases: readonly types.Case[], lift: (type: ValType) => Value): VariantValue {
  trapIf(tag >= cases.length, 'invalid-case');
  const of = cases[tag]?.type;
  return { tag, value: of === undefined ? undefined : lift(of) };
}

function loadString(cx: Context, pointer: number, length: number): string {
  trapIf(length > MAX_BYTE_LENGTH, 'content-out-of-bounds');
  trapIf(pointer + length > cx.inst.memory.byteLength, 'content-out-of-bounds');
  try {
    return decoder.decode(memoryOf(cx).subarray(pointer, pointer + length));
  } catch {
    trapIf(true, 'invalid-utf8');
    return '';
  }
}

function loadList(cx: Context, pointer: number, length: number, of: ValType): readonly Value[] {
  const byteLength = length * types.size(of);
  trapIf(byteLength > MAX_BYTE_LENGTH, 'content-out-of-bounds');
  trapIf(pointer !== types.alignTo(pointer, types.alignment(of)), 'pointer-unaligned');
  trapIf(pointer + byteLength > cx.inst.memory.byteLength, 'content-out-of-bounds');
  return Array.from({ length }, (_, i) => load(cx, pointer + i * types.size(of), of));
}

type HandleType = Extract<ValType, { kind: 'own' | 'borrow' | 'stream' | 'future' }>;

function liftHandle(cx: Context, index: number, type: HandleType): Value {
  switch (type.kind) {
    case 'own': {
      const handle = cx.inst.handles.remove(index);
      trapIf(!(handle instanceof ResourceHandle), 'not-a-resource');
      trapIf((handle as ResourceHandle).rt !== cx.resources.get(type.resource), 'wrong-resource');
      trapIf((handle as ResourceHandle).numLends !== 0, 'handle-lent');
      trapIf(!(handle as ResourceHandle).own, 'not-owned');
      return (handle as ResourceHandle).rep;
    }
    case 'borrow': {
      specifies(cx.borrowScope instanceof Subtask, 'a borrow is lifted for a call');
      const handle = cx.inst.handles.get(index);
      trapIf(!(handle instanceof ResourceHandle), 'not-a-resource');
      trapIf((handle as ResourceHandle).rt !== cx.resources.get(type.resource), 'wrong-resource');
      cx.borrowScope.addLender(handle as ResourceHandle);
      return (handle as ResourceHandle).rep;
    }
    default: {
      const end = cx.inst.handles.remove(index);
      trapIf(!(end instanceof CopyEnd && end.kind === `${type.kind}-read`), 'not-this-end');
      return liftEnd(end as CopyEnd, type);
    }
  }
}

/** Specification: `lift_async_value`. */
function liftEnd(end: CopyEnd, type: HandleType & { readonly of: ValType | undefined }): Shared {
  trapIf(types.typeKey(end.shared.type) !== types.typeKey(type.of), 'element-type');
  trapIf(end.state === 'done', `lift-${type.kind as 'stream' | 'future'}-done`);
  trapIf(end.state !== 'idle', 'lift-busy');
  trapIf(end.inWaitableSet, `lift-${type.kind as 'stream' | 'future'}-in-set`);
  return end.shared;
}

export function store(cx: Context, value: Value, type: ValType, pointer: number): void {
  const { memory } = cx.inst;
  switch (type.kind) {
    case 'u8':
      memory.setUint8(pointer, value as number);
      break;
    case 'u16':
      memory.setUint16(pointer, value as number, true);
      break;
    case 'u32':
      memory.setUint32(pointer, value as number, true);
      break;
    case 'u64':
      memory.setBigUint64(pointer, value as bigint, true);
      break;
    case 'string':
      storeRange(cx, pointer, storeString(cx, value));
      break;
    case 'list':
      storeRange(cx, pointer, storeList(cx, value, type.of));
      break;
    case 'tuple': {
      let at = pointer;
      for (const [i, field] of type.of.entries()) {
        at = types.alignTo(at, types.alignment(field));
        store(cx, (value as readonly Value[])[i] as Value, field, at);
        at += types.size(field);
      }
      break;
    }
    case 'variant': {
      const { tag, value: payload } = value as VariantValue;
      memory.setUint8(pointer, tag);
      const of = type.cases[tag]?.type;
      const at = types.alignTo(pointer + 1, types.caseAlignment(type.cases));
      if (of !== undefined) store(cx, payload as Value, of, at);
      break;
    }
    default:
      memory.setUint32(pointer, lowerHandle(cx, value, type), true);
  }
}

function storeRange(cx: Context, pointer: number, [begin, length]: readonly [number, number]): void {
  cx.inst.memory.setUint32(pointer, begin, true);
  cx.inst.memory.setUint32(pointer + 4, length, true);
}

function storeString(cx: Context, value: Value): readonly [number, number] {
  const bytes = new TextEncoder().encode(value as string);
  const pointer = allocate(cx, 1, bytes.length);
  trapIf(pointer + bytes.length > cx.inst.memory.byteLength, 'content-out-of-bounds');
  memoryOf(cx).set(bytes, pointer);
  return [pointer, bytes.length];
}

function storeList(cx: Context, value: Value, of: ValType): readonly [number, number] {
  const values = value as readonly Value[];
  const pointer = allocate(cx, types.alignment(of), values.length * types.size(of));
  trapIf(pointer !== types.alignTo(pointer, types.alignment(of)), 'pointer-unaligned');
  trapIf(pointer + values.length * types.size(of) > cx.inst.memory.byteLength, 'content-out-of-bounds');
  for (const [i, element] of values.entries()) store(cx, element, of, pointer + i * types.size(of));
  return [pointer, values.length];
}

function lowerHandle(cx: Context, value: Value, type: HandleType): number {
  const { handles } = cx.inst;
  switch (type.kind) {
    case 'own':
      return handles.add(new ResourceHandle(resourceOf(cx, type.resource), value as number, true));
    case 'borrow': {
      const rt = resourceOf(cx, type.resource);
      specifies(cx.borrowScope instanceof Task, 'a borrow is lowered for a task');
      if (cx.inst === rt.impl) return value as number;
      cx.borrowScope.numBorrows++;
      return handles.add(new ResourceHandle(rt, value as number, false, cx.borrowScope));
    }
    default:
      return handles.add(new CopyEnd(value instanceof SharedFuture ? 'future-read' : 'stream-read', value as Shared));
  }
}

function resourceOf(cx: Context, name: string): ResourceType {
  const rt = cx.resources.get(name);
  specifies(rt !== undefined, `there is a resource type ${name}`);
  return rt;
}

/** Core values, taken one after the other. */
export class CoreValueIter {
  readonly #values: readonly CoreValue[];
  #at = 0;

  constructor(values: readonly CoreValue[]) {
    this.#values = values;
  }

  next(): CoreValue {
    const value = this.#values[this.#at++];
    specifies(value !== undefined, 'there are as many core values as the type says');
    return value;
  }

  /** An i32, or an i64 that stands for one. */
  nextWord(): number {
    return Number(BigInt.asUintN(32, BigInt(this.next())));
  }
}

function liftFlat(cx: Context, values: CoreValueIter, type: ValType): Value {
  switch (type.kind) {
    case 'u8':
      return values.nextWord() & 0xff;
    case 'u16':
      return values.nextWord() & 0xffff;
    case 'u32':
      return values.nextWord();
    case 'u64':
      return BigInt.asUintN(64, BigInt(values.next()));
    case 'string':
      return loadString(cx, values.nextWord(), values.nextWord());
    case 'list':
      return loadList(cx, values.nextWord(), values.nextWord(), type.of);
    case 'tuple':
      return type.of.map((field) => liftFlat(cx, values, field));
    case 'variant': {
      const tag = values.nextWord();
      const rest = new CoreValueIter(
        types
          .flatten(type)
          .slice(1)
          .map(() => values.next()),
      );
      return liftCase(tag, type.cases, (of) => liftFlat(cx, rest, of));
    }
    default:
      return liftHandle(cx, values.nextWord(), type);
  }
}

function lowerFlat(cx: Context, value: Value, type: ValType): CoreValue[] {
  switch (type.kind) {
    case 'u8':
    case 'u16':
    case 'u32':
      return [value as number];
    case 'u64':
      return [value as bigint];
    case 'string':
      return [...storeString(cx, value)];
    case 'list':
      return [...storeList(cx, value, type.of)];
    case 'tuple':
      return type.of.flatMap((field, i) => lowerFlat(cx, (value as readonly Value[])[i] as Value, field));
    case 'variant': {
      const { tag, value: payload } = value as VariantValue;
      const of = type.cases[tag]?.type;
      const flat = of === undefined ? [] : lowerFlat(cx, payload as Value, of);
      return [
        tag,
        ...types
          .flatten(type)
          .slice(1)
          .map((core, i) => widened(flat[i], core)),
      ];
    }
    default:
      return [lowerHandle(cx, value, type)];
  }
}

function widened(value: CoreValue | undefined, core: types.CoreType): CoreValue {
  return core === 'i64' ? BigInt(value ?? 0) : (value ?? 0);
}

function memoryRange(cx: Context, pointer: number, type: ValType): number {
  trapIf(pointer !== types.alignTo(pointer, types.alignment(type)), 'pointer-unaligned');
  trapIf(pointer + types.size(type) > cx.inst.memory.byteLength, 'pointer-out-of-bounds');
  return pointer;
}

/** Lifts one value after the other; a trap tells of those that came before it. */
function liftAll(all: readonly ValType[], lift: (type: ValType) => Value): readonly Value[] {
  const lifted: Value[] = [];
  try {
    for (const type of all) lifted.push(lift(type));
  } catch (error) {
    if (error instanceof ModelTrap) error.lifted = lifted;
    throw error;
  }
  return lifted;
}

/** Specification: `lift_flat_values`. */
export function liftFlatValues(
  cx: Context,
  maxFlat: number,
  values: CoreValueIter,
  all: readonly ValType[],
): readonly Value[] {
  if (types.flattenAll(all).length <= maxFlat) return liftAll(all, (type) => liftFlat(cx, values, type));
  let at = memoryRange(cx, values.nextWord(), { kind: 'tuple', of: all });
  return liftAll(all, (type) => {
    const pointer = types.alignTo(at, types.alignment(type));
    at = pointer + types.size(type);
    return load(cx, pointer, type);
  });
}

/** Specification: `lower_flat_values`. */
export function lowerFlatValues(
  cx: Context,
  maxFlat: number,
  values: readonly Value[],
  all: readonly ValType[],
  outParam?: CoreValueIter,
): CoreValue[] {
  if (types.flattenAll(all).length <= maxFlat) return all.flatMap((type, i) => lowerFlat(cx, values[i] as Value, type));
  const tuple: ValType = { kind: 'tuple', of: all };
  const own = outParam === undefined;
  const pointer = own ? allocate(cx, types.alignment(tuple), types.size(tuple)) : outParam.nextWord();
  store(cx, values, tuple, memoryRange(cx, pointer, tuple));
  return own ? [pointer] : [];
}
