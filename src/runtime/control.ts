/**
 * The control memory: all state of all component instances of this thread that adapters in core wasm and generated JavaScript
 * both read and write, a slot per instance. Trusted code alone imports it. Not shared between threads.
 *
 * Layout, byte addresses. Header, not at the beginning: what a guest has just stored at an address with the same 12 low bits makes a load
 * wait, and low addresses are in use everywhere:
 *   2948  CALL_TOP     where the next frame of the current call stack goes
 *   2952  SUSPENDABLE  1 while the current stack is one that may suspend (a promised call), else 0
 *   2956  PENDING      1 after a host function answered with a promise, until the shim that called it has seen it
 *   2960  LEND_TOP     where the next entry of the log of lends goes
 *   2968  SCRATCH      a second result between JavaScript and generated code
 *   3072  CALL_STACK   frames of the current stack, one for each call into a component instance, to CALL_LIMIT
 * then the log of lends (LEND_LOG), then slots, store records and handle tables, from an allocator.
 *
 * Frame (24 bytes): +0 slot address of the component instance, +4 THREAD: number of the thread that runs there; 0 while it is the one
 * of a synchronous call that nothing has asked for yet; negative while it is the one of an adapter's call of a function of an async type
 * that nothing has asked for yet: minus (the address of the adapter's record, plus DEFERRED where its result is a number that waits in VALUE
 * for the end of the call, plus RETURNED once the task has returned). Of such a call also +8 POINTER (8 bytes): where the caller wants its result; +16 VALUE (8 bytes): the flat result that the task returned.
 * Adapter's record (16 bytes): +0 DELIVER, what delivers the result of `task.return` where it does not wait, by its place in the table
 * of the return shims; +4 and +12 KEYS of the `task.return` that fit.
 * Entry of the log of lends (16 bytes), for handles that adapters lend until the end of a call: +0 SLOT of the table, +4 INDEX of the handle,
 * +8 TAG: CALL_TOP when it was made. With slot 0 nothing, but that JavaScript's log (`borrow-log.ts`) may have entries of the call.
 * Store record (16 bytes): +0 STATE: 0 live, 1 dead.
 * Slot (64 bytes): +0 MAY_LEAVE (1 or 0), +4 STORE (address of its store record), +8 CLOSED (1 while a suspended stack holds the
 * instance), +16 and +24 CONTEXT slots (i64 each), +32 TABLE (address of handle entries), +36 CAPACITY, +40 LENGTH (entries ever
 * used; index 0 is never used), +44 FREE (head of the LIFO free list, 0 = none), +48 BACKPRESSURE (how often it was asked for),
 * +52 ENTERING (calls that wait to enter), +56 EXCLUSIVE (number of the thread that alone may run callbacks, 0 = none, CURRENT = one
 * that nothing has asked for yet), +60 HELD (how many wait for the lock, or for the end of back-pressure).
 * Handle entry (16 bytes): +0 TYPE (runtime resource type number; 0 = free), +4 REP, +8 LENDS << 1 | OWN, +12 SCOPE of a borrow,
 * or, where free, the next free index.
 */

export const CALL_TOP = 2948;
export const SUSPENDABLE = 2952;
export const PENDING = 2956;
export const LEND_TOP = 2960;
export const SCRATCH = 2968;
export const CALL_STACK = 3072;
/** Bytes of a frame on the call stack. */
export const FRAME_SIZE = 24;
export const FRAME_THREAD = 4;
export const FRAME_POINTER = 8;
export const FRAME_VALUE = 16;
/** First address after the call stack: 32,000 nested calls between components. */
export const CALL_LIMIT = CALL_STACK + FRAME_SIZE * 32_000;

export const LEND_SIZE = 16;
export const LEND_SLOT = 0;
export const LEND_INDEX = 4;
export const LEND_TAG = 8;
/** After the call stack; a call may have one entry without a slot where no more fit. */
export const LEND_LOG = CALL_LIMIT + 64;
/** From here on only entries without a slot: other lends are in JavaScript's log. */
export const LEND_FULL = LEND_LOG + LEND_SIZE * 4096;
const LEND_LIMIT = LEND_FULL + LEND_SIZE * 32_001;

export const STORE_STATE = 0;
export const STORE_SIZE = 16;

export const MAY_LEAVE = 0;
export const STORE = 4;
export const CLOSED = 8;
export const CONTEXT_0 = 16;
export const CONTEXT_1 = 24;
export const TABLE = 32;
export const TABLE_CAPACITY = 36;
export const TABLE_LENGTH = 40;
export const TABLE_FREE = 44;
export const BACKPRESSURE = 48;
export const ENTERING = 52;
export const EXCLUSIVE = 56;
export const HELD = 60;
export const SLOT_SIZE = 64;

/** In EXCLUSIVE: a thread that nothing has asked for yet. */
export const CURRENT = -1;

/** In THREAD of an adapter's call. */
export const RETURNED = 1;
export const DEFERRED = 2;

export const RECORD_DELIVER = 0;
export const RECORD_KEY = 4;
export const RECORD_OTHER_KEY = 12;
export const RECORD_SIZE = 16;

export const ENTRY_SIZE = 16;
export const ENTRY_TYPE = 0;
export const ENTRY_REP = 4;
export const ENTRY_STATE = 8;
export const ENTRY_SCOPE = 12;

const PAGE = 65_536;

/** The one control memory of this thread. Read `i32` anew after anything that may allocate: growth replaces it. */
export class Control {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 22 });
  i32: Int32Array<ArrayBuffer> = new Int32Array(this.memory.buffer as ArrayBuffer);
  #top = (LEND_LIMIT + 63) & ~63;
  /** Free blocks by size class (log2 of the size). */
  readonly #free: number[][] = [];

  constructor() {
    this.i32[CALL_TOP >> 2] = CALL_STACK;
    this.i32[LEND_TOP >> 2] = LEND_LOG;
  }

  /** Allocates `size` bytes, rounded up to a power of two of at least 16; zeroed; aligned to 16. */
  allocate(size: number): number {
    const log = Math.max(4, 32 - Math.clz32(size - 1));
    const recycled = this.#free[log]?.pop();
    if (recycled !== undefined) {
      this.i32.fill(0, recycled >> 2, (recycled + 2 ** log) >> 2);
      return recycled;
    }
    const address = this.#top;
    this.#top += 2 ** log;
    const missing = this.#top - this.i32.byteLength;
    if (missing > 0) {
      this.memory.grow(Math.max(Math.ceil(missing / PAGE), Math.min(this.i32.byteLength / PAGE, 256)));
      this.i32 = new Int32Array(this.memory.buffer as ArrayBuffer);
    }
    return address;
  }

  /** Gives back what {@link allocate} gave for the same size. */
  release(address: number, size: number): void {
    const log = Math.max(4, 32 - Math.clz32(size - 1));
    let list = this.#free[log];
    if (list === undefined) {
      list = [];
      this.#free[log] = list;
    }
    list.push(address);
  }
}

export const control = /* @__PURE__ */ new Control();
