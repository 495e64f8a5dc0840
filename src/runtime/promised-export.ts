/** The promised form of exports whose calls may have to wait: each runs on a stack of its own. */
import type { ExportBorder } from '../abi/js/border.ts';
import { UsageError } from '../error/error.ts';
import { invariant } from '../util/invariant.ts';
import { withFreshContext } from './context-slots.ts';
import { mustQueue, whenOpen } from './entrance.ts';
import type { AnyFunction } from './exports.ts';
import type { Instantiation } from './instantiate.ts';
import { canSuspend } from './jspi.ts';
import type { SuspendableExport } from './kit.ts';
import type { Lift } from './prepared.ts';
import { scheduler } from './scheduler.ts';
import { finishStack, promisingOf, Stack } from './stack.ts';
import { endFrameThread } from './task.ts';
import { inTurn, isTurn } from './turn.ts';

const instances = new WeakMap<Instantiation, WebAssembly.Exports>();

/** The form of an export's core function that runs on a stack of its own. */
function entryOf(run: Instantiation, func: Lift): AnyFunction {
  const { entries, exports } = run.prepared;
  let made = instances.get(run);
  if (made === undefined) {
    invariant(entries !== undefined, 'promised entries were prepared');
    const core: Record<string, WebAssembly.ImportValue> = {};
    for (const [exported, { entry }] of exports) {
      if (entry !== undefined) core[`c${entry}`] = run.core((exported as Lift).core) as WebAssembly.ImportValue;
    }
    const tenon: Record<string, WebAssembly.ImportValue> = {};
    for (const { name } of WebAssembly.Module.imports(entries)) {
      if (name.startsWith('done:')) tenon[name] = finishStack as WebAssembly.ImportValue;
    }
    made = new WebAssembly.Instance(entries, { core, tenon }).exports;
    instances.set(run, made);
  }
  return made[`p${exports.get(func)?.entry}`] as AnyFunction;
}

/** Makes the function; what it needs is made when it is called first. */
export function promisedExport(run: Instantiation, { func, path, border: makeBorder }: SuspendableExport): AnyFunction {
  const { store, slots } = run;
  const slot = slots[func.instance]!;
  const fresh = run.prepared.plan.usesContext[func.instance] === true;
  let made: { border: ExportBorder; entry: AnyFunction } | undefined;
  const go = (args: readonly unknown[]): Promise<{ value: unknown }> => {
    if (!store.alive) throw store.deadTrap(path);
    made ??= { border: makeBorder(), entry: promisingOf(entryOf(run, func)) };
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
        trap.path ??= path;
        reject(trap);
        scheduler.callEnds();
      },
    );
    const start = (): void => stack.start(slot, 0, (token) => border.start(entry, token, args));
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
  return async (...args) => {
    if (!canSuspend)
      throw new UsageError('no-jspi', 'promised calls need an engine with JSPI (WebAssembly.promising)', {
        hint: 'use `exports`, or Node 24 or newer',
      });
    if (isTurn() && !mustQueue(slot)) return (await go(args)).value;
    const queued = Promise.withResolvers<{ value: unknown }>();
    const begin = (): void => {
      try {
        queued.resolve(go(args));
      } catch (error) {
        queued.reject(error);
      }
    };
    // The next in line starts within the same job, so that the instance is closed again before anybody else looks.
    inTurn(() => (mustQueue(slot) ? whenOpen(slot, begin) : begin()));
    return (await queued.promise).value;
  };
}
