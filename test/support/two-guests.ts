/**
 * Two guests, one of which calls the other: memories, reallocs that log, and slots, without the runtime. A call goes through an
 * adapter (`src/abi/fused`) or through the interpreter (`src/abi`), and both leave the same traces behind.
 * Functions of guests are real core functions, so that the engine checks the types of an adapter's imports.
 */
import { liftValues, lowerValues } from '../../src/abi/call.ts';
import type { AbiContext, OptionShape } from '../../src/abi/context.ts';
import {
  flattenFuncType,
  flattenType,
  MAX_FLAT_ASYNC_PARAMS,
  MAX_FLAT_PARAMS,
  MAX_FLAT_RESULTS,
  pointerSize,
  pointerType,
} from '../../src/abi/flatten.ts';
import { type AdapterSpec, emitAdapters, lends, markOf, spillsResult } from '../../src/abi/fused/adapter.ts';
import { returnShim } from '../../src/abi/fused/return-shim.ts';
import type { Flat } from '../../src/abi/lift-flat.ts';
import { ModuleBuilder, type WasmSignature } from '../../src/core/builder.ts';
import { makeTrap, Trap, type TrapCode, trapReason } from '../../src/error/trap.ts';
import {
  CLOSED,
  CONTEXT_0,
  CONTEXT_1,
  control,
  MAY_LEAVE,
  RECORD_DELIVER,
  RECORD_KEY,
  RECORD_OTHER_KEY,
  RECORD_SIZE,
  SLOT_SIZE,
  STORE,
  STORE_SIZE,
} from '../../src/runtime/control.ts';
import { LinearMemory } from '../../src/runtime/memory.ts';
import type { StringEncoding } from '../../src/types/definition.ts';
import { signatureResources } from '../../src/types/resources-of.ts';
import type { FuncType, ResourceType } from '../../src/types/value-type.ts';
import { CodeWriter } from '../../src/util/code-writer.ts';

/** What was true while a function of a guest ran. */
export interface Trace {
  readonly what: string;
  readonly args: readonly (number | bigint)[];
  readonly answer: number | bigint | undefined;
  /** `may_leave` and the first context slot of the guest. */
  readonly mayLeave: number;
  readonly context: number;
}

/** Makes a core function of a signature that calls `fn`. */
export function coreFunction(signature: WasmSignature, fn: (...args: Flat[]) => unknown): WebAssembly.ImportValue {
  const m = new ModuleBuilder();
  const imported = m.importFunction('js', 'f', signature);
  const index = m.declare(signature);
  const w = new CodeWriter();
  for (let i = 0; i < signature.params.length; i++) w.byte(0x20).u(i);
  m.body(index, [], w.byte(0x10).u(imported).finish());
  m.exportFunction('f', index);
  const module = new WebAssembly.Module(m.finish());
  return new WebAssembly.Instance(module, { js: { f: fn as never } }).exports['f'] as WebAssembly.ImportValue;
}

export function newMemory(width: '32' | '64', pages = 1): WebAssembly.Memory {
  const limits = width === '64' ? { initial: BigInt(pages), address: 'i64' } : { initial: pages };
  return new WebAssembly.Memory(limits as WebAssembly.MemoryDescriptor);
}

export interface GuestOptions {
  readonly encoding?: StringEncoding;
  readonly width?: '32' | '64';
  readonly pages?: number;
  readonly postReturn?: boolean;
  /** How it calls, or is lifted. */
  readonly async?: boolean;
  readonly callback?: boolean;
}

let storeRecord = 0;

/** One side: a component instance with a memory and a bump allocator that grows it. */
export class Guest {
  readonly shape: OptionShape;
  readonly memory: LinearMemory;
  readonly slot: number;
  readonly store: number;
  readonly traces: Trace[] = [];
  /** Where the allocator goes on; shared by guests that share a memory. */
  readonly bump: { top: number };
  /** Answers instead of the allocator. */
  hostile: ((old: number, oldSize: number, align: number, size: number) => number | undefined) | undefined;

  constructor(options: GuestOptions = {}, sharedWith?: Guest) {
    const width = options.width ?? '32';
    this.shape = {
      encoding: options.encoding ?? 'utf8',
      memory: width,
      realloc: true,
      postReturn: options.postReturn ?? false,
      async: options.async ?? false,
      callback: options.callback ?? false,
    };
    this.memory = sharedWith?.memory ?? new LinearMemory(newMemory(width, options.pages));
    this.bump = sharedWith?.bump ?? { top: 1024 };
    this.slot = control.allocate(SLOT_SIZE);
    storeRecord ||= control.allocate(STORE_SIZE);
    this.store = storeRecord;
    this.set(MAY_LEAVE, 1);
    this.set(STORE, this.store);
  }

  get(field: number): number {
    return control.i32[(this.slot + field) >> 2]!;
  }

  set(field: number, value: number): void {
    control.i32[(this.slot + field) >> 2] = value;
  }

  trace(what: string, args: readonly (number | bigint)[], answer?: number | bigint): void {
    this.traces.push({ what, args, answer, mayLeave: this.get(MAY_LEAVE), context: this.get(CONTEXT_0) });
  }

  /** The guest's own allocation, which nothing traces. */
  allocate(align: number, size: number): number {
    const at = Math.ceil(this.bump.top / align) * align;
    this.bump.top = at + size;
    const missing = this.bump.top - this.memory.u8.length;
    if (missing > 0) {
      const pages = Math.ceil(missing / 65_536);
      this.memory.memory.grow((this.shape.memory === '64' ? BigInt(pages) : pages) as number);
    }
    return at;
  }

  realloc(old: number, oldSize: number, align: number, size: number): number {
    const forced = this.hostile?.(old, oldSize, align, size);
    let at = forced ?? old;
    if (forced === undefined && (oldSize === 0 || size > oldSize || old % align !== 0)) {
      at = this.allocate(align, size);
      this.memory.u8.copyWithin(at, old, old + Math.min(oldSize, size));
    }
    this.trace('realloc', [old, oldSize, align, size], at);
    // What a guest leaves in its context must not be seen by anyone else.
    this.set(CONTEXT_0, 77);
    return at;
  }

  /** What the interpreter works in. `offset` is added to handles that are lowered here. */
  context(offset: { own: number; borrow: number }): AbiContext {
    const none = (): never => {
      throw new Error('no streams here');
    };
    return {
      options: this.shape,
      memory: this.memory,
      realloc: (old, oldSize, align, size) => {
        const saved = this.get(CONTEXT_0);
        this.set(CONTEXT_0, 0);
        const at = this.realloc(old, oldSize, align, size);
        this.set(CONTEXT_0, saved);
        return at;
      },
      handles: {
        liftOwn: (_, index) => index,
        liftBorrow: (_, index) => index,
        lowerOwn: (_, index) => (index as number) + offset.own,
        lowerBorrow: (_, index) => (index as number) + offset.borrow,
        liftEnd: none,
        lowerEnd: none,
        liftErrorContext: none,
        lowerErrorContext: none,
      },
    };
  }

  reallocFunction(): WebAssembly.ImportValue {
    const address = this.shape.memory === '64' ? 'i64' : 'i32';
    const signature: WasmSignature = { params: [address, address, address, address], results: [address] };
    return coreFunction(signature, (...args) => {
      const [old, oldSize, align, size] = args.map((a) =>
        typeof a === 'bigint' ? Number(BigInt.asUintN(64, a)) : a >>> 0,
      );
      const at = this.realloc(old!, oldSize!, align!, size!);
      return address === 'i64' ? BigInt(at) : at;
    });
  }
}

/** Specification: `Subtask.State.RETURNED`. */
const RETURNED = 2;

/** Handles change on their way by these numbers, so that every crossing shows. */
export const OWN_IN = 1000;
export const BORROW_IN = 2000;
export const OWN_OUT = 3000;

export interface Call {
  readonly type: FuncType;
  readonly caller: Guest;
  readonly callee: Guest;
  readonly core: (...args: Flat[]) => Flat | undefined;
  /** `task.return` of an asynchronous callee, from when it is called. */
  returns?: (...given: Flat[]) => unknown;
}

function withoutLeave<T>(guest: Guest, body: () => T): T {
  guest.set(MAY_LEAVE, 0);
  const value = body();
  guest.set(MAY_LEAVE, 1);
  return value;
}

/** The call by the interpreter, as `canon_lower` over `canon_lift` says. */
export function interpreted(call: Call): (...flat: Flat[]) => Flat | undefined {
  const { type, caller, callee, core } = call;
  const params = type.params.map((p) => p.type);
  const results = type.result === undefined ? [] : [type.result];
  const from = caller.context({ own: OWN_OUT, borrow: 0 });
  const to = callee.context({ own: OWN_IN, borrow: BORROW_IN });
  return (...flat) => {
    const lifted = liftValues(from, caller.shape.async ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS, flat, params);
    const lowered = withoutLeave(callee, () => lowerValues(to, MAX_FLAT_PARAMS, lifted, params));
    const saved = callee.get(CONTEXT_0);
    callee.set(CONTEXT_0, 0);
    let back: Flat | undefined;
    const returns = (given: readonly Flat[]): void => {
      const lift = liftValues(to, callee.shape.async ? MAX_FLAT_PARAMS : MAX_FLAT_RESULTS, given, results);
      const limit = caller.shape.async ? 0 : MAX_FLAT_RESULTS;
      [back] = withoutLeave(caller, () => lowerValues(from, limit, lift, results, flat.at(-1)));
    };
    call.returns = (...given) => returns(given);
    const answer = core(...lowered);
    const coreResults = answer === undefined ? [] : [answer];
    if (!callee.shape.async) returns(coreResults);
    if (callee.shape.postReturn) withoutLeave(callee, () => callee.trace('post-return', coreResults));
    callee.set(CONTEXT_0, saved);
    return caller.shape.async ? RETURNED : back;
  };
}

export function specOf({ type, caller, callee }: Call, more: Partial<AdapterSpec> = {}): AdapterSpec {
  return {
    type,
    lower: caller.shape,
    lift: callee.shape,
    callerMemory: 0,
    calleeMemory: caller.memory === callee.memory ? 0 : 1,
    maySuspend: false,
    isConcurrent: false,
    seesCaller: false,
    isLeaf: false,
    crossStore: false,
    context: true,
    callerContext: true,
    flavour: 'plain',
    ...more,
  };
}

/** What else an adapter imports. */
export interface Extras {
  readonly spec?: Partial<AdapterSpec>;
  readonly closed?: (slot: number) => void;
  readonly endThread?: (thread: number) => void;
  readonly end?: () => void;
  readonly counter?: number;
  /** What the resources of the type are: number, and slot of the instance whose they are. */
  readonly resource?: { readonly type: number; readonly home: number };
  /** Of an async function: by its parts, though the whole call is in core wasm. */
  readonly parts?: boolean;
  /** Of an async function: `task.return` has the other of the keys that fit. */
  readonly otherKey?: boolean;
  /** Answers to handles, instead of the fixed offsets. */
  readonly handles?: (what: 'own-in' | 'borrow-in' | 'own-out', resource: ResourceType, index: number) => number;
}

function global(value: number): WebAssembly.Global {
  return new WebAssembly.Global({ value: 'i32' }, value);
}

/** The exports of an adapter module for the call. */
function instantiate(
  call: Call,
  extras: Extras,
  spec: AdapterSpec,
  more: Record<string, WebAssembly.ImportValue>,
): WebAssembly.Exports {
  const { type, caller, callee, core } = call;
  const lifted = flattenFuncType(type, 'lift', spec.lift);
  const imports: Record<string, WebAssembly.ImportValue> = {
    callee: coreFunction(lifted, core),
    'from-slot': global(caller.slot),
    'to-slot': global(callee.slot),
    'from-realloc': caller.reallocFunction(),
    'to-realloc': callee.reallocFunction(),
    ...more,
  };
  if (spec.lift.postReturn) {
    imports['post'] = coreFunction({ params: lifted.results, results: [] }, (...args) =>
      callee.trace('post-return', args),
    );
  }
  if (lends(type)) imports['end'] = (extras.end ?? (() => {})) as WebAssembly.ImportValue;
  if (extras.counter !== undefined) imports['counter'] = global(extras.counter);
  const shift = { 'own-in': OWN_IN, 'borrow-in': BORROW_IN, 'own-out': OWN_OUT };
  for (const [n, resource] of signatureResources(type).entries()) {
    // Where the tables are empty, every handle is the imported functions' to move.
    imports[`type${n}`] = global(extras.resource?.type ?? 1);
    imports[`home${n}`] = global(extras.resource?.home ?? 0);
    for (const what of ['own-in', 'borrow-in', 'own-out'] as const) {
      imports[`${what}${n}`] = ((index: number) =>
        extras.handles?.(what, resource, index) ?? index + shift[what]) as WebAssembly.ImportValue;
    }
  }
  const trap = (code: number): never => {
    throw makeTrap(trapReason(code));
  };
  const module = new WebAssembly.Module(emitAdapters([spec]).bytes);
  const waits: Record<string, WebAssembly.ImportValue> = {};
  for (const { name } of WebAssembly.Module.imports(module)) {
    if (name !== 'wait' && !name.startsWith('go-on:')) continue;
    waits[name] = (() => {
      throw new Error('nothing waits here');
    }) as WebAssembly.ImportValue;
  }
  return new WebAssembly.Instance(module, {
    tenon: {
      ...waits,
      control: control.memory,
      trap,
      closed: extras.closed ?? (() => {}),
      'end-thread': extras.endThread ?? (() => {}),
    },
    memory: { m0: caller.memory.memory, m1: callee.memory.memory },
    a0: imports,
  }).exports;
}

type CoreFunction = (...flat: Flat[]) => Flat | undefined;

/** The call through an adapter. */
export function fused(call: Call, extras: Extras = {}): CoreFunction {
  const spec = specOf(call, extras.spec);
  return call.type.async ? fusedAsync(call, extras, spec) : (instantiate(call, extras, spec, {})['a0'] as CoreFunction);
}

/** A core function's results, however many. */
function list(results: unknown): readonly Flat[] {
  if (results === undefined) return [];
  return Array.isArray(results) ? results : [results as Flat];
}

/** Of a function of an async type: by the whole call in core wasm where there is one, else by the parts that JavaScript calls. */
function fusedAsync(call: Call, extras: Extras, spec: AdapterSpec): CoreFunction {
  const { type, caller, callee, core } = call;
  const record = control.allocate(RECORD_SIZE);
  const [KEY, OTHER] = [7, 8];
  control.i32[(record + RECORD_KEY) >> 2] = KEY;
  control.i32[(record + RECORD_OTHER_KEY) >> 2] = OTHER;
  const parts: CoreFunction = (...flat) => {
    const saved = callee.get(CONTEXT_0);
    const args = list((exports['p0'] as CoreFunction)(...flat));
    callee.set(CONTEXT_0, 0);
    let back: Flat | undefined;
    const returns = (...given: Flat[]): void => {
      const spills = spillsResult(spec) ? [flat.at(-1)!] : [];
      [back] = list((exports['r0'] as CoreFunction)(...given, ...spills));
    };
    call.returns = returns;
    const answers = list(core(...args));
    if (!callee.shape.async) {
      returns(...answers);
      if (callee.shape.postReturn) withoutLeave(callee, () => callee.trace('post-return', answers));
    }
    callee.set(CONTEXT_0, saved);
    return caller.shape.async ? RETURNED : back;
  };
  const unexpected = (): never => {
    throw new Error('the call completes at once');
  };
  const exports = instantiate(call, extras, spec, {
    mark: global(markOf(spec, record)),
    slow: parts as WebAssembly.ImportValue,
    settle: unexpected,
    answer: unexpected,
    release: unexpected,
  });
  if (exports['a0'] === undefined || extras.parts === true) return parts;
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 2 });
  if (exports['d0'] !== undefined) {
    table.set(1, exports['d0'] as unknown as null);
    control.i32[(record + RECORD_DELIVER) >> 2] = 1;
  }
  const flatResult = type.result === undefined ? [] : flattenType(type.result, pointerSize(callee.shape));
  const given = flatResult.length > MAX_FLAT_PARAMS ? [pointerType(callee.shape)] : flatResult;
  const shim = new WebAssembly.Instance(new WebAssembly.Module(returnShim(given)), {
    tenon: {
      control: control.memory,
      returns: table,
      slot: global(callee.slot),
      key: global(extras.otherKey === true ? OTHER : KEY),
      slow: unexpected,
    },
  });
  call.returns = shim.exports['return'] as CoreFunction;
  return exports['a0'] as CoreFunction;
}

/** A call between two new guests through an adapter. */
export interface Made extends Call {
  readonly run: (...flat: Flat[]) => Flat | undefined;
  /** The core arguments of every call of the callee. */
  readonly seen: Flat[][];
}

export interface MakeOptions extends Extras {
  readonly caller?: GuestOptions;
  readonly callee?: GuestOptions;
  /** What the callee does. */
  readonly core?: (guests: { caller: Guest; callee: Guest }, ...args: Flat[]) => Flat | undefined;
}

export function make(type: FuncType, options: MakeOptions = {}): Made {
  const caller = new Guest(options.caller);
  const callee = new Guest(options.callee);
  const seen: Flat[][] = [];
  const core = (...args: Flat[]): Flat | undefined => {
    seen.push(args);
    return options.core?.({ caller, callee }, ...args);
  };
  const call = { type, caller, callee, core };
  return { ...call, seen, run: fused(call, options) };
}

/** How a call ended: the code of its trap, or `fine`. */
export function code(run: () => unknown): TrapCode | 'fine' {
  try {
    run();
    return 'fine';
  } catch (error) {
    if (error instanceof Trap) return error.code;
    throw error;
  }
}

/** A core value in a form that compares: unsigned, floats by their bits. */
export function comparable(value: Flat | undefined): string {
  if (value === undefined) return '-';
  if (typeof value === 'bigint') return `i64 ${BigInt.asUintN(64, value)}`;
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 32 && !Object.is(value, -0)) return `${value >>> 0}`;
  return Object.is(value, -0) ? '-0' : `f ${value}`;
}

export { CLOSED, CONTEXT_0, CONTEXT_1, MAY_LEAVE };
