/** The host's functions for the exports of one instantiation. */
import type { ExportBorder } from '../abi/js/border.ts';
import { UsageError } from '../error/error.ts';
import type { PlanFunc, PlanResource } from '../link/plan.ts';
import { invariant } from '../util/invariant.ts';
import { asyncExport } from './async-export.ts';
import { showPath } from './bind.ts';
import { borderRuntime } from './border-runtime.ts';
import { CONTEXT_0, control } from './control.ts';
import { mustQueue, whenOpen } from './entrance.ts';
import type { AnyFunction } from './exports.ts';
import type { Instantiation } from './instantiate.ts';
import { canSuspend } from './jspi.ts';
import type { LiveFunc } from './live.ts';
import type { RuntimeResource } from './resource.ts';
import { scheduler } from './scheduler.ts';
import { finishStack, promisingOf, Stack } from './stack.ts';
import { endFrameThread } from './task.ts';

type Lift = Extract<PlanFunc, { kind: 'lift' }>;

const FRESH = [0, 0, 0, 0] as const;

/** Sets both context slots of an instance, as four words. */
function setContext(slot: number, words: ArrayLike<number>): void {
  control.i32.set(words, (slot + CONTEXT_0) >> 2);
}

/** Every call is a thread of its own, whose context slots begin at zero; the caller's come back. Specification: CanonicalABI.md, "Thread State". */
function withFreshContext<T>(slot: number, call: () => T): T {
  const word = (slot + CONTEXT_0) >> 2;
  const saved = control.i32.slice(word, word + FRESH.length);
  setContext(slot, FRESH);
  try {
    return call();
  } finally {
    setContext(slot, saved);
  }
}

/** Makes the host's functions for the exports of one instantiation. */
export class ExportMaker {
  readonly #run: Instantiation;
  #entries: WebAssembly.Exports | undefined;

  constructor(run: Instantiation) {
    this.#run = run;
  }

  resource(plan: PlanResource): RuntimeResource {
    return this.#run.resource(plan);
  }

  func(
    func: PlanFunc,
    path: readonly string[],
  ): { call: AnyFunction; promised: AnyFunction; live: LiveFunc | undefined } {
    if (func.kind === 'lift') return this.#lift(func, showPath(path));
    const binding = this.#run.prepared.bindings.functions.get(func.path.join('\0'));
    invariant(binding !== undefined, 'an exported import is bound');
    if (binding.kind === 'live')
      return { call: binding.live.call, promised: binding.live.promised, live: binding.live };
    const { fn } = binding;
    return { call: fn, promised: async (...args) => fn(...args), live: undefined };
  }

  #lift(func: Lift, path: string): { call: AnyFunction; promised: AnyFunction; live: LiveFunc } {
    const run = this.#run;
    const { plan } = run.prepared;
    const side = run.side(func.options, func.instance);
    const { call, promised } = func.type.async ? this.#async(func, path) : this.#sync(func, path);
    const live: LiveFunc = {
      type: func.type,
      types: run,
      core: run.core(func.core) as LiveFunc['core'],
      shape: side.shape,
      memory: side.memory,
      realloc: side.realloc as LiveFunc['realloc'],
      postReturn: side.postReturn as LiveFunc['postReturn'],
      slot: side.slot,
      store: run.store,
      callee: func.type.async ? run.callee(func, path, true) : undefined,
      maySuspend: plan.maySuspend[func.instance] === true,
      isConcurrent: plan.isConcurrent[func.instance] === true,
      usesContext: plan.usesContext[func.instance] === true,
      call,
      promised: promised as LiveFunc['promised'],
    };
    return { call, promised, live };
  }

  #border(func: Lift, path: string, promised: boolean) {
    const run = this.#run;
    const prepared = run.prepared.exports.get(func);
    invariant(prepared !== undefined, 'an export was prepared');
    const side = run.side(func.options, func.instance);
    const env = run.env(func, path, side, { host: undefined, core: run.core(func.core), promised });
    return { border: prepared.factory(borderRuntime, env), env, index: prepared.entry };
  }

  /** Of a function of an async type both forms are the same. */
  #async(func: Lift, path: string): { call: AnyFunction; promised: AnyFunction } {
    const { border } = this.#border(func, path, true);
    const call = asyncExport(this.#run.callee(func, path, false), border, func.type.params.length);
    return { call, promised: call };
  }

  #sync(func: Lift, path: string): { call: AnyFunction; promised: AnyFunction } {
    const { border, env } = this.#border(func, path, false);
    const { call } = border;
    invariant(call !== undefined, 'a function of a synchronous type has a synchronous entry');
    const fresh = this.#run.prepared.plan.usesContext[func.instance] === true;
    return {
      call: fresh ? (...args) => withFreshContext(env.slot, () => call(...args)) : call,
      promised: this.#promised(func, path, fresh),
    };
  }

  /** The promised form of an export; what it needs is made when it is called first. */
  #promised(func: Lift, path: string, fresh: boolean): AnyFunction {
    const { store, slots } = this.#run;
    const slot = slots[func.instance]!;
    let made: { border: ExportBorder; entry: AnyFunction } | undefined;
    const make = (): NonNullable<typeof made> => {
      const { border, index } = this.#border(func, path, true);
      return { border, entry: promisingOf(this.#entry(index)) };
    };
    const go = (args: readonly unknown[]): Promise<{ value: unknown }> => {
      if (!store.alive) throw store.deadTrap(path);
      made ??= make();
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
      if (!mustQueue(slot)) return (await go(args)).value;
      // The next in line starts within the same job, so that the instance is closed again before anybody else looks.
      const queued = Promise.withResolvers<{ value: unknown }>();
      whenOpen(slot, () => {
        try {
          queued.resolve(go(args));
        } catch (error) {
          queued.reject(error);
        }
      });
      return (await queued.promise).value;
    };
  }

  #entry(index: number): AnyFunction {
    if (this.#entries === undefined) {
      const { entries, exports } = this.#run.prepared;
      invariant(entries !== undefined, 'promised entries were prepared');
      const core: Record<string, WebAssembly.ImportValue> = {};
      for (const [func, { entry }] of exports)
        core[`c${entry}`] = this.#run.core((func as Lift).core) as WebAssembly.ImportValue;
      const tenon: Record<string, WebAssembly.ImportValue> = {};
      for (const { name } of WebAssembly.Module.imports(entries)) {
        if (name.startsWith('done:')) tenon[name] = finishStack as WebAssembly.ImportValue;
      }
      this.#entries = new WebAssembly.Instance(entries, { core, tenon }).exports;
    }
    return this.#entries[`p${index}`] as AnyFunction;
  }
}
