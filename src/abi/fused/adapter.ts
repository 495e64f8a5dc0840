/**
 * Adapters: core functions by which one component calls another, with nothing but wasm in between. One module holds those of one
 * step of a plan; everything that belongs to an instance is an import, so that modules are compiled once.
 * Specification: CanonicalABI.md, `canon_lower` over `canon_lift`, for synchronous functions.
 *
 * Imports: `tenon` (`control`, `trap`, `closed`, `end-thread`), `memory` (`m<key>`), and for the adapter `i` a module `a<i>`: `callee`, `post`,
 * `from-realloc`, `to-realloc`, globals `from-slot` and `to-slot`, `counter`, `end`, and for the n-th resource `own-in<n>`,
 * `borrow-in<n>`, `own-out<n>`. Exports `a<i>`.
 *
 * Where both sides share a memory (an instance that calls itself) and `realloc` or the return pointer gives a place that overlaps a
 * source not yet read, the value that arrives is a mix; every access is checked all the same. Not for asynchronous functions or
 * types: the interpreter takes these calls.
 */
import { ModuleBuilder } from '../../core/builder.ts';
import {
  CALL_LIMIT,
  CALL_TOP,
  CLOSED,
  FRAME_SIZE,
  FRAME_THREAD,
  MAY_LEAVE,
  STORE,
  STORE_STATE,
} from '../../runtime/control.ts';
import { signatureResources } from '../../types/resources-of.ts';
import type { FuncType, ResourceType, ValueType } from '../../types/value-type.ts';
import { invariant } from '../../util/invariant.ts';
import type { OptionShape } from '../context.ts';
import {
  type FlatType,
  flattenFuncType,
  flattenType,
  flattenTypes,
  MAX_FLAT_PARAMS,
  MAX_FLAT_RESULTS,
  pointerSize,
  pointerType,
} from '../flatten.ts';
import { layout } from '../layout.ts';
import { allocates, emittedParts, holds, isAsync } from './contents.ts';
import { FunctionWriter, type Memory } from './function.ts';
import {
  emitAligned,
  emitAllocate,
  emitTrap,
  emitTrapIf,
  enterThread,
  leaveThread,
  rangeCheck,
  type Shared,
  type Side,
} from './side.ts';
import { StringKit } from './strings.ts';
import { Direction, type Place } from './translate.ts';

export interface AdapterSpec {
  readonly type: FuncType;
  /** Options of the caller and of the callee. */
  readonly lower: OptionShape;
  readonly lift: OptionShape;
  /** Which memory each side has: equal keys are the same memory. */
  readonly callerMemory: number | undefined;
  readonly calleeMemory: number | undefined;
  /** The callee may have to wait, or is in another store: its slot goes on the call stack. */
  readonly maySuspend: boolean;
  /** The callee's calls may be asked for their thread: its slot goes on the call stack, and the thread ends with the call. */
  readonly isConcurrent: boolean;
  /** The callee is in another store, which may be dead. */
  readonly crossStore: boolean;
  /** Whether the callee, and the caller, use context slots. */
  readonly context: boolean;
  readonly callerContext: boolean;
  readonly flavour: 'plain' | 'counted';
}

export interface AdapterModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly specs: readonly AdapterSpec[];
}

/** Types whose code would have more parts than this are left to the interpreter. */
const MAX_PARTS = 100_000;

function valuesOf(type: FuncType): readonly ValueType[] {
  return [...type.params.map((p) => p.type), ...(type.result === undefined ? [] : [type.result])];
}

/** Whether an adapter can carry the call. */
export function canFuse(spec: AdapterSpec): boolean {
  if (spec.type.async || spec.lower.async || spec.lift.async) return false;
  const types = valuesOf(spec.type);
  return emittedParts(types) <= MAX_PARTS && !types.some((t) => holds(t, isAsync));
}

/** Whether the call lends handles, so that something must be undone when it ends. */
export function lends(type: FuncType): boolean {
  return type.params.some((p) => holds(p.type, (t) => t.kind === 'borrow'));
}

interface Imports {
  readonly callee: number;
  readonly post: number | undefined;
  readonly end: number | undefined;
  readonly counter: number | undefined;
  readonly from: Side;
  readonly to: Side;
  readonly handles: ReadonlyMap<
    ResourceType,
    { readonly ownIn: number; readonly borrowIn: number; readonly ownOut: number }
  >;
}

/** Emits one module with an adapter for each spec. */
export function emitAdapters(specs: readonly AdapterSpec[]): AdapterModule {
  const module = new ModuleBuilder();
  const control: Memory = { index: module.importMemory('tenon', 'control'), is64: false };
  const trap = module.importFunction('tenon', 'trap', { params: ['i32'], results: [] });
  const closed = module.importFunction('tenon', 'closed', { params: ['i32'], results: [] });
  const endThread = module.importFunction('tenon', 'end-thread', { params: ['i32'], results: [] });
  const shared: Shared = { module, control, trap, closed, endThread, made: new Map() };
  const memories = new Map<number, Memory>();
  const memory = (key: number | undefined, options: OptionShape): Memory | undefined => {
    if (key === undefined) return undefined;
    let known = memories.get(key);
    if (known === undefined) {
      known = {
        index: module.importMemory('memory', `m${key}`, options.memory === '64'),
        is64: options.memory === '64',
      };
      memories.set(key, known);
    }
    return known;
  };
  const imports = specs.map((spec, i) => importsOf(spec, `a${i}`, shared, memory));
  const kit = new StringKit();
  for (const [i, spec] of specs.entries()) {
    const index = new Adapter(spec, imports[i]!, shared, kit).emit();
    module.exportFunction(`a${i}`, index);
  }
  return { bytes: module.finish(), specs };
}

function importsOf(
  spec: AdapterSpec,
  name: string,
  shared: Shared,
  memory: (key: number | undefined, options: OptionShape) => Memory | undefined,
): Imports {
  const { module } = shared;
  const { type, lower, lift } = spec;
  const side = (which: 'from' | 'to', options: OptionShape, key: number | undefined, context: boolean): Side => {
    const address = pointerType(options) as 'i32' | 'i64';
    const signature = { params: [address, address, address, address], results: [address] } as const;
    return {
      shared,
      encoding: options.encoding,
      memory: memory(key, options),
      pointer: pointerSize(options),
      address,
      realloc: options.realloc ? module.importFunction(name, `${which}-realloc`, signature) : undefined,
      slot: module.importGlobal(name, `${which}-slot`, 'i32'),
      context,
      alloc: new Map(),
    };
  };
  const core = flattenFuncType(type, 'lift', lift);
  const i32 = { params: ['i32'], results: ['i32'] } as const;
  return {
    callee: module.importFunction(name, 'callee', core),
    post: lift.postReturn ? module.importFunction(name, 'post', { params: core.results, results: [] }) : undefined,
    end: lends(type) ? module.importFunction(name, 'end', { params: [], results: [] }) : undefined,
    counter: spec.flavour === 'counted' ? module.importGlobal(name, 'counter', 'i32') : undefined,
    from: side('from', lower, spec.callerMemory, spec.callerContext),
    to: side('to', lift, spec.calleeMemory, spec.context),
    handles: new Map(
      signatureResources(type).map((resource, n) => [
        resource,
        {
          ownIn: module.importFunction(name, `own-in${n}`, i32),
          borrowIn: module.importFunction(name, `borrow-in${n}`, i32),
          ownOut: module.importFunction(name, `own-out${n}`, i32),
        },
      ]),
    ),
  };
}

class Adapter {
  readonly #spec: AdapterSpec;
  readonly #imports: Imports;
  readonly #shared: Shared;
  readonly #f: FunctionWriter;
  readonly #in: Direction;
  readonly #out: Direction;
  readonly #results: readonly FlatType[];

  constructor(spec: AdapterSpec, imports: Imports, shared: Shared, kit: StringKit) {
    this.#spec = spec;
    this.#imports = imports;
    this.#shared = shared;
    const signature = flattenFuncType(spec.type, 'lower', spec.lower);
    this.#results = signature.results as readonly FlatType[];
    this.#f = new FunctionWriter(shared.module, signature);
    const { from, to, handles } = imports;
    this.#in = new Direction(from, to, kit, (kind, resource) => {
      const found = handles.get(resource);
      invariant(found !== undefined, 'a resource of the signature');
      return kind === 'own' ? found.ownIn : found.borrowIn;
    });
    this.#out = new Direction(to, from, kit, (_kind, resource) => {
      const found = handles.get(resource);
      invariant(found !== undefined, 'a resource of the signature');
      return found.ownOut;
    });
  }

  emit(): number {
    const f = this.#f;
    const { from, to, counter, callee, post, end } = this.#imports;
    const { maySuspend, crossStore, isConcurrent } = this.#spec;
    const pushes = maySuspend || crossStore || isConcurrent || end !== undefined;
    f.open('block').tryAll(0);
    f.global(from.slot).access('i32.load', this.#shared.control, MAY_LEAVE).op('i32.eqz');
    emitTrapIf(f, this.#shared, 'cannot-leave');
    if (counter !== undefined) {
      f.global(counter)
        .global(counter)
        .access('i32.load', this.#shared.control)
        .i32(1)
        .op('i32.add')
        .access('i32.store', this.#shared.control);
    }
    if (pushes) this.#enter();
    const args = this.#params();
    const core = flattenFuncType(this.#spec.type, 'lift', this.#spec.lift).results;
    const answer = core[0] === undefined ? undefined : f.local(core[0] as FlatType);
    const thread = enterThread(f, to);
    for (const local of args) f.get(local);
    f.call(callee);
    if (answer !== undefined) f.set(answer);
    const result = this.#result(answer);
    if (post !== undefined) {
      this.#mayLeave(to, 0);
      if (answer !== undefined) f.get(answer);
      f.call(post);
      this.#mayLeave(to, 1);
    }
    leaveThread(f, to, thread);
    if (end !== undefined) f.call(end);
    if (pushes) this.#pop();
    if (result !== undefined) f.get(result);
    f.op('return', 'end', 'end');
    emitTrap(f, this.#shared, 'uncaught-exception');
    return f.finish();
  }

  #mayLeave(side: Side, value: 0 | 1): void {
    this.#f.global(side.slot).i32(value).access('i32.store', this.#shared.control, MAY_LEAVE);
  }

  /** The callee's store must live and its instance be open; its slot goes on the call stack. */
  #enter(): void {
    const f = this.#f;
    const { control } = this.#shared;
    const { to } = this.#imports;
    this.#mustLive();
    if (this.#spec.maySuspend) {
      f.global(to.slot).access('i32.load', control, CLOSED).open('if').global(to.slot).call(this.#shared.closed);
      // While this stack waited, others ran.
      this.#mustLive();
      f.op('end');
    }
    const top = f.scratch('i32');
    f.i32(0).access('i32.load', control, CALL_TOP).tee(top).i32(CALL_LIMIT).op('i32.ge_u');
    emitTrapIf(f, this.#shared, 'stack-exhausted');
    f.get(top).global(to.slot).access('i32.store', control);
    f.get(top).i32(0).access('i32.store', control, FRAME_THREAD);
    f.i32(0).get(top).i32(FRAME_SIZE).op('i32.add').access('i32.store', control, CALL_TOP);
    f.release('i32', top);
  }

  #mustLive(): void {
    if (!this.#spec.crossStore) return;
    const { control } = this.#shared;
    this.#f.global(this.#imports.to.slot).access('i32.load', control, STORE).access('i32.load', control, STORE_STATE);
    emitTrapIf(this.#f, this.#shared, 'store-dead');
  }

  /** Takes the callee's slot off the call stack, which may have moved while the callee waited; ends the thread that was asked for. */
  #pop(): void {
    const { control } = this.#shared;
    const f = this.#f;
    if (!this.#spec.isConcurrent) {
      f.i32(0).i32(0).access('i32.load', control, CALL_TOP);
      f.i32(FRAME_SIZE).op('i32.sub').access('i32.store', control, CALL_TOP);
      return;
    }
    const frame = f.scratch('i32');
    const thread = f.scratch('i32');
    f.i32(0).i32(0).access('i32.load', control, CALL_TOP);
    f.i32(FRAME_SIZE).op('i32.sub').tee(frame).access('i32.store', control, CALL_TOP);
    f.get(frame).access('i32.load', control, FRAME_THREAD).tee(thread).open('if');
    f.get(thread).call(this.#shared.endThread).op('end');
    f.release('i32', frame, thread);
  }

  /** A place in memory at the address in `local`, checked. */
  #checked(side: Side, local: number, type: ValueType): Place {
    const { align, size } = layout(type, side.pointer);
    emitAligned(this.#f, side, local, align, 'unaligned-pointer');
    this.#f.get(local).i32(size).call(rangeCheck(side, 'memory-out-of-bounds'));
    return { kind: 'memory', base: local, offset: 0 };
  }

  #flat(types: readonly FlatType[]): Extract<Place, { kind: 'flat' }> {
    return { kind: 'flat', types, locals: types.map((t) => this.#f.local(t)) };
  }

  /** Carries the parameters; gives the locals to call the callee with. */
  #params(): readonly number[] {
    const f = this.#f;
    const { from, to } = this.#imports;
    const types = this.#spec.type.params.map((p) => p.type);
    if (types.length === 0) return [];
    const tuple: ValueType = { kind: 'tuple', types };
    const fromFlat = flattenTypes(types, from.pointer);
    const toFlat = flattenTypes(types, to.pointer);
    const src: Place =
      fromFlat.length > MAX_FLAT_PARAMS
        ? this.#checked(from, 0, tuple)
        : { kind: 'flat', types: fromFlat, locals: fromFlat.map((_, i) => i) };
    const spills = toFlat.length > MAX_FLAT_PARAMS;
    const touches = spills || types.some((t) => holds(t, allocates));
    if (touches) this.#mayLeave(to, 0);
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
      dst = this.#flat(toFlat);
      args = dst.locals;
    }
    this.#in.record(f, types, src, dst);
    if (touches) this.#mayLeave(to, 1);
    return args;
  }

  /** Carries the result that is in local `answer`; gives the local to return, if any. */
  #result(answer: number | undefined): number | undefined {
    const { type } = this.#spec;
    if (type.result === undefined || answer === undefined) return undefined;
    const { from, to } = this.#imports;
    const toFlat = flattenType(type.result, to.pointer);
    const fromFlat = flattenType(type.result, from.pointer);
    const src: Place =
      toFlat.length > MAX_FLAT_RESULTS
        ? this.#checked(to, answer, type.result)
        : { kind: 'flat', types: toFlat, locals: [answer] };
    const touches = holds(type.result, allocates);
    if (touches) this.#mayLeave(from, 0);
    const spills = fromFlat.length > MAX_FLAT_RESULTS;
    const returnPointer = flattenFuncType(type, 'lower', this.#spec.lower).params.length - 1;
    const dst: Place = spills ? this.#checked(from, returnPointer, type.result) : this.#flat(fromFlat);
    this.#out.translate(this.#f, type.result, src, dst);
    if (touches) this.#mayLeave(from, 1);
    invariant(spills || this.#results.length === 1, 'one flat result');
    return dst.kind === 'flat' ? dst.locals[0] : undefined;
  }
}
