/** A running component: what `InstancePre.instantiate` gives. */
import type { ExportBorder } from '../abi/js/border.ts';
import { UsageError } from '../error/error.ts';
import { Trap } from '../error/trap.ts';
import type { Plan, PlanFunc, PlanResource } from '../link/plan.ts';
import { invariant } from '../util/invariant.ts';
import { showPath } from './bind.ts';
import { borderRuntime } from './border-runtime.ts';
import { CONTEXT_0, control } from './control.ts';
import { disposeHostHandles } from './dispose.ts';
import { type AnyFunction, buildExports, type ExportObjects } from './exports.ts';
import { unwind } from './failure.ts';
import type { Instantiation } from './instantiate.ts';
import type { LiveFunc } from './live.ts';
import type { RuntimeResource } from './resource.ts';
import { canSuspend, drain, finishRun, forgetRun, mustQueue, promisingOf, startRun, whenOpen } from './stack.ts';
import type { Store, StoreStats } from './store.ts';
import type { AnyWorld, WorldTypes } from './world.ts';

/** Gives a store's memory back once nothing that could call it is reachable: every border function holds its instantiation. */
const released = new FinalizationRegistry<Store>((store) => store.release());

type Lift = Extract<PlanFunc, { kind: 'lift' }>;

const FRESH = [0, 0, 0, 0] as const;

/** Sets both context slots of an instance, as four words. */
function setContext(slot: number, words: ArrayLike<number>): void {
  control.i32.set(words, (slot + CONTEXT_0) >> 2);
}

/** Every call is a thread of its own, whose context slots begin at zero; the caller's come back. Specification: CanonicalABI.md, "Thread State". */
function withFreshContext(slot: number, call: AnyFunction): AnyFunction {
  const word = (slot + CONTEXT_0) >> 2;
  return (...args) => {
    const saved = control.i32.slice(word, word + FRESH.length);
    setContext(slot, FRESH);
    try {
      return call(...args);
    } finally {
      setContext(slot, saved);
    }
  };
}

/** Makes the host's functions for the exports of one instantiation. */
class ExportMaker {
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
    const prepared = run.prepared.exports.get(func);
    invariant(prepared !== undefined, 'an export was prepared');
    const side = run.side(func.options, func.instance);
    const core = run.core(func.core);
    const env = run.env(func, path, side, { host: undefined, core, promised: false });
    const border = prepared.factory(borderRuntime, env);
    const fresh = run.prepared.plan.usesContext[func.instance] === true;
    const call = fresh ? withFreshContext(side.slot, border.call) : border.call;
    const promised = this.#promised(func, path, prepared.entry);
    const { plan } = run.prepared;
    const live: LiveFunc = {
      type: func.type,
      resourceOf: (type) => run.resource(type),
      core: core as LiveFunc['core'],
      shape: side.shape,
      memory: side.memory,
      realloc: side.realloc as LiveFunc['realloc'],
      postReturn: side.postReturn as LiveFunc['postReturn'],
      slot: side.slot,
      store: run.store,
      maySuspend: plan.maySuspend[func.instance] === true,
      usesContext: plan.usesContext[func.instance] === true,
      call,
      promised: promised as LiveFunc['promised'],
    };
    return { call, promised, live };
  }

  /** The promised form of an export; what it needs is made when it is called first. */
  #promised(func: Lift, path: string, index: number): AnyFunction {
    const run = this.#run;
    const slot = run.slots[func.instance]!;
    let made: { border: ExportBorder; env: ReturnType<Instantiation['env']>; entry: AnyFunction } | undefined;
    const make = (): NonNullable<typeof made> => {
      const prepared = run.prepared.exports.get(func)!;
      const side = run.side(func.options, func.instance);
      const env = run.env(func, path, side, { host: undefined, core: run.core(func.core), promised: true });
      return { border: prepared.factory(borderRuntime, env), env, entry: promisingOf(this.#entry(index)) };
    };
    const go = async (args: readonly unknown[]): Promise<{ value: unknown }> => {
      if (!run.store.alive) throw run.store.deadTrap(path);
      made ??= make();
      if (run.prepared.plan.usesContext[func.instance] === true) setContext(slot, FRESH);
      const { run: call, ended } = startRun(made.border, made.env, made.entry, args);
      try {
        await ended;
      } catch (error) {
        forgetRun(call);
        const failure = unwind(error, path, call.base, 0);
        run.store.end(failure instanceof Trap ? failure : undefined);
        throw failure;
      } finally {
        drain();
      }
      invariant(call.outcome !== undefined, 'a call that ended has an outcome');
      if (!call.outcome.ok) throw call.outcome.value;
      // Boxed, so that no promise is ever resolved with a value whose keys a guest chose before the caller awaits it.
      return { value: call.outcome.value };
    };
    return async (...args) => {
      if (!canSuspend)
        throw new UsageError('no-jspi', 'promised calls need an engine with JSPI (WebAssembly.promising)', {
          hint: 'use `exports`, or Node 24 or newer',
        });
      if (!mustQueue(slot)) return (await go(args)).value;
      // The next in line starts within the same job, so that the instance is closed again before anybody else looks.
      const queued = Promise.withResolvers<{ value: unknown }>();
      whenOpen(slot, () => queued.resolve(go(args)));
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
        if (name.startsWith('done:')) tenon[name] = finishRun as WebAssembly.ImportValue;
      }
      this.#entries = new WebAssembly.Instance(entries, { core, tenon }).exports;
    }
    return this.#entries[`p${index}`] as AnyFunction;
  }
}

/**
 * A running component instance. `exports` has its functions, synchronous; `promised` the same as promises, whose calls may wait.
 * Dispose of it to end its store.
 */
export class Instance<W extends WorldTypes = AnyWorld> implements Disposable {
  /** Functions and interfaces by name: interfaces by full name, without version, and in camel case. */
  readonly exports: W['exports'];
  /** The same as promises: a call may wait in a host function. */
  readonly promised: W['promised'];
  readonly #store: Store;

  /** Instances are made by `InstancePre.instantiate`. */
  constructor(run: Instantiation, plan: Plan) {
    this.#store = run.store;
    const objects: ExportObjects = buildExports(plan.exports, new ExportMaker(run));
    this.exports = objects.exports;
    this.promised = objects.promised;
    const { store } = run;
    store.onEnd.push(() => disposeHostHandles(store));
    released.register(run, store);
  }

  /** Counters of this instance's store. */
  get stats(): Readonly<StoreStats> {
    return this.#store.stats;
  }

  /** False after a trap or after disposal: calls are refused with the trap `store-dead`. */
  get alive(): boolean {
    return this.#store.alive;
  }

  /** Ends the store: handles into it trap, the host's objects that it owned are disposed. */
  [Symbol.dispose](): void {
    this.#store.end(undefined);
  }
}
