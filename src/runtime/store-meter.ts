/** What a store with limits of time or fuel is told of: who enters it, and which calls are under way (`meter.ts`). */
export interface StoreMeter {
  /** The host's thread goes into it: a call, what goes on after a wait, a destructor. */
  enter(): void;
  leave(): void;
  /** Whether it measures calls, and not only code. */
  readonly countsCalls: boolean;
  /** Whether somebody's time runs already. */
  readonly isInside: boolean;
  /** A failure that left it, which says that a limit was met if one was. */
  explain(error: unknown): unknown;
  /** A call that may have to wait begins; the answer is for {@link callEnds}. */
  callBegins(): object;
  callEnds(call: object): void;
  /** What is left of the store's fuel, where that is limited; below zero where it has run out. */
  fuel: bigint | undefined;
  /** A synchronous call. */
  call<T>(body: () => T): T;
}

/** Runs code of a store's guests, measured where the store has limits. */
export function metered<T>(meter: StoreMeter | undefined, body: () => T): T {
  if (meter === undefined) return body();
  meter.enter();
  try {
    return body();
  } catch (error) {
    throw meter.explain(error);
  } finally {
    meter.leave();
  }
}
