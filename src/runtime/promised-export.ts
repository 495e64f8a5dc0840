/** The promised form of exports whose calls may have to wait: each runs on a stack of its own. */
import type { ExportBorder } from '../abi/js/border.ts';
import { UsageError } from '../error/error.ts';
import { invariant } from '../util/invariant.ts';
import { callBegins, callEnds } from './call-limit.ts';
import { withFreshContext } from './context-slots.ts';
import { mustQueue, whenOpen } from './entrance.ts';
import type { AnyFunction } from './exports.ts';
import type { Instantiation } from './instantiate.ts';
import { canSuspend } from './jspi.ts';
import type { SuspendableExport } from './kit.ts';
import { importsOf } from './module-cache.ts';
import type { Lift } from './prepared.ts';
import { scheduler } from './scheduler.ts';
import { finishStack, mustHaveStack, promisingOf, Stack } from './stack.ts';
import { endFrameThread } from './task.ts';
import { inTurn, isTurn } from './turn.ts';

/** The exports of an instantiation as functions on stacks of their own: what its tenants have in common, each made when it is called first. */
class Entries {
  readonly #run: Instantiation;
  #exports: WebAssembly.Exports | undefined;
  readonly #promising: AnyFunction[] = [];

  constructor(run: Instantiation) {
    this.#run = run;
  }

  get(index: number): AnyFunction {
    this.#exports ??= this.#make();
    this.#promising[index] ??= promisingOf(this.#exports[`p${index}`] as AnyFunction);
    return this.#promising[index];
  }

  #make(): WebAssembly.Exports {
    const { entries, exports } = this.#run.prepared;
    invariant(entries !== undefined, 'promised entries were prepared');
    const core: Record<string, WebAssembly.ImportValue> = {};
    for (const [exported, { entry }] of exports) {
      if (entry !== undefined) core[`c${entry}`] = this.#run.core((exported as Lift).core) as WebAssembly.ImportValue;
    }
    const tenon: Record<string, WebAssembly.ImportValue> = {};
    for (const { name } of importsOf(entries)) {
      if (name.startsWith('done:')) tenon[name] = finishStack as WebAssembly.ImportValue;
    }
    return new WebAssembly.Instance(entries, { core, tenon }).exports;
  }
}

const made = new WeakMap<Instantiation, Entries>();

/** The form of an export's core function that runs on a stack of its own. */
function entryOf(run: Instantiation, func: Lift): AnyFunction {
  let entries = made.get(run);
  if (entries === undefined) {
    entries = new Entries(run);
    made.set(run, entries);
  }
  const entry = run.prepared.exports.get(func)?.entry;
  invariant(entry !== undefined, 'an export that may have to wait has its entry');
  return entries.get(entry);
}

/** Makes the function; what it needs is made when it is called first. */
export function promisedExport(run: Instantiation, { func, path, border: makeBorder }: SuspendableExport): AnyFunction {
  const { store, slots } = run;
  const slot = slots[func.instance]!;
  const fresh = run.prepared.plan.usesContext[func.instance] === true;
  let made: { border: ExportBorder; entry: AnyFunction } | undefined;
  const go = (args: readonly unknown[]): Promise<{ value: unknown }> => {
    if (!store.alive) throw store.deadTrap(path);
    made ??= { border: makeBorder(), entry: entryOf(run, func) };
    const { border, entry } = made;
    // Boxed, so that no promise is ever resolved with a value whose keys a guest chose before the caller awaits it.
    const { promise, resolve, reject } = Promise.withResolvers<{ value: unknown }>();
    const stack = new Stack(
      (...results) => {
        try {
          resolve({ value: border.finish(...results) });
        } catch (error) {
          if (error instanceof WebAssembly.RuntimeError) throw error;
          reject(error);
        }
        endFrameThread();
        scheduler.callEnds();
      },
      (trap) => {
        const told = store.failure?.code === 'time-limit' ? store.failure : trap;
        told.path ??= path;
        reject(told);
        scheduler.callEnds();
      },
      path,
    );
    const start = (): void => stack.start(slot, 0, (token) => border.start(entry, token, args));
    mustHaveStack(path);
    scheduler.callBegins();
    try {
      if (fresh) withFreshContext(slot, start);
      else start();
    } catch (error) {
      scheduler.callEnds();
      throw error;
    }
    return promise;
  };
  const queued = (args: readonly unknown[]): Promise<{ value: unknown }> => {
    const { promise, resolve, reject } = Promise.withResolvers<{ value: unknown }>();
    const begin = (): void => {
      try {
        resolve(go(args));
      } catch (error) {
        reject(error);
      }
    };
    // The next in line starts within the same job, so that the instance is closed again before anybody else looks.
    inTurn(() => (mustQueue(slot) ? whenOpen(slot, begin) : begin()));
    return promise;
  };
  return async (...args) => {
    if (!canSuspend)
      throw new UsageError('no-jspi', 'promised calls need an engine with JSPI (WebAssembly.promising)', {
        hint: 'use `exports`, or Node 24 or newer',
      });
    const call = callBegins(store, path);
    try {
      return (await (isTurn() && !mustQueue(slot) ? go(args) : queued(args))).value;
    } finally {
      callEnds(store, call);
    }
  };
}
