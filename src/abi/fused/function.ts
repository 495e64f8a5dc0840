/** Writes one function of an adapter module: instructions by name, locals on demand, loads and stores of any memory. */
import type { ModuleBuilder, WasmSignature, WasmType } from '../../core/builder.ts';
import { CodeWriter } from '../../util/code-writer.ts';

/** Opcodes without immediates, by their text names. */
const PLAIN = {
  unreachable: 0x00,
  return: 0x0f,
  end: 0x0b,
  else: 0x05,
  drop: 0x1a,
  select: 0x1b,
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_u': 0x49,
  'i32.gt_u': 0x4b,
  'i32.le_u': 0x4d,
  'i32.ge_s': 0x4e,
  'i32.ge_u': 0x4f,
  'i64.eqz': 0x50,
  'i64.ne': 0x52,
  'i64.lt_u': 0x54,
  'i64.gt_u': 0x56,
  'i64.ge_u': 0x5a,
  'i32.ctz': 0x68,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.shl': 0x74,
  'i32.shr_u': 0x76,
  'i64.add': 0x7c,
  'i64.sub': 0x7d,
  'i64.and': 0x83,
  'i64.or': 0x84,
  'i64.shl': 0x86,
  'i64.shr_u': 0x88,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_u': 0xad,
  'i32.reinterpret_f32': 0xbc,
  'i64.reinterpret_f64': 0xbd,
  'f32.reinterpret_i32': 0xbe,
  'f64.reinterpret_i64': 0xbf,
  'i32.extend8_s': 0xc0,
  'i32.extend16_s': 0xc1,
} as const;

export type Plain = keyof typeof PLAIN;

const ACCESS = {
  'i32.load': 0x28,
  'i64.load': 0x29,
  'f32.load': 0x2a,
  'f64.load': 0x2b,
  'i32.load8_s': 0x2c,
  'i32.load8_u': 0x2d,
  'i32.load16_s': 0x2e,
  'i32.load16_u': 0x2f,
  'i32.store': 0x36,
  'i64.store': 0x37,
  'f32.store': 0x38,
  'f64.store': 0x39,
  'i32.store8': 0x3a,
  'i32.store16': 0x3b,
} as const;

export type Access = keyof typeof ACCESS;

/** Instructions on vectors, without immediates but a lane's number. */
const VECTOR = {
  'i8x16.swizzle': 14,
  'i8x16.splat': 15,
  'i64x2.extract_lane 0': 29,
  'i16x8.eq': 45,
  'i16x8.ne': 46,
  'v128.and': 78,
  'v128.or': 80,
  'v128.xor': 81,
  'v128.any_true': 83,
  'i8x16.bitmask': 100,
  'i8x16.narrow_i16x8_u': 102,
  'i8x16.add': 110,
  'i8x16.sub_sat_u': 115,
  'i16x8.bitmask': 132,
  'i16x8.extend_low_i8x16_u': 137,
  'i16x8.extend_high_i8x16_u': 138,
  'i16x8.shr_u': 141,
} as const;

export type Vector = keyof typeof VECTOR;

const VECTOR_ACCESS = { load: 0, store: 11, load32_zero: 92, load64_zero: 93 } as const;

export type VectorAccess = keyof typeof VECTOR_ACCESS;

/** A memory of the module. */
export interface Memory {
  readonly index: number;
  readonly is64: boolean;
}

export class FunctionWriter {
  readonly index: number;
  readonly #module: ModuleBuilder;
  readonly #code = new CodeWriter();
  readonly #locals: WasmType[] = [];
  readonly #params: number;
  readonly #spare = new Map<WasmType, number[]>();

  constructor(module: ModuleBuilder, signature: WasmSignature) {
    this.#module = module;
    this.#params = signature.params.length;
    this.index = module.declare(signature);
  }

  /** A new local, zero at first (and whatever it was in a later turn of a loop). */
  local(type: WasmType): number {
    return this.#params + this.#locals.push(type) - 1;
  }

  /** A local whose value is unknown at first. Give it back when its value is no longer needed: engines limit locals to 50,000. */
  scratch(type: WasmType): number {
    return this.#spare.get(type)?.pop() ?? this.local(type);
  }

  /** Takes back what {@link scratch} gave. */
  release(type: WasmType, ...locals: readonly number[]): void {
    const spare = this.#spare.get(type);
    if (spare === undefined) this.#spare.set(type, [...locals]);
    else spare.push(...locals);
  }

  /** Instructions without immediates. */
  op(...names: readonly Plain[]): this {
    for (const name of names) this.#code.byte(PLAIN[name]);
    return this;
  }

  get(local: number): this {
    this.#code.byte(0x20).u(local);
    return this;
  }

  set(local: number): this {
    this.#code.byte(0x21).u(local);
    return this;
  }

  tee(local: number): this {
    this.#code.byte(0x22).u(local);
    return this;
  }

  global(index: number): this {
    this.#code.byte(0x23).u(index);
    return this;
  }

  i32(value: number): this {
    this.#code.byte(0x41).s(value | 0);
    return this;
  }

  i64(value: bigint): this {
    this.#code.byte(0x42).s(BigInt.asIntN(64, value));
    return this;
  }

  /** Zero of any type. */
  zero(type: 'i32' | 'i64' | 'f32' | 'f64'): this {
    if (type === 'i32') return this.i32(0);
    if (type === 'i64') return this.i64(0n);
    if (type === 'f32') this.#code.byte(0x43).f32(0);
    else this.#code.byte(0x44).f64(0);
    return this;
  }

  call(index: number): this {
    this.#code.byte(0x10).u(index);
    return this;
  }

  /** Calls what stands in a table at the index on the stack. */
  callIndirect(table: number, signature: WasmSignature): this {
    this.#code.byte(0x11).u(this.#module.type(signature)).u(table);
    return this;
  }

  /** Begins a block, loop or if without parameters and results. */
  open(kind: 'block' | 'loop' | 'if'): this {
    this.#code.byte(kind === 'block' ? 0x02 : kind === 'loop' ? 0x03 : 0x04, 0x40);
    return this;
  }

  /** Begins a `try_table` that sends every exception to the label `depth` around it. */
  tryAll(depth: number): this {
    this.#code.byte(0x1f, 0x40).u(1).byte(0x02).u(depth);
    return this;
  }

  br(depth: number): this {
    this.#code.byte(0x0c).u(depth);
    return this;
  }

  brIf(depth: number): this {
    this.#code.byte(0x0d).u(depth);
    return this;
  }

  brTable(labels: readonly number[], otherwise: number): this {
    this.#code
      .byte(0x0e)
      .vec(labels, (l, w) => w.u(l))
      .u(otherwise);
    return this;
  }

  /** A load or store; the address (and value) are on the stack. Alignment hints are never relied on. */
  access(name: Access, memory: Memory, offset = 0): this {
    this.#code.byte(ACCESS[name]);
    this.#memarg(memory, offset);
    return this;
  }

  #memarg(memory: Memory, offset: number): void {
    if (memory.index === 0) this.#code.u(0).u(offset);
    else this.#code.u(0x40).u(memory.index).u(offset);
  }

  memorySize(memory: Memory): this {
    this.#code.byte(0x3f).u(memory.index);
    return this;
  }

  memoryCopy(to: Memory, from: Memory): this {
    this.#code.byte(0xfc).u(10).u(to.index).u(from.index);
    return this;
  }

  /** A load or store of a vector. */
  vectorAccess(name: VectorAccess, memory: Memory, offset = 0): this {
    this.#code.byte(0xfd).u(VECTOR_ACCESS[name]);
    this.#memarg(memory, offset);
    return this;
  }

  /** Instructions on vectors; lanes are always the first. */
  vector(...names: readonly Vector[]): this {
    for (const name of names) {
      this.#code.byte(0xfd).u(VECTOR[name]);
      if (name === 'i64x2.extract_lane 0') this.#code.byte(0);
    }
    return this;
  }

  /** A constant vector of 16 bytes. */
  v128(bytes: readonly number[]): this {
    this.#code
      .byte(0xfd)
      .u(12)
      .byte(...bytes);
    return this;
  }

  /** Takes 16 bytes of the two vectors on the stack, beginning at `start` of the 32. */
  window(start: number): this {
    this.#code
      .byte(0xfd)
      .u(13)
      .byte(...Array.from({ length: 16 }, (_, i) => start + i));
    return this;
  }

  /** Gives the body to the module. */
  finish(): number {
    this.#module.body(this.index, this.#locals, this.#code.finish());
    return this.index;
  }
}
