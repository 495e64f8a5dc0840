/**
 * Carries the parameters of a call from caller to callee, and its result back, flat or through memory. Specification: CanonicalABI.md,
 * `lift_flat_values`, `lower_flat_values`, `canon_task_return`.
 */
import type { ResourceType, ValueType } from '../../types/value-type.ts';
import { invariant } from '../../util/invariant.ts';
import {
  type FlatType,
  flattenFuncType,
  flattenType,
  flattenTypes,
  MAX_FLAT_ASYNC_PARAMS,
  MAX_FLAT_PARAMS,
  MAX_FLAT_RESULTS,
  pointerSize,
} from '../flatten.ts';
import { layout } from '../layout.ts';
import { allocates, holds } from './contents.ts';
import type { FunctionWriter } from './function.ts';
import { emitLend, emitMoveOwn } from './handles.ts';
import { branchUnlessFits, emitAligned, emitAllocate, emitMayLeave, rangeCheck, type Side } from './side.ts';
import type { AdapterSpec, Imports } from './spec.ts';
import type { StringKit } from './strings.ts';
import { Direction, type HandleFunction, type Place } from './translate.ts';

type FlatPlace = Extract<Place, { kind: 'flat' }>;

/** The core types by which a callee gives its result: as core results, or as the parameters of `task.return`. */
export function givenResults({ type, lift }: AdapterSpec, side: Side): readonly FlatType[] {
  if (type.result === undefined) return [];
  const flat = flattenType(type.result, side.pointer);
  return flat.length > (lift.async ? MAX_FLAT_PARAMS : MAX_FLAT_RESULTS) ? [side.address] : flat;
}

/** Whether the result goes to memory at a pointer that the caller passes. */
export function spillsResult({ type, lower }: AdapterSpec): boolean {
  if (type.result === undefined) return false;
  return flattenType(type.result, pointerSize(lower)).length > (lower.async ? 0 : MAX_FLAT_RESULTS);
}

/** What moves handles of one way: own and borrowed ones in core wasm, each function made when it is first asked for. */
function inWasm(from: Side, to: Side, resources: Imports['resources'], otherwise: HandleFunction): HandleFunction {
  const made = { own: new Map<ResourceType, number>(), borrow: new Map<ResourceType, number>() };
  return (handle) => {
    if (handle.kind !== 'own' && handle.kind !== 'borrow') return otherwise(handle);
    const { kind, resource } = handle;
    let index = made[kind].get(resource);
    if (index === undefined) {
      const imports = resources.get(resource);
      invariant(imports !== undefined, 'a resource of the signature');
      index = (kind === 'own' ? emitMoveOwn : emitLend)(from, to, imports, otherwise(handle));
      made[kind].set(resource, index);
    }
    return index;
  };
}

export class CallValues {
  readonly #spec: AdapterSpec;
  readonly #from: Side;
  readonly #to: Side;
  readonly #in: Direction;
  readonly #out: Direction;

  constructor(spec: AdapterSpec, { from, to, handleIn, handleOut, resources }: Imports, kit: StringKit) {
    this.#spec = spec;
    this.#from = from;
    this.#to = to;
    this.#in = new Direction(from, to, kit, inWasm(from, to, resources, handleIn));
    this.#out = new Direction(to, from, kit, inWasm(to, from, resources, handleOut));
  }

  /** A place in memory at the address in `local`, checked. */
  #checked(f: FunctionWriter, side: Side, local: number, type: ValueType): Place {
    const { align, size } = layout(type, side.pointer);
    emitAligned(f, side, local, align, 'unaligned-pointer');
    f.get(local).i32(size).call(rangeCheck(side, 'memory-out-of-bounds'));
    return { kind: 'memory', base: local, offset: 0 };
  }

  #flat(f: FunctionWriter, types: readonly FlatType[]): FlatPlace {
    return { kind: 'flat', types, locals: types.map((t) => f.local(t)) };
  }

  /** Whether the passage of the parameters calls the callee's `realloc`. */
  get paramsAllocate(): boolean {
    const types = this.#spec.type.params.map((p) => p.type);
    return flattenTypes(types, this.#to.pointer).length > MAX_FLAT_PARAMS || types.some((t) => holds(t, allocates));
  }

  /** Emits the passage of the parameters, which are the locals from 0 on; gives the locals to call the callee with. */
  params(f: FunctionWriter): readonly number[] {
    const from = this.#from;
    const to = this.#to;
    const types = this.#spec.type.params.map((p) => p.type);
    if (types.length === 0) return [];
    const tuple: ValueType = { kind: 'tuple', types };
    const fromFlat = flattenTypes(types, from.pointer);
    const toFlat = flattenTypes(types, to.pointer);
    const limit = this.#spec.lower.async ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS;
    const src: Place =
      fromFlat.length > limit
        ? this.#checked(f, from, 0, tuple)
        : { kind: 'flat', types: fromFlat, locals: fromFlat.map((_, i) => i) };
    const spills = toFlat.length > MAX_FLAT_PARAMS;
    const touches = this.paramsAllocate;
    if (touches) emitMayLeave(f, to, 0);
    let dst: Place;
    let args: readonly number[];
    if (spills) {
      const { align, size } = layout(tuple, to.pointer);
      const bytes = f.local('i32');
      const base = f.local(to.address);
      f.i32(size).set(bytes);
      emitAllocate(f, to, align, bytes);
      f.set(base);
      dst = { kind: 'memory', base, offset: 0 };
      args = [base];
    } else {
      dst = this.#flat(f, toFlat);
      args = dst.locals;
    }
    this.#in.record(f, types, src, dst);
    if (touches) emitMayLeave(f, to, 1);
    return args;
  }

  /**
   * Emits the passage of the result that the callee gave in locals `given`, to memory at the address in local `pointer` or to a local,
   * which is the answer. The pointer is checked unless `fits` says that it was.
   */
  result(f: FunctionWriter, given: readonly number[], pointer: number | undefined, fits = false): number | undefined {
    const { type } = this.#spec;
    if (type.result === undefined) return undefined;
    const from = this.#from;
    const to = this.#to;
    const toFlat = flattenType(type.result, to.pointer);
    const inMemory = toFlat.length > (this.#spec.lift.async ? MAX_FLAT_PARAMS : MAX_FLAT_RESULTS);
    const src: Place = inMemory
      ? this.#checked(f, to, given[0]!, type.result)
      : { kind: 'flat', types: toFlat, locals: given };
    const touches = holds(type.result, allocates);
    if (touches) emitMayLeave(f, from, 0);
    let dst: Place;
    if (pointer === undefined) dst = this.#flat(f, flattenType(type.result, from.pointer));
    else if (fits) dst = { kind: 'memory', base: pointer, offset: 0 };
    else dst = this.#checked(f, from, pointer, type.result);
    this.#out.translate(f, type.result, src, dst);
    if (touches) emitMayLeave(f, from, 1);
    return dst.kind === 'flat' ? dst.locals[0] : undefined;
  }

  /** Emits: branches out unless the caller's pointer in a local is one for its result, a number. */
  mustFit(f: FunctionWriter, pointer: number): void {
    const { result } = this.#spec.type;
    invariant(result !== undefined, 'a pointer is for a result');
    branchUnlessFits(f, this.#from, pointer, layout(result, this.#from.pointer).size);
  }

  /** The local of the pointer that the caller passes for the result, if there is one. */
  get returnPointer(): number | undefined {
    const { type, lower } = this.#spec;
    if (!spillsResult(this.#spec)) return undefined;
    return flattenFuncType(type, 'lower', lower).params.length - 1;
  }
}
