/** The core module of every modelled instance: a loop that asks for the next step and takes it. It has no choice of its own. */
import { canonLower, type FuncInst } from '../call.ts';
import * as others from '../canon-others.ts';
import * as streams from '../canon-stream.ts';
import * as tasks from '../canon-task.ts';
import * as threads from '../canon-thread.ts';
import * as waitables from '../canon-waitable.ts';
import type { ResourceType } from '../resource.ts';
import type { ComponentInstance, CoreFunc } from '../state.ts';
import type { EndKind } from '../stream.ts';
import type { Blocking } from '../thread.ts';
import { trap, trapIf } from '../trap.ts';
import { alignTo, type CoreValue, type FuncType } from '../types.ts';
import { type Director, REPORT } from './schedule.ts';
import {
  ELEMENTS,
  type Flavour,
  FUNCS,
  type Func,
  HOST_WAIT,
  hasParamsPointer,
  hasResultPointer,
  initialMemory,
  LAYOUT,
  MODES,
  paramsOf,
  SIGNATURES,
  type SignatureName,
} from './world.ts';

/** What an instance can call: neighbours' functions by their number and name, the host's under `host`. */
export type Callees = (instance: number | typeof HOST_WAIT, func: string) => { callee: FuncInst; ft: FuncType };

/** What an operation does: its results, up to three numbers. */
type Operation = (args: readonly number[], label: number) => Blocking<readonly number[]>;

const CONTEXT_LABEL = 0;
const CONTEXT_FREE = 1;

export function funcType(flavour: Flavour, signature: SignatureName): FuncType {
  return { params: paramsOf(signature), result: SIGNATURES[signature].result, async: flavour !== 'sync' };
}

export class Guest {
  readonly inst: ComponentInstance;
  readonly #director: Director;
  readonly #callees: Callees;
  readonly #resources: ReadonlyMap<string, ResourceType>;
  readonly #local: ResourceType;
  readonly #operations: Readonly<Record<string, Operation>>;
  #heap: number = LAYOUT.heap;
  #reallocMode = 0;
  #postReturnMode = 0;

  constructor(
    inst: ComponentInstance,
    director: Director,
    callees: Callees,
    resources: ReadonlyMap<string, ResourceType>,
    local: ResourceType,
  ) {
    this.inst = inst;
    this.#director = director;
    this.#callees = callees;
    this.#resources = resources;
    this.#local = local;
    for (const [at, bytes] of initialMemory()) this.#bytes(at, bytes.length).set(bytes);
    inst.realloc = (args) => this.#realloc(args);
    this.#operations = {
      ...this.#tasks(),
      ...this.#waitables(),
      ...this.#threads(),
      ...this.#values(),
      ...this.#copies(),
      ...this.#calls(),
    };
  }

  get #store(): ComponentInstance['store'] {
    return this.inst.store;
  }

  #bytes(pointer: number, length: number): Uint8Array {
    trapIf(pointer + length > LAYOUT.end, 'unreachable');
    return new Uint8Array(this.inst.memory.buffer, pointer, length);
  }

  // ---- what the module exports

  *#realloc([, , alignment, size]: readonly CoreValue[]): Blocking<readonly number[]> {
    tasks.canonContextSet(this.#store, CONTEXT_LABEL, 0xbad);
    yield* this.#inMode(this.#reallocMode);
    const pointer = alignTo(this.#heap, Number(alignment));
    this.#heap = pointer + Number(size);
    trapIf(this.#heap > LAYOUT.end, 'unreachable');
    return [pointer];
  }

  /** What an allocator, or what follows a return, tries to do. */
  *#inMode(mode: number): Blocking<void> {
    const store = this.#store;
    switch (MODES[mode]) {
      case 'backpressure.inc':
        tasks.canonBackpressureInc(store);
        break;
      case 'set.new':
        waitables.canonWaitableSetNew(store);
        break;
      case 'next':
        trapIf(!this.inst.mayLeave, 'cannot-leave');
        break;
      case 'thread.yield':
        yield* threads.canonThreadYield(store, false);
        break;
      case 'task.return.plain':
        tasks.canonTaskReturn(store, { result: undefined, encoding: 'utf8', resources: this.#resources }, []);
        break;
      case 'local.drop':
        yield* others.canonResourceDrop(store, this.#local, 0);
        break;
      default:
        break;
    }
  }

  /** The core function of an export. */
  core(func: Func): CoreFunc {
    const report = REPORT.start + FUNCS.indexOf(func);
    const isVoid = func.flavour === 'stackful' || (func.flavour !== 'callback' && func.signature === 'plain');
    return (args) => this.#begin(report, args, isVoid);
  }

  *#begin(report: number, [label = 0, ...args]: readonly CoreValue[], isVoid: boolean): Blocking<readonly number[]> {
    const values = args.flatMap((value) => (typeof value === 'bigint' ? words(value) : [value]));
    const result = yield* this.#run(Number(label), report, padded(values, 6));
    return isVoid ? [] : [result];
  }

  *callback([code, p1, p2]: readonly CoreValue[]): Blocking<readonly number[]> {
    const label = tasks.canonContextGet(this.#store, CONTEXT_LABEL);
    return [yield* this.#run(label, REPORT.callback, [Number(code), Number(p1), Number(p2)])];
  }

  *postReturn(): Blocking<readonly number[]> {
    yield* this.#inMode(this.#postReturnMode);
    return [];
  }

  *dtor([rep]: readonly CoreValue[]): Blocking<readonly number[]> {
    yield* this.#run(Number(rep), REPORT.dtor, []);
    return [];
  }

  *#threadStart([closure]: readonly CoreValue[]): Blocking<readonly number[]> {
    yield* this.#run(Number(closure), REPORT.thread, []);
    return [];
  }

  /** Asks for steps and takes them, until one ends the function. */
  *#run(label: number, report: number, values: readonly number[]): Blocking<number> {
    this.#store.currentThread.findLabel = () => label;
    tasks.canonContextSet(this.#store, CONTEXT_LABEL, label);
    let step = this.#director.next(label, report, values);
    while (step.op !== 'finish') {
      const operation = this.#operations[step.op];
      if (operation === undefined) throw new Error(`a guest cannot ${step.op}`);
      const results = yield* operation(step.args, label);
      step = this.#director.next(label, REPORT.result, padded(results, 3));
    }
    return ((step.args[0] ?? 0) | ((step.args[1] ?? 0) << 4)) >>> 0;
  }

  // ---- what it can be told to do

  #tasks(): Record<string, Operation> {
    const operations: Record<string, Operation> = {
      'task.cancel': plain(() => tasks.canonTaskCancel(this.#store)),
      'backpressure.inc': plain((count) => repeat(count, () => tasks.canonBackpressureInc(this.#store))),
      'backpressure.dec': plain((count) => repeat(count, () => tasks.canonBackpressureDec(this.#store))),
      'subtask.cancel': blocking((index) => tasks.canonSubtaskCancel(this.#store, false, index)),
      'subtask.cancel-async': blocking((index) => tasks.canonSubtaskCancel(this.#store, true, index)),
      'subtask.drop': plain((index) => tasks.canonSubtaskDrop(this.#store, index)),
      'context.get': plain(() => tasks.canonContextGet(this.#store, CONTEXT_FREE)),
      'context.set': plain((value) => tasks.canonContextSet(this.#store, CONTEXT_FREE, value)),
    };
    const returns = (name: string, result: SignatureName, encoding: 'utf8' | 'utf16'): void => {
      const made = { result: SIGNATURES[result].result, encoding, resources: this.#resources };
      operations[`task.return.${name}`] = plain((...args) => {
        const flat = result === 'values' ? [...args.slice(0, 2), longFrom(args[2], args[3])] : args;
        tasks.canonTaskReturn(this.#store, made, flat);
      });
    };
    for (const name of Object.keys(SIGNATURES) as SignatureName[]) returns(name, name, 'utf8');
    returns('u32-utf16', 'u32', 'utf16');
    return operations;
  }

  #waitables(): Record<string, Operation> {
    const told = (pointer: number, code: number): number[] => [
      code,
      this.inst.memory.getUint32(pointer, true),
      this.inst.memory.getUint32(pointer + 4, true),
    ];
    const wait = (cancellable: boolean): Operation =>
      function* (this: void, [index = 0, pointer = 0]) {
        return told(pointer, yield* waitables.canonWaitableSetWait(store(), cancellable, index, pointer));
      };
    const poll = (cancellable: boolean): Operation =>
      several((index, pointer) => told(pointer, waitables.canonWaitableSetPoll(store(), cancellable, index, pointer)));
    const store = (): ComponentInstance['store'] => this.#store;
    return {
      'set.new': plain(() => waitables.canonWaitableSetNew(this.#store)),
      'set.wait': wait(false),
      'set.wait-cancellable': wait(true),
      'set.poll': poll(false),
      'set.poll-cancellable': poll(true),
      'set.drop': plain((index) => waitables.canonWaitableSetDrop(this.#store, index)),
      join: plain((index, set) => waitables.canonWaitableJoin(this.#store, index, set)),
    };
  }

  #threads(): Record<string, Operation> {
    const table: threads.TableEntry[] = [undefined, (args) => this.#threadStart(args), 'other type'];
    const operations: Record<string, Operation> = {
      'thread.index': plain(() => threads.canonThreadIndex(this.#store)),
      'thread.new': plain((func, label) => {
        const index = threads.canonThreadNewIndirect(this.#store, table, func, label);
        this.inst.threads.get(index).findLabel = () => label;
        return index;
      }),
      'thread.resume-later': plain((index) => threads.canonThreadResumeLater(this.#store, index)),
    };
    const switches = {
      'thread.suspend': threads.canonThreadSuspend,
      'thread.yield': threads.canonThreadYield,
      'thread.suspend-then-resume': threads.canonThreadSuspendThenResume,
      'thread.yield-then-resume': threads.canonThreadYieldThenResume,
      'thread.suspend-then-promote': threads.canonThreadSuspendThenPromote,
      'thread.yield-then-promote': threads.canonThreadYieldThenPromote,
    };
    for (const [name, canon] of Object.entries(switches)) {
      operations[name] = blocking((index) => canon(this.#store, false, index));
      operations[`${name}-cancellable`] = blocking((index) => canon(this.#store, true, index));
    }
    return operations;
  }

  #values(): Record<string, Operation> {
    const thing = (): ResourceType => this.#resources.get('thing') as ResourceType;
    const { memory } = this.inst;
    return {
      'thing.new': plain((rep) => others.canonResourceNew(this.#store, thing(), rep)),
      'thing.drop': blocking((index) => others.canonResourceDrop(this.#store, thing(), index)),
      'thing.rep': plain((index) => others.canonResourceRep(this.#store, thing(), index)),
      'local.new': plain((rep) => others.canonResourceNew(this.#store, this.#local, rep)),
      'local.drop': blocking((index) => others.canonResourceDrop(this.#store, this.#local, index)),
      'local.rep': plain((index) => others.canonResourceRep(this.#store, this.#local, index)),
      'error.new': plain((pointer, length) => others.canonErrorContextNew(this.#store, pointer, length)),
      'error.message': plain((index, pointer) => others.canonErrorContextDebugMessage(this.#store, index, pointer)),
      'error.drop': plain((index) => others.canonErrorContextDrop(this.#store, index)),
      poke: plain((pointer, ...words) => {
        this.#bytes(pointer, 4 * words.length);
        for (const [i, word] of words.entries()) memory.setUint32(pointer + 4 * i, word, true);
      }),
      load: plain((pointer) => {
        this.#bytes(pointer, 4);
        return memory.getUint32(pointer, true);
      }),
      show: several((pointer, length, label) => {
        trapIf(!this.inst.mayLeave, 'cannot-leave');
        this.#director.show(label, this.#bytes(pointer, length));
        return [];
      }, true),
      'realloc.mode': plain((mode) => {
        this.#reallocMode = mode;
      }),
      'post-return.mode': plain((mode) => {
        this.#postReturnMode = mode;
      }),
      trap: plain(() => trap('unreachable')),
      throw: plain(() => trap('uncaught-exception')),
    };
  }

  #copies(): Record<string, Operation> {
    const operations: Record<string, Operation> = {};
    const resources = this.#resources;
    for (const what of ['stream', 'future'] as const) {
      for (const [element, type] of Object.entries(ELEMENTS[what])) {
        operations[`${what}.new.${element}`] = several(() => streams.canonNew(this.#store, what, type));
        for (const way of ['read', 'write'] as const) {
          const kind: EndKind = `${what}-${way}`;
          for (const [suffix, async] of [['', false] as const, ['-async', true] as const]) {
            operations[`${what}.${way}${suffix}.${element}`] = blocking((index, pointer, count) =>
              streams.canonCopy(this.#store, { kind, type, async, resources }, index, pointer, count),
            );
            operations[`${what}.cancel-${way}${suffix}.${element}`] = blocking((index) =>
              streams.canonCancelCopy(this.#store, { kind, type, async }, index),
            );
          }
          operations[`${what}.drop-${way === 'read' ? 'readable' : 'writable'}.${element}`] = plain((index) =>
            streams.canonDrop(this.#store, { kind, type }, index),
          );
        }
      }
    }
    return operations;
  }

  #calls(): Record<string, Operation> {
    const operations: Record<string, Operation> = {};
    for (const signature of Object.keys(SIGNATURES) as SignatureName[]) {
      for (const [name, async] of [['call', false] as const, ['call-async', true] as const]) {
        operations[`${name}.${signature}`] = blocking((peer, func, ...args) =>
          this.#call(signature, async, peer, func, args),
        );
      }
    }
    return operations;
  }

  /** `peer` is one more than the instance, or 0 for the host; the arguments are those of the core function. */
  *#call(
    signature: SignatureName,
    async: boolean,
    peer: number,
    func: number,
    args: readonly number[],
  ): Blocking<number> {
    const name = FUNCS[func]?.name ?? '';
    const { callee, ft } = this.#callees(peer === 0 ? HOST_WAIT : peer - 1, name);
    const byPointer = hasParamsPointer(signature, async);
    const at = args[0] ?? 0;
    const inMemory = byPointer && at + 4 <= LAYOUT.end;
    this.#store.announced = () => (inMemory ? this.inst.memory.getUint32(at, true) : at);
    const lowered = { store: this.#store, callee, ft, async, resources: this.#resources };
    const flat: CoreValue[] = signature === 'values' && !byPointer ? withLong(args) : [...args];
    const expected = (byPointer ? 1 : flatCount(signature)) + (hasResultPointer(signature, async) ? 1 : 0);
    const results = yield* canonLower(lowered, flat.slice(0, expected));
    return Number(results[0] ?? 0);
  }
}

function flatCount(signature: SignatureName): number {
  return { plain: 1, u32: 1, values: 6, own: 2, borrow: 3, stream: 2, future: 2, ends: 3 }[signature];
}

/** The arguments of `values`: the number behind the label comes in two words. */
function withLong([label = 0, low, high, ...rest]: readonly number[]): CoreValue[] {
  return [label, longFrom(low, high), ...rest];
}

function longFrom(low = 0, high = 0): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

function words(value: bigint): number[] {
  return [Number(value & 0xffff_ffffn), Number(value >> 32n)];
}

function padded(values: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => values[i] ?? 0);
}

function repeat(count: number, what: () => void): void {
  for (let i = 0; i < count; i++) what();
}

type Numbers = readonly number[];

/** An operation that does not block and has one result at most. */
function plain(what: (...args: number[]) => unknown): Operation {
  // biome-ignore lint/correctness/useYield: it does not block
  return function* (args) {
    const result = what(...args);
    return [typeof result === 'number' ? result : 0];
  };
}

/** One with several results; `labelled` gives it the label of the thread as well. */
function several(what: (...args: number[]) => Numbers, labelled = false): Operation {
  // biome-ignore lint/correctness/useYield: it does not block
  return function* (args, label) {
    return what(...args, ...(labelled ? [label] : []));
  };
}

/** One that may block. */
function blocking(what: (...args: number[]) => Blocking<unknown>): Operation {
  return function* (args) {
    const result = yield* what(...args);
    return [typeof result === 'number' ? result : 0];
  };
}
