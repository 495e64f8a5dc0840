/** A loaded component: decoded, validated, its core modules compiled. */
import { decodeComponent } from '../binary/decode.ts';
import { moduleRanges } from '../binary/module-ranges.ts';
import { LinkError, UsageError, ValidationError } from '../error/error.ts';
import type { Plan } from '../link/plan.ts';
import type { Component as ComponentData } from '../types/definition.ts';
import type { NamedExtern } from '../types/extern-type.ts';
import type { Features } from '../types/features.ts';
import { validateComponent } from '../validate/validate.ts';
import { type ArtifactCache, artifactOf, type Known, type ModuleRange, readArtifact } from './artifact.ts';
import type { Instance } from './instance.ts';
import { Linker, type LinkOptions } from './linker.ts';
import { planOf, setCompiling, setLoaded, setModules } from './loaded.ts';
import { readSource, type Source } from './source.ts';
import type { AnyWorld, Complete, Imports, Offers, WorldTypes } from './world.ts';

/** How a component is loaded. */
export interface LoadOptions {
  /** Feature gates of the specification that differ from the defaults. */
  readonly features?: Partial<Features>;
  /** Keeps what is found out about components from one load to the next, and from one process to the next. */
  readonly cache?: ArtifactCache;
}

async function compileModules(bytes: Uint8Array<ArrayBuffer>, ranges: readonly ModuleRange[]): Promise<void> {
  const modules = new Map<number, WebAssembly.Module>();
  await Promise.all(
    ranges.map(async ({ start, end }) => {
      modules.set(start, await WebAssembly.compile(bytes.subarray(start, end)));
    }),
  );
  setModules(bytes, modules);
}

/** Waits for the modules. What the engine refuses is validated again, in order, so that the error has its place. */
async function finishCompiling(compiling: Promise<void>, data: ComponentData, options: LoadOptions): Promise<void> {
  try {
    await compiling;
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    validateComponent(data, options);
    throw new ValidationError('invalid-core-module', `core module is not valid: ${error.message}`, { cause: error });
  }
}

/** Gives a cache what was found out; what cannot be planned is left for whoever links it to hear of. */
function keep(
  cache: ArtifactCache,
  component: Pick<Known, 'imports' | 'exports'>,
  bytes: Uint8Array<ArrayBuffer>,
  modules: readonly ModuleRange[],
): void {
  let plan: Plan | undefined;
  try {
    plan = planOf(component);
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
  }
  const { imports, exports } = component;
  const artifact = plan === undefined ? undefined : artifactOf({ modules, imports, exports, plan }, bytes);
  if (artifact !== undefined) cache.set(bytes, artifact);
}

/**
 * A WebAssembly component, compiled and ready to be linked. `W` is the `World` that `tenon types` writes for it.
 * @example
 * ```ts
 * import { Component } from 'tenon';
 *
 * const component = await Component.load('examples/composed/style.wasm');
 * const { exports } = await component.instantiate();
 * console.log((exports['demo:text/fold'] as { fold(text: string): string }).fold('Grüße')); // prints grüße
 * ```
 */
export class Component<W extends WorldTypes = AnyWorld> {
  /** What it imports, in order: names and resolved types. */
  readonly imports: readonly NamedExtern[];
  /** What it exports, in order. */
  readonly exports: readonly NamedExtern[];
  /** For TypeScript alone: a component of one world is none of another. */
  declare protected readonly world: W;

  private constructor(imports: readonly NamedExtern[], exports: readonly NamedExtern[]) {
    this.imports = imports;
    this.exports = exports;
  }

  /**
   * Loads a component: bytes, a `Response`, a `URL`, or (where the platform has files) a path. `load<World>` types what it is given
   * and what it exports; whether the component is of that world is not checked here.
   * @throws MalformedError if the bytes are no component
   * @throws ValidationError if the component breaks a rule of the specification
   */
  static async load<W extends WorldTypes = AnyWorld>(
    source: Source | Promise<Source>,
    options: LoadOptions = {},
  ): Promise<Component<W>> {
    const bytes = await readSource(await source);
    const { cache } = options;
    const kept = await cache?.get(bytes);
    const known = kept === undefined ? undefined : readArtifact(kept.artifact, bytes);
    if (known !== undefined) {
      const compiling = compileModules(bytes, known.modules);
      compiling.catch(() => {});
      if (kept?.confirm?.() !== false) {
        const component = new Component<W>(known.imports, known.exports);
        setLoaded(component, () => decodeComponent(bytes), known.plan);
        // They were valid before; linking goes on meanwhile.
        setCompiling(component, compiling);
        return component;
      }
    }
    // The engine compiles on threads of its own meanwhile.
    const modules = moduleRanges(bytes);
    const compiling = compileModules(bytes, modules);
    compiling.catch(() => {});
    const data = decodeComponent(bytes);
    const validated = validateComponent(data, {
      coreBodies: 'skip',
      ...(options.features === undefined ? {} : { features: options.features }),
    });
    await finishCompiling(compiling, data, options);
    const { imports, exports } = validated;
    const component = new Component<W>(imports, exports);
    setLoaded(component, () => data);
    if (cache !== undefined) keep(cache, component, bytes, modules);
    return component;
  }

  /**
   * Links and instantiates in one step. For many instances, {@link Linker.link} once.
   * @throws LinkError if an import is missing or does not fit; it lists all of them
   */
  instantiate<V extends WorldTypes>(this: Component<V> & Complete<V, Record<never, never>>): Promise<Instance<V>>;
  instantiate<V extends WorldTypes, G extends Offers<V>>(
    this: Component<V> & Complete<V, G>,
    imports: G,
    options?: LinkOptions,
  ): Promise<Instance<V>>;
  async instantiate(imports: unknown = {}, options: LinkOptions = {}): Promise<Instance<WorldTypes>> {
    if (typeof imports !== 'object' || imports === null) {
      throw new UsageError('bad-imports', 'the imports are not an object', { found: typeof imports });
    }
    return (await new Linker().defineAll(imports as Imports).link<WorldTypes>(this, options)).instantiate();
  }
}
