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
 * An instruction costs one. A function's body, a loop's, and each arm of an `if` are paid for where they begin, and what stands behind a
 * construct that a branch leaves where that ends; also where a branch, a trap or an exception leaves them earlier. So what a run costs
 * depends on the way that it took, and on nothing else. Whether there is any left is asked where a run could go on without end.
 *
 * Both memories come behind all others, so that indices stay. A function that calls none needs no check at its entry: without a loop it
 * ends, and whoever calls it again and again has checks of its own.
 */
import { MalformedError } from '../error/error.ts';
import { CodeWriter } from '../util/code-writer.ts';
import type { CodeEdit } from './code-edits.ts';
import type { CoreModule } from './decode.ts';
import {
  BLOCK,
  BRANCHES,
  CALLS,
  CATCH,
  CATCH_ALL,
  type CodeEntry,
  DELEGATE,
  ELSE,
  END,
  findInstructions,
  IF,
  LEAVING,
  LOOP,
  type Opcode,
  type Site,
  TRY,
  TRY_BLOCK,
  UNREACHABLE,
} from './instructions.ts';
import { Reader } from './reader.ts';

/** What a module is to be metered by. */
export interface MeterKinds {
  readonly interruption: boolean;
  readonly fuel: boolean;
}

const VOID = 0x40;
const I64 = 0x7e;
const LOCAL_GET = 0x20;
const LOCAL_TEE = 0x22;
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

  /** An access of the fuel; the address stands on the stack. */
  #access(w: CodeWriter, opcode: number): CodeWriter {
    const memory = this.#first + (this.#kinds.interruption ? 1 : 0);
    return w
      .byte(opcode, 3 | WITH_MEMORY)
      .u(memory)
      .u(0);
  }

  /** Takes `cost`; where `asks` is the index of a local of 64 bits, traps if there was less. */
  #pay(w: CodeWriter, cost: number, asks: number | undefined): void {
    w.byte(I32_CONST).s(0).byte(I32_CONST).s(0);
    this.#access(w, I64_LOAD).byte(I64_CONST).s(cost).byte(I64_SUB);
    if (asks !== undefined) w.byte(LOCAL_TEE).u(asks);
    this.#access(w, I64_STORE);
    if (asks === undefined) return;
    w.byte(LOCAL_GET)
      .u(asks)
      .byte(I64_CONST)
      .s(0)
      .byte(I64_LT_S, ...TRAP_IF);
  }

  /** What stands at the head of code that costs `cost`; `asks` where a run could go on without end, with a local for it. */
  at(cost: number, asks: number | undefined): Uint8Array | undefined {
    const { interruption, fuel } = this.#kinds;
    const w = new CodeWriter();
    if (interruption && asks !== undefined) {
      w.byte(I32_CONST).s(0);
      w.byte(I32_LOAD, 2 | WITH_MEMORY)
        .u(this.#first)
        .u(0);
      w.byte(I32_CONST)
        .s(0)
        .byte(I32_LT_S, ...TRAP_IF);
    }
    if (fuel && (cost > 0 || asks !== undefined)) this.#pay(w, cost, asks);
    return w.length === 0 ? undefined : w.finish();
  }
}

/** Code that runs as a whole, and is paid for at its head. */
interface Head {
  readonly at: number;
  readonly isLoop: boolean;
  cost: number;
}

/** A construct that is open. */
interface Frame {
  /** What was paid for as a whole before it. */
  readonly head: Head;
  /** Whether a branch leads out of it, so that what stands behind it may not run. */
  isLeft: boolean;
}

const OPENING: readonly Opcode[] = [BLOCK, LOOP, IF, TRY, TRY_BLOCK];
const ARMS: readonly Opcode[] = [ELSE, CATCH, CATCH_ALL];
const WITH_FUEL: readonly Opcode[] = [...OPENING, ...ARMS, END, DELEGATE, ...BRANCHES, ...LEAVING, ...CALLS];
const WITHOUT: readonly Opcode[] = [LOOP, ...CALLS];

/** The least that engines allow; a function that has them all cannot have another. */
const MOST_LOCALS = 50_000;

/** Follows the functions of a module. */
class Meter {
  readonly edits: CodeEdit[] = [];
  readonly #module: CoreModule;
  readonly #checks: Checks;
  readonly #fuel: boolean;
  #function: number;
  #entry: CodeEntry = { start: 0, body: 0, end: 0 };
  #locals = 0;
  #heads: Head[] = [];
  #frames: Frame[] = [];
  #head: Head = { at: 0, isLoop: false, cost: 0 };
  /** How many instructions of the function have been paid for. */
  #paid = 0;
  #calls = false;

  constructor(module: CoreModule, kinds: MeterKinds, first: number) {
    this.#module = module;
    this.#checks = new Checks(kinds, first);
    this.#fuel = kinds.fuel;
    this.#function = module.imports.filter((i) => i.type.kind === 'func').length - 1;
  }

  enter(at: number, entry: CodeEntry, locals: number): void {
    this.finish();
    this.#function++;
    this.#entry = entry;
    this.#locals = locals;
    this.#paid = 0;
    this.#calls = false;
    this.#begin(at, false);
    this.#frames = [{ head: this.#head, isLeft: false }];
  }

  #begin(at: number, isLoop: boolean): void {
    this.#head = { at, isLoop, cost: 0 };
    this.#heads.push(this.#head);
  }

  /** What stands up to `count` belongs to the head that is open. */
  #pay(count: number): void {
    this.#head.cost += count - this.#paid;
    this.#paid = count;
  }

  found(site: Site): void {
    const { opcode, end } = site;
    if (CALLS.includes(opcode)) this.#calls = true;
    if (this.#fuel) this.#follow(site);
    else if (opcode === LOOP) this.#begin(end, true);
  }

  #follow({ opcode, end, before, index }: Site): void {
    if (BRANCHES.includes(opcode)) this.#leave(index);
    else if (LEAVING.includes(opcode)) this.#leave(this.#frames.length);
    else if (OPENING.includes(opcode)) {
      this.#pay(before + 1);
      this.#frames.push({ head: this.#head, isLeft: false });
      if (opcode === LOOP || opcode === IF) this.#begin(end, opcode === LOOP);
    } else if (ARMS.includes(opcode)) {
      this.#pay(before + 1);
      this.#begin(end, false);
    } else if (opcode === END || opcode === DELEGATE) {
      this.#pay(before + 1);
      const frame = this.#frames.pop();
      if (frame === undefined || this.#frames.length === 0) return;
      if (frame.isLeft || opcode === DELEGATE) this.#begin(end, false);
      else this.#head = frame.head;
    }
  }

  /** A branch out of so many constructs. */
  #leave(count: number): void {
    for (const frame of this.#frames.slice(Math.max(0, this.#frames.length - count))) frame.isLeft = true;
  }

  /** All of the function was read. */
  finish(): void {
    const heads = this.#heads;
    this.#heads = [];
    const asking = (head: Head, i: number): boolean => head.isLoop || (i === 0 && this.#calls);
    const local = this.#fuel && heads.some(asking) ? this.#local(heads[0]!.at) : 0;
    for (const [i, head] of heads.entries()) {
      const bytes = this.#checks.at(head.cost, asking(head, i) ? local : undefined);
      if (bytes !== undefined) this.edits.push({ start: head.at, end: head.at, bytes });
    }
  }

  /** Declares one more local of 64 bits, behind the others. */
  #local(first: number): number {
    const { body } = this.#entry;
    const type = this.#module.types[this.#module.funcs[this.#function]!]!.composite;
    const params = type.kind === 'func' ? type.params.length : 0;
    if (params + this.#locals >= MOST_LOCALS)
      throw new MalformedError('too-many-locals', 'a function has as many locals as may be, and needs one more', {
        offset: body,
      });
    const r = new Reader(this.#module.bytes, body, this.#entry.end);
    const count = new CodeWriter().u(r.u32() + 1).finish();
    this.edits.push({ start: body, end: r.at, bytes: count });
    this.edits.push({ start: first, end: first, bytes: new Uint8Array([1, I64]) });
    return params + this.#locals;
  }
}

/**
 * The checks of a module, in order. `first` is the index of the first memory that {@link meterImports} adds.
 * @throws MalformedError if its code cannot be read to the end
 */
export function meterEdits(module: CoreModule, kinds: MeterKinds, first: number): readonly CodeEdit[] {
  const meter = new Meter(module, kinds, first);
  findInstructions(
    module,
    new Set(kinds.fuel ? WITH_FUEL : WITHOUT),
    (site) => meter.found(site),
    (at, entry, locals) => meter.enter(at, entry, locals),
  );
  meter.finish();
  return meter.edits;
}
