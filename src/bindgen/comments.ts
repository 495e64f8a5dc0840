/** Finds the documentation comments of interfaces and of the world among the sections that a component carries. */
import { tryParseExternName } from '../types/extern-name.ts';
import type { InterfaceDocs, PackageDocs, WorldDocs } from '../wit-component/package-docs.ts';
import type { ScopeComments, Side } from './model.ts';

interface Place {
  readonly package: string;
  readonly label: string;
}

function placeOf(name: string): Place | undefined {
  const parsed = tryParseExternName(name);
  if (!parsed.ok || parsed.value.kind !== 'interface') return undefined;
  const { namespace, package: pkg, projection, version } = parsed.value;
  return { package: `${namespace}:${pkg}${version === undefined ? '' : `@${version}`}`, label: projection };
}

const NONE: ScopeComments = { docs: undefined, funcs: new Map(), types: new Map() };

export class Comments {
  readonly #sections: readonly PackageDocs[];
  readonly #world: WorldDocs | undefined;
  readonly #places: readonly Place[];

  /**
   * `interfaces` are the names of all interfaces of the component; `world` is the name of the world in a WIT package. A component
   * does not name its world: comments on it are taken where the sections have those of one only.
   */
  constructor(sections: readonly PackageDocs[], interfaces: readonly string[], world: string | undefined) {
    this.#sections = sections;
    this.#places = interfaces.flatMap((name) => placeOf(name) ?? []);
    const worlds = sections.flatMap(({ worlds }) => [...worlds]);
    const [only] = world === undefined ? worlds : worlds.filter(([name]) => name === world);
    this.#world = world === undefined && worlds.length > 1 ? undefined : only?.[1];
  }

  /** The comment on the world itself. */
  get world(): string | undefined {
    return this.#world?.docs;
  }

  /** Comments on the functions and types of the world itself. */
  root(side: Side): ScopeComments {
    const world = this.#world;
    if (world === undefined) return NONE;
    const funcs = side === 'imports' ? world.funcs : new Map([...world.funcs, ...world.funcExports]);
    return { docs: undefined, funcs, types: world.types };
  }

  /** The comment where the world imports or exports an interface. */
  mention(side: Side, name: string): string | undefined {
    return side === 'imports' ? this.#world?.importDocs.get(name) : this.#world?.exportDocs.get(name);
  }

  interface(side: Side, name: string): ScopeComments {
    const place = placeOf(name);
    return (place === undefined ? this.#inline(side, name) : this.#named(place)) ?? NONE;
  }

  #inline(side: Side, name: string): InterfaceDocs | undefined {
    const exported = side === 'exports' ? this.#world?.interfaceExports.get(name) : undefined;
    return exported ?? this.#world?.interfaces.get(name);
  }

  #named(place: Place): InterfaceDocs | undefined {
    for (const section of this.#sections) {
      const docs = section.interfaces.get(place.label);
      const fits = section.package === undefined ? this.#isOnly(place) : section.package === place.package;
      if (docs !== undefined && fits) return docs;
    }
    return undefined;
  }

  /** A section without a package speaks of an interface that no other package has under the same name. */
  #isOnly(place: Place): boolean {
    return this.#places.every(({ package: pkg, label }) => label !== place.label || pkg === place.package);
  }
}

interface Named {
  readonly imports: ReadonlyMap<string, unknown>;
  readonly exports: ReadonlyMap<string, unknown>;
}

/** The names of interfaces, for their comments. */
export function interfaceNames({ imports, exports }: Named): readonly string[] {
  return [...new Set([...imports.keys(), ...exports.keys()])];
}
