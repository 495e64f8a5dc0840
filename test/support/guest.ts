/**
 * A guest in tests, without the runtime: a memory, a slot, and a `realloc` that logs. Functions of guests are real core functions, so that
 * the engine checks the types of what is given and answered.
 */
import type { AbiContext, HandleHooks, OptionShape } from '../../src/abi/context.ts';
import type { Flat } from '../../src/abi/lift-flat.ts';
import { ModuleBuilder, type WasmSignature } from '../../src/core/builder.ts';
import { CONTEXT_0, control, MAY_LEAVE, SLOT_SIZE, STORE, STORE_SIZE } from '../../src/runtime/control.ts';
import { LinearMemory } from '../../src/runtime/memory.ts';
import type { StringEncoding } from '../../src/types/definition.ts';
import { CodeWriter } from '../../src/util/code-writer.ts';
import { Allocator, type Policy } from './allocator.ts';

/** What was true while a function of a guest ran. */
export interface Trace {
  readonly what: string;
  readonly args: readonly (number | bigint)[];
  readonly answer: number | bigint | undefined;
  /** `may_leave` and the first context slot of the guest. */
  readonly mayLeave: number;
  readonly context: number;
}

const passOn = new Map<string, WebAssembly.Module>();

/** A module whose function `f` calls the imported one of the same signature. */
function passOnModule(signature: WasmSignature): WebAssembly.Module {
  const key = `${signature.params.join()} ${signature.results.join()}`;
  const known = passOn.get(key);
  if (known !== undefined) return known;
  const m = new ModuleBuilder();
  const imported = m.importFunction('js', 'f', signature);
  const index = m.declare(signature);
  const w = new CodeWriter();
  for (let i = 0; i < signature.params.length; i++) w.byte(0x20).u(i);
  m.body(index, [], w.byte(0x10).u(imported).finish());
  m.exportFunction('f', index);
  const module = new WebAssembly.Module(m.finish());
  passOn.set(key, module);
  return module;
}

/** Makes a core function of a signature that calls `fn`. */
export function coreFunction(signature: WasmSignature, fn: (...args: Flat[]) => unknown): WebAssembly.ImportValue {
  const instance = new WebAssembly.Instance(passOnModule(signature), { js: { f: fn as never } });
  return instance.exports['f'] as WebAssembly.ImportValue;
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
  readonly policy?: Policy;
  /** Whether it has the canonical options `memory` and `realloc`; default both. */
  readonly hasMemory?: boolean;
  readonly hasRealloc?: boolean;
  /** Where its state is; default a slot of its own, and a store that all such guests share. */
  readonly place?: { readonly slot: number; readonly store: number };
}

/** What is added to handles that are lowered. */
export interface HandleOffsets {
  readonly own: number;
  readonly borrow: number;
  readonly end?: number;
  readonly error?: number;
}

/** Sees every handle that is lowered. */
export type HandleLog = (kind: 'own' | 'borrow' | 'end' | 'error', type: object | undefined, index: number) => void;

let storeRecord = 0;

/** One side: a component instance with a memory and a bump allocator that grows it. */
export class Guest {
  readonly shape: OptionShape;
  readonly memory: LinearMemory;
  readonly slot: number;
  readonly store: number;
  readonly traces: Trace[] = [];
  /** Where the allocator goes on; shared by guests that share a memory. */
  readonly bump: Allocator;
  /** Whether its memory has grown within `realloc`. */
  grew = false;
  /** Answers instead of the allocator. */
  hostile: ((old: number, oldSize: number, align: number, size: number) => number | undefined) | undefined;

  constructor(options: GuestOptions = {}, sharedWith?: Guest) {
    const width = options.width ?? '32';
    this.shape = {
      encoding: options.encoding ?? 'utf8',
      memory: options.hasMemory === false ? undefined : width,
      realloc: options.hasRealloc !== false,
      postReturn: options.postReturn ?? false,
      async: options.async ?? false,
      callback: options.callback ?? false,
    };
    this.memory = sharedWith?.memory ?? new LinearMemory(newMemory(width, options.pages));
    this.bump = sharedWith?.bump ?? new Allocator(this.memory, width, options.policy);
    storeRecord ||= control.allocate(STORE_SIZE);
    this.slot = options.place?.slot ?? control.allocate(SLOT_SIZE);
    this.store = options.place?.store ?? storeRecord;
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
    return this.bump.allocate(align, size);
  }

  realloc(old: number, oldSize: number, align: number, size: number): number {
    const before = this.memory.u8.length;
    const forced = this.hostile?.(old, oldSize, align, size);
    let at = forced ?? old;
    if (forced === undefined && (oldSize === 0 || size > oldSize || old % align !== 0)) {
      at = this.allocate(align, size);
      this.memory.u8.copyWithin(at, old, old + Math.min(oldSize, size));
    }
    this.grew ||= this.memory.u8.length > before;
    this.trace('realloc', [old, oldSize, align, size], at);
    // What a guest leaves in its context must not be seen by anyone else.
    this.set(CONTEXT_0, 77);
    return at;
  }

  /** What the interpreter works in. The offsets are added to handles that are lowered here. */
  context(offsets: HandleOffsets, log?: HandleLog): AbiContext {
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
      handles: movedBy(offsets, log),
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

/** Handles that change by fixed numbers on their way. */
function movedBy({ own, borrow, end = 0, error = 0 }: HandleOffsets, log: HandleLog = () => {}): HandleHooks {
  const lower = (kind: Parameters<HandleLog>[0], offset: number) => (type: object | undefined, index: unknown) => {
    log(kind, type, index as number);
    return ((index as number) + offset) >>> 0;
  };
  const lowerError = lower('error', error);
  return {
    liftOwn: (_, index) => index,
    liftBorrow: (_, index) => index,
    lowerOwn: lower('own', own),
    lowerBorrow: lower('borrow', borrow),
    liftEnd: (_, index) => index,
    lowerEnd: lower('end', end),
    liftErrorContext: (index) => index,
    lowerErrorContext: (index) => lowerError(undefined, index),
  };
}
