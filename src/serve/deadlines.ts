/** Deadlines of one and the same length: the oldest comes first, so that one timer serves them all. */

export interface Deadline {
  /** What happens when it comes. */
  readonly end: () => void;
  /** As `performance.now()` tells it. */
  readonly due: number;
  before: Deadline;
  after: Deadline;
}

export class Deadlines {
  readonly #length: number;
  /** The ends of the list: the oldest stands after it, the youngest before it; alone it stands beside itself. */
  readonly #ring: Deadline;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosing = false;

  /** In milliseconds. */
  constructor(length: number) {
    this.#length = length;
    const ring = { end: () => {}, due: 0 } as Deadline;
    ring.before = ring;
    ring.after = ring;
    this.#ring = ring;
  }

  /** Begins one at `now`, which is not before that of any other; it is ended by `delete`. */
  add(now: number, end: () => void): Deadline {
    const ring = this.#ring;
    const { before } = ring;
    const deadline = { end, due: now + this.#length, before, after: ring };
    before.after = deadline;
    ring.before = deadline;
    this.#timer ??= setTimeout(this.#look, this.#length);
    return deadline;
  }

  /** One that has come, or that has been deleted, may be deleted again. */
  delete(deadline: Deadline): void {
    const { before, after } = deadline;
    before.after = after;
    after.before = before;
    deadline.before = deadline;
    deadline.after = deadline;
    if (this.#isClosing) this.#rest();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    // A timer may come a little early.
    const now = performance.now() + 1;
    for (;;) {
      const oldest = this.#ring.after;
      if (oldest === this.#ring) return;
      if (oldest.due > now) {
        this.#timer = setTimeout(this.#look, oldest.due - now + 1);
        return;
      }
      this.delete(oldest);
      oldest.end();
    }
  };

  /** With the last that waits, the timer goes. */
  [Symbol.dispose](): void {
    this.#isClosing = true;
    this.#rest();
  }

  #rest(): void {
    if (this.#ring.after === this.#ring) clearTimeout(this.#timer);
  }
}
