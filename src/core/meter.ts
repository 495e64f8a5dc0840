/**
 * What is written into the code of a module so that its computation ends at a limit. At the head of every loop and at the entry of every
 * function that calls others:
 *
 * * interruption: the word at address 0 of a shared memory is read, and if it is negative the code traps. Another thread writes it;
 * * fuel: the number at address 0 of a memory of the store's own, 64 bits, goes down by what follows costs; below zero the code traps.
 *
 * A trap, since nothing else escapes a guest's `catch_all`. The word stays negative until the thread has left the guest, so nothing that
 * runs meanwhile gets further than to its next check.
 *
 * An instruction costs one. What stands from a function's entry or a label (`loop`, `if`, `else`, `end`) to the next label is paid for at
 * its head, also where a branch leaves it earlier: what a run costs depends on the way that it took, and on nothing else. Whether there is
 * any left is asked where a run could go on without end.
 *
 * Both memories come behind all others, so that indices stay. A function that calls none needs no check at its entry: without a loop it
 * ends, and whoever calls it again and again has checks of its own.
 */
import { CodeWriter } from '../util/code-writer.ts';
import type { CodeEdit } from './code-edits.ts';
import type { CoreModule } from './decode.ts';
import {
  CALLS,
  CATCH,
  CATCH_ALL,
  type CodeEntry,
  DELEGATE,
  ELSE,
  END,
  findInstructions,
  IF,
  LOOP,
  type Opcode,
  type Site,
} from './instructions.ts';

/** What a module is to be metered by. */
export interface MeterKinds {
  readonly interruption: boolean;
  readonly fuel: boolean;
}

const VOID = 0x40;
const UNREACHABLE = 0x00;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const I32_LOAD = 0x28;
const I64_LOAD = 0x29;
const I64_STORE = 0x37;
const I32_LT_S = 0x48;
const I64_LT_S = 0x53;
const I64_SUB = 0x7d;
const WITH_MEMORY = 0x40;

/** Traps if what is on the stack is not zero. */
const TRAP_IF = [IF, VOID, UNREACHABLE, END] as const;

/** Names under which a metered module imports its two memories. */
export const INTERRUPTION = 'interruption';
export const FUEL = 'fuel';

/** The imports of both, in the order of their indices. */
export function meterImports(from: string, { interruption, fuel }: MeterKinds): readonly Uint8Array<ArrayBuffer>[] {
  const entries: Uint8Array<ArrayBuffer>[] = [];
  // One page each; a shared memory must have a maximum.
  if (interruption) entries.push(new CodeWriter().name(from).name(INTERRUPTION).byte(0x02, 0x03).u(1).u(1).finish());
  if (fuel) entries.push(new CodeWriter().name(from).name(FUEL).byte(0x02, 0x01).u(1).u(1).finish());
  return entries;
}

/** Writes the checks of one module. */
class Checks {
  readonly #kinds: MeterKinds;
  readonly #first: number;

  constructor(kinds: MeterKinds, first: number) {
    this.#kinds = kinds;
    this.#first = first;
  }

  get #fuelMemory(): number {
    return this.#first + (this.#kinds.interruption ? 1 : 0);
  }

  /** An access of the fuel; the address stands on the stack. */
  #access(w: CodeWriter, opcode: number): CodeWriter {
    return w
      .byte(opcode, 3 | WITH_MEMORY)
      .u(this.#fuelMemory)
      .u(0);
  }

  #pay(w: CodeWriter, cost: number): void {
    w.byte(I32_CONST).s(0).byte(I32_CONST).s(0);
    this.#access(w, I64_LOAD).byte(I64_CONST).s(cost).byte(I64_SUB);
    this.#access(w, I64_STORE);
  }

  /** What stands at the head of code that costs `cost`; `asks` where a run could go on without end. */
  at(cost: number, asks: boolean): Uint8Array | undefined {
    const { interruption, fuel } = this.#kinds;
    const w = new CodeWriter();
    if (interruption && asks) {
      w.byte(I32_CONST).s(0);
      w.byte(I32_LOAD, 2 | WITH_MEMORY)
        .u(this.#first)
        .u(0);
      w.byte(I32_CONST)
        .s(0)
        .byte(I32_LT_S, ...TRAP_IF);
    }
    if (fuel && cost > 0) this.#pay(w, cost);
    if (fuel && asks) {
      w.byte(I32_CONST).s(0);
      this.#access(w, I64_LOAD)
        .byte(I64_CONST)
        .s(0)
        .byte(I64_LT_S, ...TRAP_IF);
    }
    return w.length === 0 ? undefined : w.finish();
  }
}

/** Code that is paid for as a whole: where its head is, and how many instructions of the function stand before it. */
interface Head {
  readonly at: number;
  readonly before: number;
  readonly isLoop: boolean;
}

const ASKED: readonly Opcode[] = [LOOP, ...CALLS];
const LABELS: readonly Opcode[] = [LOOP, IF, ELSE, END, CATCH, CATCH_ALL, DELEGATE];

/** Follows the functions of a module. */
class Meter {
  readonly edits: CodeEdit[] = [];
  readonly #checks: Checks;
  readonly #fuel: boolean;
  #heads: Head[] = [];
  #calls = false;
  #count = 0;

  constructor(kinds: MeterKinds, first: number) {
    this.#checks = new Checks(kinds, first);
    this.#fuel = kinds.fuel;
  }

  enter(at: number): void {
    this.finish();
    this.#heads = [{ at, before: 0, isLoop: false }];
    this.#calls = false;
    this.#count = 0;
  }

  found({ opcode, end, before }: Site, entry: CodeEntry): void {
    // The last `end` belongs to the function.
    this.#count = before + 1;
    if (CALLS.includes(opcode)) this.#calls = true;
    else if (end < entry.end && (this.#fuel || opcode === LOOP))
      this.#heads.push({ at: end, before: before + 1, isLoop: opcode === LOOP });
  }

  /** All of the function was read. */
  finish(): void {
    for (const [i, { at, before, isLoop }] of this.#heads.entries()) {
      const cost = (this.#heads[i + 1]?.before ?? this.#count) - before;
      const bytes = this.#checks.at(cost, isLoop || (i === 0 && this.#calls));
      if (bytes !== undefined) this.edits.push({ start: at, end: at, bytes });
    }
    this.#heads = [];
  }
}

/**
 * The checks of a module, in order. `first` is the index of the first memory that {@link meterImports} adds.
 * @throws MalformedError if its code cannot be read to the end
 */
export function meterEdits(module: CoreModule, kinds: MeterKinds, first: number): readonly CodeEdit[] {
  const meter = new Meter(kinds, first);
  const wanted = new Set(kinds.fuel ? [...LABELS, ...CALLS] : ASKED);
  findInstructions(
    module,
    wanted,
    (site, entry) => meter.found(site, entry),
    (at) => meter.enter(at),
  );
  meter.finish();
  return meter.edits;
}
