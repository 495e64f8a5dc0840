/** Declarations of components for TypeScript (`tenon/bindgen`). */
import { decodeComponent } from '../binary/decode.ts';
import { UsageError } from '../error/error.ts';
import type { Component } from '../runtime/component.ts';
import { dataOf } from '../runtime/loaded.ts';
import type { WorldTypes } from '../runtime/world.ts';
import type { Component as ComponentData } from '../types/definition.ts';
import type { Features } from '../types/features.ts';
import { validateComponent } from '../validate/validate.ts';
import { evaluateComponent } from '../wit-component/evaluate.ts';
import { type PackageDocs, readPackageDocs } from '../wit-component/package-docs.ts';
import { readWitPackage, type WitPackageTypes } from '../wit-component/worlds.ts';
import { collectWorld } from './collect.ts';
import { Comments, interfaceNames } from './comments.ts';
import { printDeclarations } from './dts.ts';

export { type BuildOptions, type BuiltFile, buildComponent } from './esm/build.ts';

/** How declarations are written. */
export interface TypesOptions {
  /** The component's file, for the comment at the top. Default `component.wasm`. */
  readonly name?: string;
  /** The world of a WIT package, where it has several. */
  readonly world?: string;
  /** Feature gates for the validation of bytes. */
  readonly features?: Partial<Features>;
}

function validated(bytes: Uint8Array<ArrayBuffer>, features: Partial<Features> | undefined): ComponentData {
  const data = decodeComponent(bytes);
  validateComponent(data, { coreBodies: 'skip', ...(features === undefined ? {} : { features }) });
  return data;
}

/** The world of a WIT package; undefined where it is a component, which has one. */
function chosenWorld(wit: WitPackageTypes | undefined, wanted: string | undefined): string | undefined {
  if (wit === undefined) {
    if (wanted === undefined) return undefined;
    throw new UsageError('which-world', 'only a WIT package has several worlds, and this is a component', {
      hint: 'leave the name of the world out',
    });
  }
  const { name, worlds } = wit;
  const names = [...worlds.keys()];
  if (names.length === 0) {
    throw new UsageError('no-world', `the package ${name} has interfaces, but no world`, {
      hint: 'a world says what a component imports and exports: add one that names the interfaces',
    });
  }
  const found = wanted === undefined && names.length === 1 ? names[0] : names.find((n) => n === wanted);
  if (found !== undefined) return found;
  const problem = wanted === undefined ? `has ${names.length} worlds` : `has no world "${wanted}"`;
  throw new UsageError('which-world', `the package ${name} ${problem}`, {
    expected: `one of ${names.join(', ')}`,
    hint: 'name one of them: `--world`, or the option `world`',
  });
}

/** Comments without a package are about the package that carries them. */
function ownDocs(docs: readonly PackageDocs[], name: string): readonly PackageDocs[] {
  return docs.map((section) => (section.package === undefined ? { ...section, package: name } : section));
}

/**
 * The TypeScript declarations (`.d.ts`) of a component for the host that loads it: imports, exports, resources, errors. `component`
 * is a loaded one, or the bytes of a component or of a WIT package in binary form.
 * @throws MalformedError, ValidationError if the bytes are no valid component
 * @throws UsageError `no-world`, `which-world` where a WIT package has no world, or several, or a component is asked for one
 * @example
 * ```ts
 * import { componentTypes } from 'tenon/bindgen';
 * import { parseText } from 'tenon/text';
 *
 * const { bytes } = parseText(`(component
 *   (import "hi" (func $hi (param "name" string)))
 *   (export "greet" (func $hi)))`);
 * const text = componentTypes(bytes);
 * console.log(text.includes('greet: (name: string) => void;')); // prints true
 * ```
 */
export function componentTypes<W extends WorldTypes>(
  component: Component<W> | Uint8Array<ArrayBuffer>,
  options: TypesOptions = {},
): string {
  const bytes = component instanceof Uint8Array ? component : undefined;
  const data = bytes === undefined ? dataOf(component) : validated(bytes, options.features);
  if (data === undefined) {
    throw new UsageError('not-a-component', 'declarations are made of a loaded Component, or of bytes', {
      hint: 'use Component.load, or pass a Uint8Array',
    });
  }
  const docs = readPackageDocs(data);
  const wit = readWitPackage(data);
  const name = options.name ?? 'component.wasm';
  const chosen = chosenWorld(wit, options.world);
  const world = chosen === undefined ? evaluateComponent(data) : wit!.worlds.get(chosen)!();
  const comments = new Comments(wit === undefined ? docs : ownDocs(docs, wit.name), interfaceNames(world), chosen);
  const file = options.world ?? name.replace(/\.wa(?:sm|t)$/, '');
  return printDeclarations(collectWorld(world, comments), { name, world: chosen, file, built: false });
}
