/** Joins components to what they import: host functions and classes, live instances, core modules, components. */
import { LinkError, UsageError } from '../error/error.ts';
import type { ModuleRef } from '../link/plan.ts';
import { makePlan } from '../link/planner.ts';
import type { MemoryType } from '../types/core-type.ts';
import type { Component as ComponentData } from '../types/definition.ts';
import { type Bindings, bind, findOffer, pathKey, showPath } from './bind.ts';
import type { Component } from './component.ts';
import { trapOnDeadlock } from './deadlock.ts';
import { Instance } from './instance.ts';
import { Instantiation, type ModuleSource } from './instantiate.ts';
import { compilingOf, dataOf, isLoaded, moduleOf, planOf } from './loaded.ts';
import { limitedModules, memoryWidth, sharedLimit } from './memories.ts';
import { Pool, type PoolOptions, poolSettings } from './pool.ts';
import { type Flavour, type Mode, type Prepared, prepare } from './prepare.ts';
import { recipeOf } from './recipe.ts';
import { Store } from './store.ts';
import type { AnyWorld, Imports, WorldTypes } from './world.ts';

export type { Imports } from './world.ts';

/** What an instance may use. */
export interface Limits {
  /** Linear memory of one store, in bytes; growth beyond it fails as in any wasm runtime. Rounded down to pages of 65,536. */
  readonly memory?: number;
  /**
   * Calls into one store that may be under way at once: of functions of an async type, and of `promised` ones. One more is refused with a
   * `UsageError` (`too-many-suspended`), and the others go on. Guests that block more stacks of their own trap. Without it only the
   * thread's limit holds: 20,000 stacks.
   */
  readonly suspended?: number;
}

/** How a component is linked. */
export interface LinkOptions {
  readonly limits?: Limits;
  /** `interpreted` carries every call by the plain interpreter: slow, for comparison. Default `generated`. */
  readonly mode?: Mode;
  /** What calls do besides calling. Default `plain`: nothing. */
  readonly flavour?: Flavour;
  /**
   * Whether calls that nothing can ever end trap (`deadlock`): when no guest can go on and the host has nothing to answer. Default false:
   * another call of the host's may still let them go on.
   */
  readonly trapOnDeadlock?: boolean;
  /**
   * Keeps instances that were disposed of, makes them fresh and gives them out anew: many times faster than making one. Where it cannot
   * be proven that an instance can be made fresh again, each is made anew ({@link Pool.refused} says why). Default: no pool.
   */
  readonly pool?: boolean | PoolOptions;
  /**
   * Is told of every stream of the host's that fails: a `ReadableStream` that errors, a generator that throws. To the guest it has ended,
   * since streams carry no errors; `path` is the function that it was given to, or that answered it.
   */
  readonly onStreamError?: (error: unknown, path: string) => void;
}

/** A component whose imports are resolved, checked and compiled: instantiates cheaply and synchronously, as often as wanted. */
export class InstancePre<W extends WorldTypes = AnyWorld> {
  readonly #prepared: Prepared;
  readonly #modules: ModuleSource;
  readonly #options: LinkOptions;
  /** Instances that wait for their next tenant; undefined without the option `pool`. */
  readonly pool: Pool | undefined;

  /** Made by {@link Linker.link}. */
  constructor(prepared: Prepared, modules: ModuleSource, options: LinkOptions, pool?: Pool) {
    this.#prepared = prepared;
    this.#modules = modules;
    this.#options = options;
    this.pool = pool;
  }

  /**
   * Makes a fresh instance in a store of its own.
   * @throws Trap if a start function of the component traps.
   * @throws LinkError if a core module does not fit what it imports.
   */
  instantiate(): Instance<W> {
    const { pool } = this;
    const idle = pool?.take();
    const store = new Store({
      suspended: this.#options.limits?.suspended,
      onStreamError: this.#options.onStreamError,
    });
    if (this.#options.trapOnDeadlock === true) trapOnDeadlock(store);
    if (idle !== undefined) store.adopt(idle.slots);
    const run = idle?.run ?? new Instantiation(this.#prepared, store, this.#modules, pool?.body());
    try {
      if (idle === undefined) run.run();
      else run.renew(store);
    } catch (error) {
      store.release();
      throw error instanceof WebAssembly.LinkError && !(error instanceof LinkError)
        ? new LinkError('core-import', error.message, { cause: error })
        : error;
    }
    return new Instance<W>(run, this.#prepared.plan, pool?.originOf(run, store));
  }
}

/**
 * Collects definitions by name and links components to them. Interface names match by semver-compatible versions, both ways.
 * @example
 * ```ts
 * import { Component, Linker } from 'tenon';
 * import { parseText } from 'tenon/text';
 *
 * const { bytes } = parseText('(component (import "hi" (func $hi)) (export "hello" (func $hi)))');
 * const linker = new Linker().define('hi', () => console.log('hello'));
 * const pre = await linker.link(await Component.load(bytes));
 * (pre.instantiate().exports['hello'] as () => void)(); // prints hello
 * ```
 */
export class Linker {
  readonly #offers = new Map<string, unknown>();

  /**
   * Defines what an import name stands for: an object of functions and classes for an interface (a host's own, or an interface of
   * a live instance's `exports`), a function, a `WebAssembly.Module`, or a `Component`.
   * @throws UsageError `already-defined`
   */
  define(name: string, value: unknown): this {
    if (this.#offers.has(name)) {
      throw new UsageError('already-defined', `"${name}" is defined twice`, {
        hint: 'use a Linker for each set of definitions',
      });
    }
    this.#offers.set(name, value);
    return this;
  }

  /** Defines every property of `imports`. */
  defineAll(imports: Imports): this {
    for (const [name, value] of Object.entries(imports)) this.define(name, value);
    return this;
  }

  /** Defines everything that a running instance exports, to be called by the linked component without JavaScript in between. */
  instance(instance: Instance<WorldTypes>): this {
    return this.defineAll(instance.exports as Imports);
  }

  /**
   * Resolves, checks and compiles everything that `component` needs.
   * @throws LinkError `missing-import` or `import-mismatch`, listing every import that does not fit
   */
  async link<W extends WorldTypes>(component: Component<W>, options: LinkOptions = {}): Promise<InstancePre<W>> {
    if (!isLoaded(component))
      throw new UsageError('not-a-component', 'only a loaded Component can be linked', { hint: 'use Component.load' });
    const given = this.#components(component);
    const plan = given.size === 0 ? planOf(component)! : makePlan(dataOf(component)!, given, memoryWidth);
    const bindings = bind(plan, this.#offers);
    const prepared = prepare(plan, bindings, {
      mode: options.mode ?? 'generated',
      flavour: options.flavour ?? 'plain',
    });
    await Promise.all(
      [component, ...this.#offers.values()].map((one) => (isLoaded(one) ? compilingOf(one as object) : undefined)),
    );
    const maximum = options.limits?.memory === undefined ? undefined : sharedLimit(plan, options.limits.memory);
    const pool = await poolOf(prepared, options.pool, maximum);
    // A pool's modules have their limits.
    const limited = pool?.refused === undefined && pool !== undefined ? new Map() : await limitedModules(plan, maximum);
    return new InstancePre<W>(prepared, modulesOf(bindings, limited), options, pool);
  }

  /** Components given for imports of components. */
  #components({ imports }: Pick<Component, 'imports'>): ReadonlyMap<string, ComponentData> {
    const given = new Map<string, ComponentData>();
    for (const { name } of imports) {
      const value = findOffer(this.#offers, name)?.value;
      const inner = dataOf(value);
      if (inner !== undefined) given.set(name, inner);
    }
    return given;
  }
}

async function poolOf(
  prepared: Prepared,
  wanted: LinkOptions['pool'],
  maximum: ((memory: MemoryType) => bigint) | undefined,
): Promise<Pool | undefined> {
  if (wanted === undefined || wanted === false) return undefined;
  const options = poolSettings(wanted === true ? {} : wanted);
  return new Pool(await recipeOf(prepared, maximum), options);
}

function modulesOf(bindings: Bindings, limited: ReadonlyMap<ModuleRef, WebAssembly.Module>): ModuleSource {
  return (ref: ModuleRef): WebAssembly.Module => {
    const module =
      ref.kind === 'import'
        ? bindings.modules.get(pathKey(ref.path))
        : (limited.get(ref) ?? moduleOf(ref.bytes, ref.start));
    if (module !== undefined) return module;
    throw new LinkError(
      'missing-import',
      `no core module for ${ref.kind === 'import' ? showPath(ref.path) : 'a nested component'}`,
    );
  };
}
