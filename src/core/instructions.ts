/**
 * Walks the instructions of a module's functions: where each stands and where it ends, nothing of what it means. For rewrites that look
 * for a few instructions, and for proofs that a module has none of them. Specification: core 3.0, "Binary format, instructions".
 */
import { MalformedError } from '../error/error.ts';
import { malformed } from '../error/malformed-reason.ts';
import type { CoreModule } from './decode.ts';

const CODE_SECTION = 10;

/** What stands behind an opcode. */
const NONE = 1;
/** Numbers in LEB128. */
const LEB = 2;
const TWO_LEBS = 3;
/** Bytes as they are. */
const BYTE = 4;
const BYTES_4 = 5;
const BYTES_8 = 6;
const BYTES_16 = 7;
/** Flags, perhaps a memory, an offset; the second with a lane behind. */
const MEMARG = 8;
const MEMARG_LANE = 9;
const BLOCK_TYPE = 10;
const HEAP_TYPE = 11;
const TYPES = 12;
const LABELS = 13;
const TRY_TABLE = 14;
const CAST = 15;

type Kinds = Uint8Array<ArrayBuffer>;
type Run = readonly [first: number, last: number, kind: number];

function kinds(size: number, runs: readonly Run[]): Kinds {
  const table = new Uint8Array(size);
  for (const [first, last, kind] of runs) table.fill(kind, first, last + 1);
  return table;
}

/** Opcodes of one byte. Stack switching is not read: no engine runs it. */
const SINGLE = kinds(256, [
  [0x00, 0x01, NONE],
  [0x02, 0x04, BLOCK_TYPE],
  [0x05, 0x05, NONE],
  [0x06, 0x06, BLOCK_TYPE],
  [0x07, 0x09, LEB],
  [0x0a, 0x0b, NONE],
  [0x0c, 0x0d, LEB],
  [0x0e, 0x0e, LABELS],
  [0x0f, 0x0f, NONE],
  [0x10, 0x10, LEB],
  [0x11, 0x11, TWO_LEBS],
  [0x12, 0x12, LEB],
  [0x13, 0x13, TWO_LEBS],
  [0x14, 0x15, LEB],
  [0x18, 0x18, LEB],
  [0x19, 0x1b, NONE],
  [0x1c, 0x1c, TYPES],
  [0x1f, 0x1f, TRY_TABLE],
  [0x20, 0x26, LEB],
  [0x28, 0x3e, MEMARG],
  [0x3f, 0x42, LEB],
  [0x43, 0x43, BYTES_4],
  [0x44, 0x44, BYTES_8],
  [0x45, 0xc4, NONE],
  [0xd0, 0xd0, HEAP_TYPE],
  [0xd1, 0xd1, NONE],
  [0xd2, 0xd2, LEB],
  [0xd3, 0xd4, NONE],
  [0xd5, 0xd6, LEB],
]);

/** Behind 0xfb: garbage collection. */
const GC = kinds(31, [
  [0, 1, LEB],
  [2, 5, TWO_LEBS],
  [6, 7, LEB],
  [8, 10, TWO_LEBS],
  [11, 14, LEB],
  [15, 15, NONE],
  [16, 16, LEB],
  [17, 19, TWO_LEBS],
  [20, 23, HEAP_TYPE],
  [24, 25, CAST],
  [26, 30, NONE],
]);

/** Behind 0xfc: saturation, bulk memory, tables, wide arithmetic. */
const BULK = kinds(23, [
  [0, 7, NONE],
  [8, 8, TWO_LEBS],
  [9, 9, LEB],
  [10, 10, TWO_LEBS],
  [11, 11, LEB],
  [12, 12, TWO_LEBS],
  [13, 13, LEB],
  [14, 14, TWO_LEBS],
  [15, 18, LEB],
  [19, 22, NONE],
]);

/** Behind 0xfd: vectors. */
const SIMD = kinds(0x114, [
  [0x00, 0x0b, MEMARG],
  [0x0c, 0x0d, BYTES_16],
  [0x0e, 0x14, NONE],
  [0x15, 0x22, BYTE],
  [0x23, 0x53, NONE],
  [0x54, 0x5b, MEMARG_LANE],
  [0x5c, 0x5d, MEMARG],
  [0x5e, 0x113, NONE],
]);

/** Behind 0xfe: atomics. */
const ATOMIC = kinds(0x4f, [
  [0x00, 0x02, MEMARG],
  [0x03, 0x03, BYTE],
  [0x10, 0x4e, MEMARG],
]);

const PREFIXED: Readonly<Record<number, Kinds>> = { 251: GC, 252: BULK, 253: SIMD, 254: ATOMIC };

/** An instruction by its opcode: `prefix << 8 | number` for those behind a prefix. */
export type Opcode = number;

export const UNREACHABLE: Opcode = 0x00;
export const BLOCK: Opcode = 0x02;
export const LOOP: Opcode = 0x03;
export const IF: Opcode = 0x04;
export const ELSE: Opcode = 0x05;
export const TRY: Opcode = 0x06;
export const CATCH: Opcode = 0x07;
export const END: Opcode = 0x0b;
export const DELEGATE: Opcode = 0x18;
export const CATCH_ALL: Opcode = 0x19;
export const TRY_BLOCK: Opcode = 0x1f;
/** `br`, `br_if`, `br_on_null`, `br_on_non_null`: to the label that is their immediate. */
export const BRANCHES: readonly Opcode[] = [0x0c, 0x0d, 0xd5, 0xd6];
/** Other instructions after which what stands behind them may not run: `unreachable`, throws, `br_table`, `return`, casts that branch, tail calls. */
export const LEAVING: readonly Opcode[] = [UNREACHABLE, 0x08, 0x09, 0x0a, 0x0e, 0x0f, 0x12, 0x13, 0x15, 0xfb18, 0xfb19];
/** `call`, `call_indirect`, `return_call`, `return_call_indirect`, `call_ref`, `return_call_ref`. */
export const CALLS: readonly Opcode[] = [0x10, 0x11, 0x12, 0x13, 0x14, 0x15];
export const MEMORY_SIZE: Opcode = 0x3f;
export const MEMORY_GROW: Opcode = 0x40;
export const TABLE_SET: Opcode = 0x26;
export const DATA_DROP: Opcode = 0xfc09;
export const TABLE_INIT: Opcode = 0xfc0c;
export const ELEM_DROP: Opcode = 0xfc0d;
export const TABLE_COPY: Opcode = 0xfc0e;
export const TABLE_GROW: Opcode = 0xfc0f;
export const TABLE_FILL: Opcode = 0xfc11;
export const MEMORY_DISCARD: Opcode = 0xfc12;

/** Where an instruction stands. */
export interface Site {
  readonly opcode: Opcode;
  readonly start: number;
  /** Its first immediate in LEB128, where it has one. */
  readonly index: number;
  readonly end: number;
  /** How many instructions of its function stand before it. */
  readonly before: number;
}

/** The code entry of one function: `start` is its size, `body` its locals. */
export interface CodeEntry {
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

/** Hears of each function, where its first instruction is, and how many locals it declares. */
type EnterFunction = (first: number, entry: CodeEntry, locals: number) => void;

class Walker {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #end: number;
  at: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  fail(): never {
    throw new MalformedError(malformed.unexpectedEnd().code, malformed.unexpectedEnd('instructions').message, {
      offset: this.at,
    });
  }

  byte(): number {
    if (this.at >= this.#end) this.fail();
    return this.#bytes[this.at++]!;
  }

  /** Unsigned LEB128; of more than 32 bits only the end counts. */
  u(): number {
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      if (shift < 32) result += (b & 0x7f) * 2 ** shift;
      if (b < 0x80) return result;
    }
  }

  skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.#end) this.fail();
  }

  /** A heap type, with what may stand in front of it. */
  heapType(): void {
    const first = this.#bytes[this.at];
    if (first === 0x65 || first === 0x62) this.at++;
    this.u();
  }

  /** A value type; block types that are none are numbers, or one byte. */
  type(): void {
    const first = this.#bytes[this.at];
    if (first === 0x63 || first === 0x64) {
      this.at++;
      this.heapType();
    } else if (first === 0x65) this.skip(2);
    else this.u();
  }

  memArg(): void {
    const flags = this.u();
    if ((flags & 0x40) !== 0) this.u();
    this.u();
  }

  #catches(): void {
    this.type();
    for (let count = this.u(); count > 0; count--) {
      // The first two kinds have a tag.
      if (this.byte() < 2) this.u();
      this.u();
    }
  }

  /** Skips the immediates. */
  immediates(kind: number): void {
    switch (kind) {
      case NONE:
        return;
      case LEB:
        this.u();
        return;
      case TWO_LEBS:
        this.u();
        this.u();
        return;
      case MEMARG:
        this.memArg();
        return;
      case BLOCK_TYPE:
        this.type();
        return;
      case BYTE:
        this.skip(1);
        return;
      case BYTES_4:
        this.skip(4);
        return;
      case BYTES_8:
        this.skip(8);
        return;
      case BYTES_16:
        this.skip(16);
        return;
      case MEMARG_LANE:
        this.memArg();
        this.skip(1);
        return;
      case HEAP_TYPE:
        this.heapType();
        return;
      case TYPES:
        for (let count = this.u(); count > 0; count--) this.type();
        return;
      case LABELS:
        for (let count = this.u() + 1; count > 0; count--) this.u();
        return;
      case TRY_TABLE:
        this.#catches();
        return;
      case CAST:
        this.skip(1);
        this.u();
        this.heapType();
        this.heapType();
        return;
      default:
        throw new MalformedError('unknown-instruction', 'an instruction that this reader does not know', {
          offset: this.at - 1,
        });
    }
  }
}

/** The code entries of a module, in order. */
export function codeEntries(module: CoreModule): readonly CodeEntry[] {
  const section = module.sections.find((s) => s.id === CODE_SECTION);
  if (section === undefined) return [];
  const walker = new Walker(module.bytes, section.start, section.end);
  const entries: CodeEntry[] = [];
  for (let count = walker.u(); count > 0; count--) {
    const start = walker.at;
    const size = walker.u();
    const body = walker.at;
    walker.skip(size);
    entries.push({ start, body, end: walker.at });
  }
  return entries;
}

/** What is looked for, as flags by the first byte: all of a prefix if anything behind it is. */
function flagsOf(wanted: ReadonlySet<Opcode>): Kinds {
  const flags = new Uint8Array(256);
  for (const opcode of wanted) flags[opcode < 0x100 ? opcode : opcode >> 8] = 1;
  return flags;
}

/** Reads one instruction whose first byte is at `start`, and leaves the walker behind it. */
function readInstruction(walker: Walker, start: number, before: number): Site {
  walker.at = start;
  const first = walker.byte();
  const table = PREFIXED[first];
  const number = table === undefined ? first : walker.u();
  const kind = (table ?? SINGLE)[number] ?? 0;
  const immediates = walker.at;
  walker.immediates(kind);
  const end = walker.at;
  walker.at = immediates;
  const index = end > immediates ? walker.u() : 0;
  walker.at = end;
  return { opcode: table === undefined ? first : (first << 8) | number, start, index, end, before };
}

/**
 * Hands on the instructions from `walker.at` to `end` whose first byte is flagged. A function of its own, since the engine leaves the code
 * that it makes for a loop inside another at the end of each run.
 */
function scan(walker: Walker, bytes: Uint8Array, end: number, flags: Kinds, found: (site: Site) => void): void {
  let opcode: number = END;
  let { at } = walker;
  for (let before = 0; at < end; before++) {
    opcode = bytes[at]!;
    const kind = SINGLE[opcode];
    // Nearly all instructions have nothing behind them, one number, or a place in memory.
    const isSimple = kind === NONE || kind === LEB || (kind === MEMARG && bytes[at + 1]! < 0x40);
    if (isSimple && flags[opcode] === 0) {
      at += kind === MEMARG ? 2 : 1;
      if (kind !== NONE) while (bytes[at++]! >= 0x80);
      continue;
    }
    const site = readInstruction(walker, at, before);
    at = walker.at;
    if (flags[opcode] !== 0) found(site);
  }
  if (at !== end || opcode !== END) walker.fail();
}

/**
 * Finds every instruction whose opcode is in `wanted`, in order, with the entry that it stands in.
 * @throws MalformedError if the code cannot be read to the end
 */
export function findInstructions(
  module: CoreModule,
  wanted: ReadonlySet<Opcode>,
  found: (site: Site, entry: CodeEntry) => void,
  entered: EnterFunction = () => {},
): void {
  const { bytes } = module;
  const flags = flagsOf(wanted);
  for (const entry of codeEntries(module)) {
    const { end } = entry;
    const walker = new Walker(bytes, entry.body, end);
    let locals = 0;
    for (let count = walker.u(); count > 0; count--) {
      locals += walker.u();
      walker.type();
    }
    entered(walker.at, entry, locals);
    scan(walker, bytes, end, flags, (site) => {
      if (wanted.has(site.opcode)) found(site, entry);
    });
  }
}
