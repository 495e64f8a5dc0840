/**
 * Who waits to enter an instance that the host keeps closed: calls queue in the order in which they came, destructors too. JSPI alone
 * would let a second call in, which would overwrite the guest's shadow stack (docs/engine.md, "JSPI").
 */
import type { Flat } from '../abi/js/border.ts';
import { CLOSED, control, SUSPENDABLE } from './control.ts';
import { unwind } from './failure.ts';
import { popTo, pushFrame } from './frames.ts';
import { type GuestResource, isClosed } from './resource.ts';
import { type Activity, scheduler } from './scheduler.ts';
import { askToSuspend, resumed } from './stack.ts';
import { storeOf } from './store.ts';
import { metered } from './store-meter.ts';

const BUSY = { what: 'the called component instance, which waits inside a host call,' };

interface Waiter {
  readonly slot: number;
  readonly go: () => void;
}

const waiters: Waiter[] = [];
const dtors: { readonly resource: GuestResource; readonly rep: number }[] = [];

/** Calls `go` once the instance may be entered (or its store is dead), in the order of asking. */
export function whenOpen(slot: number, go: () => void): void {
  waiters.push({ slot, go });
  scheduler.onOpen = drain;
}

/** Whether a call or a destructor waits to enter one of the instances. */
export function isAwaited(slots: readonly number[]): boolean {
  return (
    waiters.some(({ slot }) => slots.includes(slot)) || dtors.some(({ resource }) => slots.includes(resource.slot))
  );
}

/** Whether a new call into the instance must queue. */
export function mustQueue(slot: number): boolean {
  return isClosed(slot) || waiters.some((w) => w.slot === slot);
}

function enterable(slot: number): boolean {
  return control.i32[(slot + CLOSED) >> 2] === 0 || storeOf(slot)?.alive !== true;
}

/** Runs what waited for instances that are open now. */
function drain(): void {
  for (let i = 0; i < dtors.length; ) {
    const next = dtors[i];
    if (next === undefined || !enterable(next.resource.slot)) {
      i++;
      continue;
    }
    dtors.splice(i, 1);
    try {
      callDtor(next.resource, next.rep);
    } catch {
      // The store has ended with the reason; nobody waits for a queued destructor.
    }
  }
  for (let i = 0; i < waiters.length; ) {
    const next = waiters[i];
    if (next === undefined || !enterable(next.slot)) {
      i++;
      continue;
    }
    waiters.splice(i, 1);
    next.go();
  }
  if (waiters.length === 0 && dtors.length === 0) scheduler.onOpen = undefined;
}

/** For adapters that meet a closed instance: asks the shim to suspend until it is open. */
export function awaitOpen(slot: number): void {
  if (enterable(slot)) return;
  const again = (): Flat | undefined => {
    awaitOpen(slot);
    return undefined;
  };
  const stack = askToSuspend(again, BUSY, true);
  const wait: Activity = { ready: () => true, resume: () => stack.go() };
  whenOpen(slot, () => scheduler.enqueue(wait));
}

/** The same, as the import by which adapters go on. */
export function awaitedOpen(token: number): void {
  resumed(token);
}

// ---- destructors

/** Queues a destructor whose instance is closed. */
export function queueDtor(resource: GuestResource, rep: number): void {
  dtors.push({ resource, rep });
  scheduler.onOpen = drain;
}

function callDtor(resource: GuestResource, rep: number): void {
  const { dtor, slot, store } = resource;
  if (dtor === undefined || !store.alive) return;
  const suspendable = control.i32[SUSPENDABLE >> 2] ?? 0;
  const base = pushFrame(slot);
  control.i32[SUSPENDABLE >> 2] = 0;
  try {
    metered(store.meter, () => dtor(rep));
  } catch (error) {
    throw unwind(error, `the destructor of ${resource.name}`, base, suspendable);
  } finally {
    popTo(base);
    control.i32[SUSPENDABLE >> 2] = suspendable;
  }
}

/** Runs a destructor now, or when its instance may be entered. */
export function runDtor(resource: GuestResource, rep: number): void {
  if (isClosed(resource.slot)) queueDtor(resource, rep);
  else callDtor(resource, rep);
}
