/**
 * The worlds of a WIT package in binary form. Specification: WIT, "Package format": each interface and world is an exported component
 * type that holds the thing itself as its only export. The component must be valid.
 */
import type { Component } from '../types/definition.ts';
import { behind, declarations, type Evaluated } from './evaluate.ts';
import { type NamedExport, node, Scope, type TypeNode } from './type-node.ts';

/** A WIT package: its name and its worlds, each evaluated when it is asked for. */
export interface WitPackageTypes {
  /** `ns:pkg@1.0.0`. */
  readonly name: string;
  readonly worlds: ReadonlyMap<string, () => Evaluated>;
}

/** `ns:pkg@1.0.0` of `ns:pkg/name@1.0.0`. */
function packageOf(name: string): string {
  return name.replace(/\/[^@]*/, '');
}

/** The one thing in the component type of an interface or world: its full name, and its type if it is a world. */
function contents(type: TypeNode): { readonly name: string; readonly world: TypeNode | undefined } | undefined {
  if (type.def.kind !== 'declared' || type.def.type.kind !== 'component') return undefined;
  const { scope, type: outer } = type.def;
  const only = outer.declarations.findLast((d) => d.kind === 'export');
  if (only === undefined) return undefined;
  const inner = new Scope(scope);
  declarations(inner, outer.declarations);
  return { name: only.name.name, world: only.type.kind === 'component' ? inner.types[only.type.index] : undefined };
}

function evaluateWorld(type: TypeNode): Evaluated {
  const { def } = behind(type) ?? type;
  const imports = new Map<string, NamedExport>();
  if (def.kind !== 'declared') return { imports, exports: new Map() };
  const exports = declarations(new Scope(def.scope), def.type.declarations, imports);
  return { imports, exports };
}

/** Reads a component as a WIT package; undefined if it is none. */
export function readWitPackage(component: Component): WitPackageTypes | undefined {
  const scope = new Scope(undefined);
  const worlds = new Map<string, () => Evaluated>();
  let name: string | undefined;
  for (const definition of component.definitions) {
    if (definition.kind === 'type') {
      const { type } = definition;
      if (type.kind !== 'component') return undefined;
      scope.types.push(node({ kind: 'declared', type, scope }));
      continue;
    }
    const type = definition.kind === 'export' ? scope.types[definition.index] : undefined;
    const found = type === undefined ? undefined : contents(type);
    if (definition.kind !== 'export' || definition.sort !== 'type' || type === undefined || found === undefined) {
      return undefined;
    }
    // An export of a type adds to the types.
    scope.types.push(type);
    name ??= packageOf(found.name);
    const { world } = found;
    if (world !== undefined) worlds.set(definition.name.name, () => evaluateWorld(world));
  }
  return name === undefined ? undefined : { name, worlds };
}
