/**
 * How instances of a plan are made fresh again: its core modules rewritten (`src/core/recycle.ts`), or why that cannot be proven.
 * docs/instances.md has the rules.
 */

import type { CoreModule } from '../core/decode.ts';
import { decodeModule } from '../core/decode.ts';
import type { LimitOptions } from '../core/limited.ts';
import { type Recyclable, recyclable, whyNotRecyclable } from '../core/recycle.ts';
import { tagRewritten } from '../error/stack.ts';
import type { CoreInstanceValue, Plan, PlanStep } from '../link/plan.ts';
import type { MemoryType } from '../types/core-type.ts';
import type { Prepared } from './prepared.ts';

/** The bytes of a memory as its segments leave it, from the first that is not zero to the last. */
export interface Image {
  readonly at: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One core instance of a plan. */
export interface RecipeModule {
  /** Undefined where the module can stay as it is. */
  readonly module: WebAssembly.Module | undefined;
  readonly rewritten: Recyclable;
  /** For each memory of its index space, its place among those of the store. */
  readonly places: readonly number[];
  /** Places of the memories that its start function may be the first to change. */
  readonly touches: readonly number[];
}

export interface Recipe {
  /** By core instance. */
  readonly modules: ReadonlyMap<number, RecipeModule>;
  /** The memories of the store, by their places. */
  readonly memories: readonly MemoryType[];
  /** By the places of the memories, before any code could change them; known once the first instance was made. */
  readonly images: (Image | undefined)[];
}

type Instantiate = Extract<PlanStep, { kind: 'instantiate' }>;

/** Why instances of a component cannot be made fresh again, for a reason that is not in its modules. */
function whyNot({ mode, flavour, groups, bindings }: Prepared): string | undefined {
  if (mode !== 'generated') return 'its calls are interpreted';
  if (flavour !== 'plain') return `its calls are ${flavour}`;
  const { functions, resources } = bindings;
  for (const binding of functions.values()) if (binding.kind === 'live') return 'it is linked to live instances';
  for (const resource of resources.values()) if (resource.kind === 'guest') return 'it is linked to live instances';
  const interpreted = groups.some(({ calls }) => calls.some(({ adapter }) => adapter === undefined));
  return interpreted ? 'some of its calls are interpreted' : undefined;
}

const DATA_SECTION = 11;

type Unmade = Pick<RecipeModule, 'places' | 'touches'> & { readonly core: number; readonly decoded: CoreModule };

/** The component instances whose code may run when code of one runs: itself, and those that it calls. */
function reachable({ canons }: Plan, from: number): ReadonlySet<number> {
  const reached = new Set([from]);
  // Instances that are found are visited, too.
  for (const instance of reached) {
    for (const canon of canons) {
      if (canon.instance !== instance) continue;
      if (canon.kind === 'lower' && canon.func.kind === 'lift') reached.add(canon.func.instance);
      if (canon.kind === 'resource.drop' && canon.resource.origin.kind === 'defined')
        reached.add(canon.resource.origin.instance);
    }
  }
  return reached;
}

/** Follows a plan's steps and numbers the memories. */
class Recipes {
  readonly memories: MemoryType[] = [];
  readonly modules: Unmade[] = [];
  readonly #plan: Plan;
  /** The component instance of each memory. */
  readonly #owners: number[] = [];
  /** Places of memories that a start function may have changed. */
  readonly #touched = new Set<number>();
  /** Places of exported memories, by core instance and name. */
  readonly #exported = new Map<number, ReadonlyMap<string, number>>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Answers why a step cannot be done again. */
  step({ core, module: ref, args, instance }: Instantiate): string | undefined {
    if (ref.kind !== 'static') return 'a core module is given as an import';
    const decoded = decodeModule(ref.bytes, ref.start, ref.end);
    const reason = whyNotRecyclable(decoded);
    if (reason !== undefined) return `of core instance ${core}: ${reason}`;
    const places: number[] = [];
    for (const { type, module, name } of decoded.imports) {
      if (type.kind !== 'memory') continue;
      const place = this.#placeOf(args, module, name);
      if (place === undefined) return `core instance ${core} imports a memory from elsewhere`;
      places.push(place);
    }
    if (places.some((place) => this.#touched.has(place)) && decoded.sections.some(({ id }) => id === DATA_SECTION))
      return `core instance ${core} writes to the memory of another after a start function has run`;
    for (const memory of decoded.memories.slice(places.length)) {
      places.push(this.memories.push(memory) - 1);
      this.#owners.push(instance);
    }
    const exported = decoded.exports.filter((e) => e.kind === 'memory');
    this.#exported.set(core, new Map(exported.map((e) => [e.name, places[e.index]!])));
    this.modules.push({ core, decoded, places, touches: decoded.startFunc === undefined ? [] : this.#touch(instance) });
    return undefined;
  }

  /** Places of memories that code of a component instance may change, and that no code could change before. */
  #touch(instance: number): readonly number[] {
    const reached = reachable(this.#plan, instance);
    const places = [...this.#owners.keys()].filter((p) => reached.has(this.#owners[p]!) && !this.#touched.has(p));
    for (const place of places) this.#touched.add(place);
    return places;
  }

  #placeOf(
    args: readonly { name: string; value: CoreInstanceValue }[],
    module: string,
    name: string,
  ): number | undefined {
    const value = args.findLast((arg) => arg.name === module)?.value;
    if (value === undefined) return undefined;
    if (value.kind === 'real') return this.#exported.get(value.instance)?.get(name);
    const ref = value.exports.get(name);
    return ref?.kind === 'export' ? this.#exported.get(ref.instance)?.get(ref.name) : undefined;
  }
}

/** Rewrites and compiles one module. */
async function make(
  { decoded, places, touches }: Unmade,
  limits: Pick<LimitOptions, 'memory' | 'meter'>,
): Promise<RecipeModule> {
  const { tag, remember } = tagRewritten();
  const rewritten = recyclable(decoded, { places, tag, maximum: limits.memory, meter: limits.meter });
  if (!rewritten.changed) return { module: undefined, rewritten, places, touches };
  remember((offset) => rewritten.map.nearest(offset));
  return { module: await WebAssembly.compile(rewritten.bytes), rewritten, places, touches };
}

/**
 * The recipe of a plan, or why there is none.
 * @param limits what is written into its modules besides
 */
export async function recipeOf(
  plan: Plan,
  prepared: Prepared,
  limits: Pick<LimitOptions, 'memory' | 'meter'>,
): Promise<Recipe | string> {
  const reason = whyNot(prepared);
  if (reason !== undefined) return reason;
  const recipes = new Recipes(plan);
  for (const step of plan.steps) {
    const problem = step.kind === 'instantiate' ? recipes.step(step) : undefined;
    if (problem !== undefined) return problem;
  }
  const made = await Promise.all(recipes.modules.map(async (one) => [one.core, await make(one, limits)] as const));
  return { modules: new Map(made), memories: recipes.memories, images: [] };
}
