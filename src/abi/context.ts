/**
 * What lifting and lowering need to know and to reach: the options of one `canon lift` or `canon lower`, the guest's memory, and
 * the handle tables (which `src/runtime` owns). Specification: CanonicalABI.md, `LiftLowerContext`, `CanonicalOptions`.
 */
import type { StringEncoding } from '../types/definition.ts';
import type { FuncType, FutureType, ResourceType, StreamType } from '../types/value-type.ts';

/** The shape of canonical options: all that code generation depends on. Which memory or function is meant comes at instantiation. */
export interface OptionShape {
  readonly encoding: StringEncoding;
  /** Undefined without a `memory` option. */
  readonly memory: '32' | '64' | undefined;
  readonly realloc: boolean;
  readonly postReturn: boolean;
  readonly async: boolean;
  readonly callback: boolean;
}

/** A component function and one side's options: what one border function is generated from. */
export interface Signature {
  readonly type: FuncType;
  readonly options: OptionShape;
  /** Export: its instance calls nobody, so nothing can look at the call while it runs. */
  readonly leaf?: boolean;
  /** Lifted lists of numbers are views of the guest's memory, which end with the call. */
  readonly lends?: boolean;
}

/** A memory as arrays of numbers. */
export interface NumberViews {
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly s8: Int8Array<ArrayBuffer>;
  readonly u16: Uint16Array<ArrayBuffer>;
  readonly s16: Int16Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  readonly s32: Int32Array<ArrayBuffer>;
  readonly u64: BigUint64Array<ArrayBuffer>;
  readonly s64: BigInt64Array<ArrayBuffer>;
  readonly f32: Float32Array<ArrayBuffer>;
  readonly f64: Float64Array<ArrayBuffer>;
}

/**
 * A guest's linear memory with views that survive growth: read `u8` or `view` anew after anything that may have run the guest.
 */
export interface GuestMemory {
  readonly memory: WebAssembly.Memory;
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** All of it as an array of such numbers: what is left over at the end is not in it. */
  numbers<K extends keyof NumberViews>(kind: K): NumberViews[K];
}

/**
 * How lifted and lowered handles reach the tables of the component instance whose memory is being read or written. The handle's
 * value is opaque to the ABI: a JavaScript object at the host's border, a transfer record between guests. Each traps as the
 * specification says (`lift_own`, `lift_borrow`, `lower_own`, `lower_borrow`).
 */
export interface HandleHooks {
  liftOwn(resource: ResourceType, index: number): unknown;
  liftBorrow(resource: ResourceType, index: number): unknown;
  lowerOwn(resource: ResourceType, value: unknown): number;
  lowerBorrow(resource: ResourceType, value: unknown): number;
  liftEnd(type: StreamType | FutureType, index: number): unknown;
  lowerEnd(type: StreamType | FutureType, value: unknown): number;
  liftErrorContext(index: number): unknown;
  lowerErrorContext(value: unknown): number;
}

/** What one lift or lower works in. */
export interface AbiContext {
  readonly options: OptionShape;
  readonly memory: GuestMemory | undefined;
  /** The guest's `realloc`, or undefined. Sizes and addresses are numbers for a 64-bit memory too; the runtime wraps bigint. */
  readonly realloc: ((old: number, oldSize: number, align: number, newSize: number) => number) | undefined;
  readonly handles: HandleHooks;
}
