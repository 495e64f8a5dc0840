/** `wasi:io/poll`. What is ready is answered at once; a Promise is given only where the guest has to wait. */
import type { Waitable } from '../../host/host.ts';
import { waitForAny } from '../../host/streams.ts';
import { violated } from './guard.ts';

/** A resource that pollables are made from: it may not be dropped before them. */
export class Parent {
  #children = 0;

  /** Makes a pollable that counts as a child. */
  pollable(waitable: Waitable): Pollable {
    this.#children++;
    return new Pollable(waitable, () => {
      this.#children--;
    });
  }

  /** To call when the resource is dropped, after it was closed: a trap where pollables are left. */
  dropped(name: string): void {
    if (this.#children > 0) violated(`the ${name} was dropped before the pollables that were made from it`);
  }
}

/** The resource `pollable`. */
export class Pollable {
  readonly #waitable: Waitable;
  #drop: (() => void) | undefined;
  /** What gives up the waits that are under way. */
  #waits: Set<() => void> | undefined;

  constructor(waitable: Waitable, drop?: () => void) {
    this.#waitable = waitable;
    this.#drop = drop;
  }

  static waitableOf(pollable: Pollable): Waitable {
    return pollable.#waitable;
  }

  /** Waits until one of them is ready; for ever where one is dropped meanwhile, since then their guest is gone. */
  static untilAny(pollables: readonly Pollable[]): Promise<void> {
    const { promise, cancel } = waitForAny(pollables.map(Pollable.waitableOf));
    for (const each of pollables) {
      each.#waits ??= new Set();
      each.#waits.add(cancel);
    }
    promise.then(() => {
      for (const each of pollables) each.#waits?.delete(cancel);
    });
    return promise;
  }

  ready(): boolean {
    return this.#waitable.ready();
  }

  block(): Promise<void> | undefined {
    return this.ready() ? undefined : Pollable.untilAny([this]);
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#waits ?? []) cancel();
    this.#waits = undefined;
    this.#drop?.();
    this.#drop = undefined;
  }
}

/** Pollables in one call: far more than a program has descriptors. */
const MAX_POLL = 65_536;

function readyOnes(waitables: readonly Waitable[]): Uint32Array {
  const ready: number[] = [];
  for (const [index, waitable] of waitables.entries()) if (waitable.ready()) ready.push(index);
  return Uint32Array.from(ready);
}

/** Waits until at least one is ready and gives the indices of those that are. */
export function poll(list: readonly Pollable[]): Uint32Array | Promise<Uint32Array> {
  if (list.length === 0) violated('poll was called with an empty list');
  if (list.length > MAX_POLL) violated(`poll was called with more than ${MAX_POLL} pollables`);
  const waitables = list.map(Pollable.waitableOf);
  const ready = readyOnes(waitables);
  return ready.length > 0 ? ready : pollLater(list, waitables);
}

async function pollLater(list: readonly Pollable[], waitables: readonly Waitable[]): Promise<Uint32Array> {
  for (;;) {
    await Pollable.untilAny(list);
    const ready = readyOnes(waitables);
    // What woke us may have been taken by another instance that shares the stream.
    if (ready.length > 0) return ready;
  }
}

/** The interface `wasi:io/poll`. */
export const ioPoll = { Pollable, poll };
