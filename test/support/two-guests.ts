/**
 * Two guests, one of which calls the other: memories, reallocs that log, and slots, without the runtime. A call goes through an
 * adapter (`src/abi/fused`) or through the interpreter (`src/abi`), and both leave the same traces behind.
 */
import { liftValues, lowerValues } from '../../src/abi/call.ts';
import type { AbiContext, HandleHooks } from '../../src/abi/context.ts';
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
} from '../../src/runtime/control.ts';
import { signatureEnds, signatureResources } from '../../src/types/resources-of.ts';
import type { FuncType, ResourceType } from '../../src/types/value-type.ts';
import { coreFunction, Guest, type GuestOptions, type HandleLog } from './guest.ts';

/** Specification: `Subtask.State.RETURNED`. */
const RETURNED = 2;

/** Handles change on their way by these numbers, so that every crossing shows. */
export const OWN_IN = 1000;
export const BORROW_IN = 2000;
export const OWN_OUT = 3000;
const END_IN = 4000;
const END_OUT = 5000;
const ERROR_IN = 6000;
const ERROR_OUT = 7000;

export interface Call {
  readonly type: FuncType;
  readonly caller: Guest;
  readonly callee: Guest;
  readonly core: (...args: Flat[]) => Flat | undefined;
  /** `task.return` of an asynchronous callee, from when it is called. */
  returns?: (...given: Flat[]) => unknown;
  /** Handles in the order in which they arrived. */
  readonly moves?: string[];
  /** By which the interpreter moves handles, in place of fixed numbers. */
  readonly hooks?: { readonly from: Partial<HandleHooks>; readonly to: Partial<HandleHooks> };
  /** Gives back what the interpreter lent. */
  readonly endLends?: () => void;
}

/** Notes a handle that arrives. */
function logOf({ type, moves }: Call, way: 'in' | 'out'): HandleLog {
  const types: readonly (object | undefined)[] = [...signatureResources(type), ...signatureEnds(type)];
  return (kind, of, index) => {
    const name = of === undefined ? '' : ` ${types.indexOf(of)}`;
    moves?.push(`${kind}-${way}${name}: ${index >>> 0}`);
  };
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
  const out = { own: OWN_OUT, borrow: 0, end: END_OUT, error: ERROR_OUT };
  const into = { own: OWN_IN, borrow: BORROW_IN, end: END_IN, error: ERROR_IN };
  const from = withHooks(caller.context(out, logOf(call, 'out')), call.hooks?.from);
  const to = withHooks(callee.context(into, logOf(call, 'in')), call.hooks?.to);
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
    call.endLends?.();
    return caller.shape.async ? RETURNED : back;
  };
}

function withHooks(context: AbiContext, hooks: Partial<HandleHooks> = {}): AbiContext {
  return { ...context, handles: { ...context.handles, ...hooks } };
}

export function specOf({ type, caller, callee }: Call, more: Partial<AdapterSpec> = {}): AdapterSpec {
  return {
    type,
    lower: caller.shape,
    lift: callee.shape,
    callerMemory: caller.shape.memory === undefined ? undefined : 0,
    calleeMemory: callee.shape.memory === undefined ? undefined : caller.memory === callee.memory ? 0 : 1,
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

/** What a resource is to an adapter: its number, and the slot of the instance whose it is. */
export interface ResourceNumbers {
  readonly type: number;
  readonly home: number;
}

/** What else an adapter imports. */
export interface Extras {
  readonly spec?: Partial<AdapterSpec>;
  readonly closed?: (slot: number) => void;
  readonly endThread?: (thread: number) => void;
  readonly end?: () => void;
  readonly counter?: number;
  /** What the resources of the type are: all the same, or each by itself. */
  readonly resource?: ResourceNumbers | ((resource: ResourceType) => ResourceNumbers);
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
  const logs = { in: logOf(call, 'in'), out: logOf(call, 'out') };
  for (const [n, resource] of signatureResources(type).entries()) {
    // Where the tables are empty, every handle is the imported functions' to move.
    const numbers = typeof extras.resource === 'function' ? extras.resource(resource) : extras.resource;
    imports[`type${n}`] = global(numbers?.type ?? 1);
    imports[`home${n}`] = global(numbers?.home ?? 0);
    for (const what of ['own-in', 'borrow-in', 'own-out'] as const) {
      const [kind, way] = what.split('-') as ['own' | 'borrow', 'in' | 'out'];
      imports[`${what}${n}`] = ((index: number) => {
        logs[way](kind, resource, index);
        return extras.handles?.(what, resource, index) ?? index + shift[what];
      }) as WebAssembly.ImportValue;
    }
  }
  const special = (
    name: string,
    log: HandleLog,
    kind: 'end' | 'error',
    of: object | undefined,
    offset: number,
  ): void => {
    imports[name] = ((index: number) => {
      log(kind, of, index);
      return index + offset;
    }) as WebAssembly.ImportValue;
  };
  for (const [n, end] of signatureEnds(type).entries()) {
    special(`end-in${n}`, logs.in, 'end', end, END_IN);
    special(`end-out${n}`, logs.out, 'end', end, END_OUT);
  }
  special('error-in', logs.in, 'error', undefined, ERROR_IN);
  special('error-out', logs.out, 'error', undefined, ERROR_OUT);
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

export { coreFunction, Guest, type GuestOptions, newMemory, type Trace } from './guest.ts';
export { CLOSED, CONTEXT_0, CONTEXT_1, MAY_LEAVE };
