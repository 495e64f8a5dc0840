/**
 * Components that were built ahead of time (`tenon build`): completes what their modules hold with what the host gives, the imports and
 * compiled core modules. Nothing is generated here.
 */

import type { ImportBorder } from '../abi/js/border.ts';
import { LinkError, UsageError } from '../error/error.ts';
import { setRaise } from '../error/trap.ts';
import type { ExportShape } from '../link/export-shape.ts';
import type { ModuleRef, Plan, PlanFunc } from '../link/plan.ts';
import type { ShimKey } from '../link/shims.ts';
import { invariant } from '../util/invariant.ts';
import { type Bindings, pathKey, showPath } from './bind.ts';
import { type Instance, type InstanceOptions, InstancePre } from './instance.ts';
import type { Kit } from './kit.ts';
import type {
  Factory,
  PlannedGroup,
  PlannedHost,
  Prepared,
  PreparedExport,
  PreparedGroup,
  RunnablePlan,
} from './prepared.ts';
import type { AnyWorld, FromImports, Imports, WorldTypes } from './world.ts';

/** Which form of modules this runtime completes. Another version of Tenon may have another. */
export const FORMAT = 1;

export interface BuiltHost extends PlannedHost {
  readonly factory: Factory<ImportBorder>;
}

export type BuiltGroup = PlannedGroup<string, BuiltHost>;

/** A component as its module holds it. What is not there is not needed. */
export interface Built {
  readonly format: number;
  /** Where its core modules are, by file name. */
  readonly files: { readonly [name: string]: () => URL };
  /** The file of what makes traps, for platforms that compile no modules while they run. */
  readonly trap: string;
  readonly plan: RunnablePlan;
  readonly imports?: Plan['imports'];
  /** Binds the imports (`built-groups.ts`). */
  readonly bind?: (built: Built, given: Imports, fuses: boolean) => Bindings;
  /** Core functions by steps; modules are file names. */
  readonly groups?: readonly BuiltGroup[];
  /** Completes the groups (`built-groups.ts`). */
  readonly complete?: (
    groups: readonly BuiltGroup[],
    bindings: Bindings,
    module: (name: string) => WebAssembly.Module,
  ) => readonly PreparedGroup[];
  readonly shape: readonly ExportShape[];
  readonly exports: ReadonlyMap<PlanFunc, PreparedExport>;
  readonly entries?: string;
  readonly shims?: { readonly [K in ShimKey]?: string };
  /** Throws where the engine cannot run it. */
  readonly check?: () => void;
  readonly kit: Kit;
}

/** Core modules by file name: an object of compiled ones, or a function that gives each, compiled or to be compiled. */
export type ModuleOption =
  | { readonly [name: string]: WebAssembly.Module }
  | ((name: string, url: URL) => ModuleGiven | Promise<ModuleGiven>);

export type ModuleGiven = WebAssembly.Module | Response | BufferSource;

/** Joins imports to what live instances export, without JavaScript in between: `fuse` of `tenon/fuse`. */
export type Fuse = (built: Built, bindings: Bindings) => Pick<Prepared, 'groups' | 'kit' | 'shims'> | undefined;

/** How a component that was built ahead of time is instantiated. */
export interface BuiltOptions extends InstanceOptions {
  /** Where its core modules come from. Without it they lie beside the module, and are fetched or read there. */
  readonly modules?: ModuleOption;
  /** `fuse` of `tenon/fuse`, where imports are exports of live instances. Without it these are functions of the host like others. */
  readonly fuse?: Fuse;
}

/** Gets what is at a URL. */
export type ReadUrl = (url: URL) => Promise<ModuleGiven>;

async function compiled(given: ModuleGiven): Promise<WebAssembly.Module> {
  if (given instanceof WebAssembly.Module) return given;
  // Not asked whether it is a Response: on Node that alone would load all that fetches.
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return WebAssembly.compile(given);
  if (!given.ok) throw new Error(`${given.status} ${given.statusText}`);
  const type = given.headers.get('content-type');
  return type?.startsWith('application/wasm') === true
    ? WebAssembly.compileStreaming(given)
    : WebAssembly.compile(await given.arrayBuffer());
}

type Modules = ReadonlyMap<string, WebAssembly.Module>;

async function loadModules(names: readonly string[], get: (name: string) => unknown): Promise<Modules> {
  const load = async (name: string): Promise<readonly [string, WebAssembly.Module]> => {
    try {
      return [name, await compiled((await get(name)) as ModuleGiven)];
    } catch (error) {
      throw new UsageError('core-module', `the core module ${name} cannot be loaded: ${(error as Error).message}`, {
        hint: 'keep the .wasm files beside the module, or give them as `modules`',
        cause: error,
      });
    }
  };
  return new Map(await Promise.all(names.map(load)));
}

const loaded = /* @__PURE__ */ new WeakMap<Built, Promise<Modules>>();

/** The core modules of a component: those that are given, or the files beside it, compiled once. */
async function modulesOf(built: Built, option: ModuleOption | undefined, read: ReadUrl): Promise<Modules> {
  const { files, trap } = built;
  const names = Object.keys(files).filter((name) => name !== trap);
  if (option === undefined) {
    let modules = loaded.get(built);
    if (modules === undefined) {
      modules = loadModules(names, (name) => read(files[name]!()));
      modules.catch(() => loaded.delete(built));
      loaded.set(built, modules);
    }
    return modules;
  }
  const get =
    typeof option === 'function' ? (name: string) => option(name, files[name]!()) : (name: string) => option[name];
  if (typeof option === 'function' || trap in option) await installTrap(built, get);
  return loadModules(names, get);
}

/** Platforms that give modules may compile none themselves. */
async function installTrap(built: Built, get: (name: string) => unknown): Promise<void> {
  const modules = await loadModules([built.trap], get);
  setRaise(new WebAssembly.Instance(modules.get(built.trap)!).exports['trap'] as () => void);
}

const NO_BINDINGS: Bindings = { functions: new Map(), resources: new Map(), modules: new Map() };

/**
 * Resolves and checks the imports of a built component, and loads its core modules.
 * @throws LinkError if an import is missing or does not fit; it lists all of them
 * @throws UsageError if a core module cannot be loaded
 */
export async function linkBuilt<W extends WorldTypes = AnyWorld>(
  built: Built,
  imports: Imports = {},
  options: BuiltOptions = {},
  read: ReadUrl = fetch,
): Promise<InstancePre<W>> {
  if (built.format !== FORMAT)
    throw new UsageError('other-version', 'the component was built for another version of Tenon', {
      expected: `form ${FORMAT}`,
      found: `form ${built.format}`,
      hint: 'run `tenon build` again',
    });
  if (typeof imports !== 'object' || imports === null)
    throw new UsageError('bad-imports', 'the imports are not an object', { found: typeof imports });
  built.check?.();
  const { fuse } = options;
  const bindings = built.bind?.(built, imports, fuse !== undefined) ?? NO_BINDINGS;
  const files = await modulesOf(built, options.modules, read);
  const file = (name: string): WebAssembly.Module => {
    const module = files.get(name);
    invariant(module !== undefined, `module ${name}`);
    return module;
  };
  const modules = (ref: ModuleRef): WebAssembly.Module => {
    if (ref.kind === 'file') return file(ref.name);
    const given = ref.kind === 'import' ? bindings.modules.get(pathKey(ref.path)) : undefined;
    if (given !== undefined) return given;
    const path = ref.kind === 'import' ? showPath(ref.path) : 'a nested component';
    throw new LinkError('missing-import', `no core module for ${path}`);
  };
  const { plan, shape, exports, entries, shims, kit } = built;
  const fused = [...bindings.functions.values()].some(({ kind }) => kind === 'live')
    ? fuse?.(built, bindings)
    : undefined;
  const prepared: Prepared = {
    plan,
    bindings,
    groups: fused?.groups ?? built.complete?.(built.groups ?? [], bindings, file) ?? [],
    shape,
    exports,
    entries: entries === undefined ? undefined : file(entries),
    mode: 'generated',
    flavour: 'plain',
    shims: fused?.shims ?? ((key) => file(shims?.[key] ?? key)),
    kit: fused?.kit ?? kit,
  };
  return new InstancePre<W>(prepared, modules, options);
}

/** The function `instantiate` of a built module. */
export type Instantiate<W extends WorldTypes> = FromImports<W, BuiltOptions, Instance<W>>;
/** The function `link` of a built module. */
export type Link<W extends WorldTypes> = FromImports<W, BuiltOptions, InstancePre<W>>;
