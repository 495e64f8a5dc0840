/** Deadlines of one and the same length: the oldest comes first, so that one timer serves them all. */

export interface Deadline {
  /** What happens when it comes. */
  readonly end: () => void;
  /** As `performance.now()` tells it. */
  readonly due: number;
}

export class Deadlines {
  readonly #length: number;
  readonly #waiting = new Set<Deadline>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosing = false;

  /** In milliseconds. */
  constructor(length: number) {
    this.#length = length;
  }

  /** Begins one at `now`, which is not before that of any other; it is ended by `delete`. */
  add(now: number, end: () => void): Deadline {
    const deadline = { end, due: now + this.#length };
    this.#waiting.add(deadline);
    this.#timer ??= setTimeout(this.#look, this.#length);
    return deadline;
  }

  delete(deadline: Deadline): void {
    this.#waiting.delete(deadline);
    if (this.#isClosing) this.#rest();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    // A timer may come a little early.
    const now = performance.now() + 1;
    for (const deadline of this.#waiting) {
      if (deadline.due > now) {
        this.#timer = setTimeout(this.#look, deadline.due - now + 1);
        return;
      }
      this.#waiting.delete(deadline);
      deadline.end();
    }
  };

  /** With the last that waits, the timer goes. */
  [Symbol.dispose](): void {
    this.#isClosing = true;
    this.#rest();
  }

  #rest(): void {
    if (this.#waiting.size === 0) clearTimeout(this.#timer);
  }
}
