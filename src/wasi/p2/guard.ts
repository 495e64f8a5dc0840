/** Between the host layer and WASI 0.2: errors become the payload of a `result`, and what a guest did wrong becomes a trap. */
import { ComponentError } from '../../error/error.ts';
import { makeTrap } from '../../error/trap.ts';
import { HostError, type MaybePromise } from '../../host/host.ts';

/** Ends the guest: it broke a rule of the interface that has no error to answer with. */
export function violated(reason: string): never {
  throw makeTrap('host-error', { reason });
}

function answer(error: unknown): unknown {
  return error instanceof HostError ? new ComponentError(error.code) : error;
}

/** Runs an operation whose WIT type is `result<T, error-code>`: a HostError is answered by its code. */
export function answering<T, R>(operation: () => MaybePromise<T>, next: (value: T) => R): MaybePromise<R> {
  try {
    const value = operation();
    if (!(value instanceof Promise)) return next(value);
    return value.then(next).catch((error: unknown) => {
      throw answer(error);
    });
  } catch (error) {
    throw answer(error);
  }
}
