/**
 * Handle tables of two guests as the runtime has them, for calls whose handles are moved in core wasm: one resource is the callee's, the
 * other a third instance's.
 */
import type { HandleHooks } from '../../../src/abi/context.ts';
import { control, ENTRY_SCOPE } from '../../../src/runtime/control.ts';
import type { TypeScope } from '../../../src/runtime/payload.ts';
import { giveBorrow, lend, type RuntimeResource, takeOwn } from '../../../src/runtime/resource.ts';
import { addHandle, findHandle, freeHandle, liveHandles, OWN } from '../../../src/runtime/table.ts';
import { transferHooks } from '../../../src/runtime/transfer.ts';
import type { ResourceType } from '../../../src/types/value-type.ts';
import type { Guest } from '../guest.ts';
import type { Extras } from '../two-guests.ts';
import { type Case, RESOURCES } from './case.ts';
import { withHandles } from './host-values.ts';

/** Numbers of the resources in tables; no other test's. */
const FIRST_NUMBER = 8_001;
/** Handles of values are below. */
const HANDLES = 91;

export class Tables {
  readonly #caller: Guest;
  readonly #callee: Guest;
  readonly #resources: readonly RuntimeResource[];
  readonly #lent: (() => void)[] = [];

  constructor(c: Case, caller: Guest, callee: Guest) {
    this.#caller = caller;
    this.#callee = callee;
    const slots = [callee.slot, 0];
    this.#resources = slots.map((slot, n) => ({ kind: 'guest', number: FIRST_NUMBER + n, slot }) as RuntimeResource);
    this.#fill(caller, c, 'params');
    this.#fill(callee, c, 'result');
  }

  #of(type: ResourceType): RuntimeResource {
    return this.#resources[RESOURCES.indexOf(type)]!;
  }

  /** Gives a guest a handle at every place, of the resource for which a value names the place first. */
  #fill(guest: Guest, { type, params, result }: Case, which: 'params' | 'result'): void {
    const wanted = new Map<number, RuntimeResource>();
    const note: Parameters<typeof withHandles>[2] = (t, index) => {
      if (t.kind !== 'own' && t.kind !== 'borrow') return index;
      if (!wanted.has(index)) wanted.set(index, this.#of(t.resource));
      return index;
    };
    if (which === 'params') for (const [i, p] of type.params.entries()) withHandles(p.type, params[i]!, note);
    else if (type.result !== undefined) withHandles(type.result, result!, note);
    for (let index = 1; index < HANDLES; index++)
      addHandle(guest.slot, (wanted.get(index) ?? this.#resources[0]!).number, 1_000 + index, OWN, 0);
  }

  /** What the interpreter moves handles by. */
  get hooks(): { readonly from: Partial<HandleHooks>; readonly to: Partial<HandleHooks> } {
    const types = { resource: (type: ResourceType) => this.#of(type) } as TypeScope;
    const scope = { atEnd: (undo: () => void) => void this.#lent.push(undo), count: undefined };
    const [from, to] = [this.#caller, this.#callee].map(({ slot }) => {
      const { liftOwn, liftBorrow, lowerOwn, lowerBorrow } = transferHooks(slot, types, scope);
      return { liftOwn, liftBorrow, lowerOwn, lowerBorrow };
    });
    return { from: from!, to: to! };
  }

  /** What the adapter has besides. */
  get extras(): Extras {
    return {
      resource: (type) => ({ type: this.#of(type).number, home: (this.#of(type) as { slot: number }).slot }),
      handles: (what, type, index) => this.#move(what, this.#of(type), index),
      end: () => this.endLends(),
    };
  }

  #move(what: 'own-in' | 'borrow-in' | 'own-out', resource: RuntimeResource, index: number): number {
    const [from, to] =
      what === 'own-out' ? [this.#callee.slot, this.#caller.slot] : [this.#caller.slot, this.#callee.slot];
    if (what !== 'borrow-in') return addHandle(to, resource.number, takeOwn(from, index, resource), OWN, 0);
    const { rep, giveBack } = lend(from, index, resource);
    this.#lent.push(giveBack);
    if (resource.kind === 'guest' && resource.slot === to) return rep;
    const given = giveBorrow(to, resource, rep);
    this.#lent.push(given.end);
    return given.index;
  }

  endLends(): void {
    for (const end of this.#lent.splice(0)) end();
  }

  /** The callee drops what it was lent. */
  dropBorrows(): void {
    const { slot } = this.#callee;
    for (const { index, state } of [...liveHandles(slot)]) {
      if ((state & OWN) !== 0) continue;
      const entry = findHandle(slot, index);
      const scope = control.i32[entry + (ENTRY_SCOPE >> 2)]! >> 2;
      control.i32[scope] = control.i32[scope]! - 1;
      freeHandle(slot, index, entry);
    }
  }

  /** Everything in both tables. */
  get state(): unknown {
    return [this.#caller, this.#callee].map(({ slot }) => [...liveHandles(slot)]);
  }
}
