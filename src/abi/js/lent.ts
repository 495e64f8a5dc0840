/**
 * Lists of numbers without a copy: views of a guest's memory that are lent for the time of a call, and lists that are written where they are
 * to be. A view ends when its time is over: its buffer is detached, and whoever kept it finds it empty.
 */
import { type Details, UsageError, ValueError } from '../../error/error.ts';
import { invariant } from '../../util/invariant.ts';
import type { AbiContext } from '../context.ts';
import type { NumberArray, NumberKind } from './typed-array.ts';
import { TYPED_ARRAYS } from './typed-array.ts';

/** Lists in JavaScript have no more elements than this. */
const MOST = 2 ** 32 - 1;

type Write = (view: NumberArray) => void;

/** A list that is written where it is to be. */
export class Filled {
  readonly length: number;
  readonly write: Write;

  constructor(length: number, write: Write) {
    this.length = length;
    this.write = write;
  }
}

/**
 * A list of numbers for a guest that is written straight into its memory: pass it where a typed array is expected. `write` is called once,
 * during the call that takes it, with a view of `length` elements, all zero or what the guest left there; the view is empty afterwards.
 *
 * ```ts
 * const zeros = fill<Uint8Array>(1024, (view) => view.fill(0));
 * zeros.length; // 1024
 * ```
 *
 * @param length whole elements, from 0 to 4,294,967,295
 * @throws UsageError `bad-length` where `length` is none; the call that takes it throws a ValueError with what `write` threw as its cause
 */
export function fill<T extends NumberArray>(length: number, write: (view: T) => void): T {
  if (!Number.isInteger(length) || length < 0 || length > MOST)
    throw new UsageError('bad-length', 'a list cannot have this length', {
      expected: `a whole number up to ${MOST}`,
      found: `${length}`,
    });
  return new Filled(length, write as unknown as Write) as unknown as T;
}

/** Ends every view of the memory of `cx`: growth by nothing detaches its buffer. */
export function endViews(cx: AbiContext): void {
  if (cx.memory === undefined) return;
  const { memory } = cx.memory;
  memory.grow((cx.options.memory === '64' ? 0n : 0) as number);
}

/** Has a list written at `pointer`, which is aligned and in bounds. */
export function writeFilled(cx: AbiContext, kind: NumberKind, filled: Filled, pointer: number, path: string): void {
  invariant(cx.memory !== undefined, 'a list is lowered into a memory');
  const view = new TYPED_ARRAYS[kind](cx.memory.u8.buffer, pointer, filled.length);
  try {
    writeInto(filled, view, path);
  } finally {
    endViews(cx);
  }
}

/** Calls the host's function for a list. */
export function writeInto({ write }: Filled, view: NumberArray, path: string): void {
  try {
    write(view);
  } catch (cause) {
    const details: Details = { hint: 'its cause is what the function given to `fill` threw', cause };
    throw new ValueError('fill-failed', `${path} was not written`, details);
  }
}
