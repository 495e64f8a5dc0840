/** What happens to a result that nobody will see, since its call was given up: resources in it are dropped, streams cancelled. */

function discardNow(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Symbol.dispose in value) (value as Disposable)[Symbol.dispose]();
  else if (value instanceof ReadableStream) value.cancel().catch(() => {});
  else if (Array.isArray(value)) for (const element of value) discardNow(element);
  else if (value instanceof Map) for (const entry of value) discardNow(entry);
  else if (Object.getPrototypeOf(value) === Object.prototype) discardNow(Object.values(value));
}

/** Discards the JavaScript form of a result in a later job, when no guest is on the stack: destructors may run. */
export function discard(value: unknown): void {
  queueMicrotask(() => {
    try {
      discardNow(value);
    } catch {
      // A destructor that traps ends its store; nobody waits for this one.
    }
  });
}
