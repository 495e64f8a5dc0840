/** Joins components to what they import: host functions and classes, live instances, core modules, components. */
import { LinkError, UsageError } from '../error/error.ts';
import type { ModuleRef, Plan, PlanFunc, PlanItem } from '../link/plan.ts';
import { makePlan } from '../link/planner.ts';
import type { Component as ComponentData } from '../types/definition.ts';
import { type Bindings, bind, findOffer, pathKey, showPath } from './bind.ts';
import { GENERATED_BORDERS, INTERPRETED_BORDERS } from './borders.ts';
import type { Component } from './component.ts';
import { FULL_KIT } from './full-kit.ts';
import {
  type Instance,
  type InstanceLimits,
  type InstanceOptions,
  InstancePre,
  type LimitedParts,
} from './instance.ts';
import { instanceGate } from './instance-limit.ts';
import type { ModuleSource } from './instantiate.ts';
import { compilingOf, dataOf, isLoaded, moduleOf, planOf } from './loaded.ts';
import { memoryWidth } from './memories.ts';
import { addLimitImports, type LimitedCore, type Limiting, limitedCores, limitingOf, Metering } from './metering.ts';
import { Pool, type PoolOptions, poolSettings } from './pool.ts';
import { prepare } from './prepare.ts';
import type { Flavour, Mode, Prepared } from './prepared.ts';
import { recipeOf } from './recipe.ts';
import type { Imports, WorldTypes } from './world.ts';

export { InstancePre } from './instance.ts';
export type { Imports } from './world.ts';

/** What an instance may use. */
export interface Limits extends InstanceLimits {
  /**
   * Milliseconds for which a call may compute; calls of one store that are under way together share what they have. One that computes for
   * longer ends its store with a `LimitError` (`cpu-limit`). What waits does not compute.
   */
  readonly cpu?: number;
  /** Milliseconds from the begin of a call to its end, with what it waits for; after them its store ends with a `LimitError` (`time-limit`). */
  readonly time?: number;
  /**
   * What a store may compute as long as it lives, in instructions as docs/limits.md counts them: the same in every run. Without any left
   * it ends with a `LimitError` (`fuel-limit`). `instance.fuel` tells what is left.
   */
  readonly fuel?: number | bigint;
  /**
   * Bytes of strings and lists that a call may give to the host, in its result and to the host's functions: a guest may point many elements
   * of a list at one place. An element that is no number counts as 8 at least. More ends the store with a `LimitError` (`lift-limit`).
   */
  readonly lifted?: number;
  /**
   * Instances of one {@link InstancePre} that may be alive at once: neither disposed of, nor ended by a trap, nor collected. One more is
   * refused with a `UsageError` (`too-many-instances`).
   */
  readonly instances?: number;
  /** Elements of all tables of one store together; growth beyond it fails as in any wasm runtime. */
  readonly tables?: number;
  /** Linear memory of one store, in bytes; growth beyond it fails as in any wasm runtime. Rounded down to pages of 65,536. */
  readonly memory?: number;
}

/** How a component is linked. */
export interface LinkOptions extends InstanceOptions {
  readonly limits?: Limits;
  /** `interpreted` carries every call by the plain interpreter: slow, for comparison. Default `generated`. */
  readonly mode?: Mode;
  /** What calls do besides calling. Default `plain`: nothing. */
  readonly flavour?: Flavour;
  /**
   * Keeps instances that were disposed of, makes them fresh and gives them out anew: many times faster than making one. Where it cannot
   * be proven that an instance can be made fresh again, each is made anew ({@link Pool.refused} says why). Default: no pool.
   */
  readonly pool?: boolean | PoolOptions;
}

/** The functions among items, those of instances included. */
function* functionsOf(items: Iterable<PlanItem>): Generator<PlanFunc> {
  for (const item of items) {
    if (item.kind === 'func') yield item.func;
    else if (item.kind === 'instance') yield* functionsOf(item.exports.values());
  }
}

const NONE_LIMITED: ReadonlyMap<ModuleRef, LimitedCore> = new Map();

/** What instances of limited modules are given. */
function partsOf(
  limiting: Limiting | undefined,
  limited: ReadonlyMap<ModuleRef, LimitedCore>,
  instances: number | undefined,
): LimitedParts {
  const metering = limiting?.meter === undefined ? undefined : new Metering(limiting.meter);
  return {
    admit: instances === undefined ? undefined : instanceGate(instances),
    metered: metering && (() => metering.begin()),
    addImports:
      limited.size === 0
        ? undefined
        : (ref, imports, metered) => {
            const core = limited.get(ref);
            if (core !== undefined) addLimitImports(core, metered, imports);
          },
  };
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
    const bindings = bind({ ...plan, exported: functionsOf(plan.exports.values()) }, this.#offers);
    const { mode = 'generated', flavour = 'plain' } = options;
    const borders = mode === 'generated' ? GENERATED_BORDERS : INTERPRETED_BORDERS;
    const prepared = prepare(plan, bindings, { mode, flavour, borders, kit: FULL_KIT });
    await Promise.all(
      [component, ...this.#offers.values()].map((one) => (isLoaded(one) ? compilingOf(one as object) : undefined)),
    );
    const limiting = await limitingOf(plan, options.limits ?? {});
    const pool = await poolOf(plan, prepared, options.pool, limiting);
    // A pool's modules have their limits.
    const isPooled = pool !== undefined && pool.refused === undefined;
    const limited = limiting === undefined || isPooled ? NONE_LIMITED : await limitedCores(plan, limiting);
    return new InstancePre<W>(
      prepared,
      modulesOf(bindings, limited),
      options,
      pool,
      partsOf(limiting, limited, options.limits?.instances),
    );
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
  plan: Plan,
  prepared: Prepared,
  wanted: LinkOptions['pool'],
  limiting: Limiting | undefined,
): Promise<Pool | undefined> {
  if (wanted === undefined || wanted === false) return undefined;
  const options = poolSettings(wanted === true ? {} : wanted);
  return new Pool(await recipeOf(plan, prepared, limiting?.options ?? {}), options);
}

function modulesOf(bindings: Bindings, limited: ReadonlyMap<ModuleRef, LimitedCore>): ModuleSource {
  return (ref: ModuleRef): WebAssembly.Module => {
    const module =
      ref.kind === 'static'
        ? (limited.get(ref)?.module ?? moduleOf(ref.bytes, ref.start))
        : ref.kind === 'import' && bindings.modules.get(pathKey(ref.path));
    if (module) return module;
    const path = ref.kind === 'import' ? showPath(ref.path) : 'a nested component';
    throw new LinkError('missing-import', `no core module for ${path}`);
  };
}
