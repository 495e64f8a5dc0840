/** Between the host layer and WASI 0.2: errors become the payload of a `result`, and what a guest did wrong becomes a trap. */
import { ComponentError } from '../../error/error.ts';
import { makeTrap } from '../../error/trap.ts';
import { HostError, type MaybePromise, then } from '../../host/host.ts';

/** Ends the guest: it broke a rule of the interface that has no error to answer with. */
export function violated(reason: string): never {
  throw makeTrap('host-error', { reason });
}

function answer(error: unknown): unknown {
  return error instanceof HostError ? new ComponentError(error.code) : error;
}

/** Runs an operation, and throws in place of what it throws, now or later, what `told` makes of it. */
export function failingAs<T>(operation: () => MaybePromise<T>, told: (error: unknown) => unknown): MaybePromise<T> {
  try {
    const value = operation();
    if (!(value instanceof Promise)) return value;
    return value.catch((error: unknown) => {
      throw told(error);
    });
  } catch (error) {
    throw told(error);
  }
}

/** Runs an operation whose WIT type is `result<T, error-code>`: a HostError is answered by its code. */
export function answering<T, R>(operation: () => MaybePromise<T>, next: (value: T) => R): MaybePromise<R> {
  return failingAs(() => then(operation(), next), answer);
}
