/**
 * Instances that were disposed of, made fresh and given out anew. docs/instances.md has the rules.
 */
import { UsageError } from '../error/error.ts';
import { Body } from './body.ts';
import { componentState } from './component-state.ts';
import { isAwaited } from './entrance.ts';
import type { Origin } from './instance.ts';
import type { Instantiation } from './instantiate.ts';
import { READABLE_FUTURE, READABLE_STREAM, SUBTASK, WRITABLE_FUTURE, WRITABLE_STREAM } from './object-handles.ts';
import type { Recipe } from './recipe.ts';
import { scheduler } from './scheduler.ts';
import { isEntered } from './stack.ts';
import type { Store } from './store.ts';
import { liveHandles } from './table.ts';
import { adoptSlots, releaseSlots, type Slots, takeSlots } from './tenancy.ts';

/** How many instances a pool keeps, and which. */
export interface PoolOptions {
  /** Instances that wait for their next tenant, at most. Default 64. */
  readonly size?: number;
  /** How many bytes the memories of an instance may have grown by, together, if it is to be kept. Default 4 MiB. */
  readonly growth?: number;
}

const DEFAULT_SIZE = 64;
const DEFAULT_GROWTH = 4 * 1024 * 1024;

/**
 * What a pool is to be, with the defaults.
 * @throws UsageError `bad-pool`
 */
export function poolSettings(options: PoolOptions): Required<PoolOptions> {
  const all = { size: options.size ?? DEFAULT_SIZE, growth: options.growth ?? DEFAULT_GROWTH };
  for (const [name, value] of Object.entries(all)) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new UsageError('bad-pool', `the pool's ${name} is no count`, {
      expected: 'an integer of at least 0',
      found: String(value),
    });
  }
  return all;
}

/** What waits for its next tenant: nothing of it can be called. */
interface Idle {
  readonly run: Instantiation;
  readonly slots: Slots;
}

/** When a pool is forgotten, so are its instances. */
const forgotten = /* @__PURE__ */ new FinalizationRegistry<Idle[]>((idle) => {
  for (const { slots } of idle.splice(0)) releaseSlots(slots);
});

/** Handles by which something that is under way may reach into a guest. */
const ACTIVE: readonly number[] = [SUBTASK, READABLE_STREAM, WRITABLE_STREAM, READABLE_FUTURE, WRITABLE_FUTURE];

/** Whether nothing can reach into a store any more once it has ended: no call is under way, nothing waits, no other store knows it. */
function isIdle(store: Store): boolean {
  const { slots } = store;
  if (!store.alive || store.shared || !store.isQuiet || isEntered(store) || isAwaited(slots)) return false;
  for (const activity of scheduler.queued) if (activity.store === store) return false;
  for (const slot of slots) {
    if (componentState(slot)?.isIdle === false) return false;
    for (const { type } of liveHandles(slot)) if (ACTIVE.includes(type)) return false;
  }
  return true;
}

/** The instances of one {@link InstancePre} that wait, and how often one did not have to be made anew. */
export class Pool {
  /** Why no instance is kept, though a pool was asked for: it cannot be proven that one could be made fresh again. */
  readonly refused: string | undefined;
  readonly #recipe: Recipe | undefined;
  readonly #options: Required<PoolOptions>;
  readonly #idle: Idle[] = [];
  #reused = 0;

  /** Made by `Linker.link`, for the option `pool`. */
  constructor(recipe: Recipe | string, options: Required<PoolOptions>) {
    this.#options = options;
    this.refused = typeof recipe === 'string' ? recipe : undefined;
    this.#recipe = typeof recipe === 'string' ? undefined : recipe;
    forgotten.register(this, this.#idle);
  }

  /** How many instances wait for their next tenant. */
  get idle(): number {
    return this.#idle.length;
  }

  /** How many times one was given out again. */
  get reused(): number {
    return this.#reused;
  }

  /** What an instance is made of, where instances of the component can be kept. */
  body(): Body | undefined {
    return this.#recipe === undefined ? undefined : new Body(this.#recipe);
  }

  /** Takes an instance out that waits for a tenant, which is `store`; it is still to be made fresh (`Instantiation.renew`). */
  take(store: Store): Instantiation | undefined {
    const idle = this.#idle.pop();
    if (idle === undefined) return undefined;
    this.#reused++;
    adoptSlots(store, idle.slots);
    return idle.run;
  }

  /** What an instance does when it is disposed of. */
  originOf(run: Instantiation, store: Store): Origin {
    return { isIdle: () => isIdle(store), giveBack: () => this.#keep(run, store) };
  }

  /** Keeps an instance whose store has ended and was idle, if all of it can be set back. */
  #keep(run: Instantiation, store: Store): void {
    const { body } = run;
    if (body === undefined || this.#idle.length >= this.#options.size || store.shared) return;
    if (body.clear(this.#options.growth)) this.#idle.push({ run, slots: takeSlots(store) });
  }
}
