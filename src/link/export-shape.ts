/**
 * The exports of a plan as the host sees them, with the names that JavaScript has for them. Plain data; known when a component is linked,
 * so that instances only define properties.
 */
import { memberName, toCamel, toPascal } from '../abi/js/names.ts';
import { tryParseExternName } from '../types/extern-name.ts';
import type { PlanFunc, PlanItem, PlanResource } from './plan.ts';

/** Where a function stands besides under its own name: as a function, or as a member of the class `of`. */
export type FunctionPlace =
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'constructor'; readonly of: string }
  | { readonly kind: 'method' | 'static'; readonly of: string; readonly name: string };

export type ExportShape =
  | { readonly kind: 'class'; readonly name: string; readonly resource: PlanResource }
  | {
      readonly kind: 'func';
      readonly name: string;
      /** For messages, such as `ns:pkg/iface@1.0.0#func`. */
      readonly path: string;
      readonly func: PlanFunc;
      readonly place: FunctionPlace | undefined;
    }
  | {
      readonly kind: 'instance';
      /** Its property. */
      readonly name: string;
      /** Further names, of properties that are not listed. */
      readonly names: readonly string[];
      readonly exports: readonly ExportShape[];
    };

function placeOf(name: string): FunctionPlace | undefined {
  const parsed = tryParseExternName(name);
  if (!parsed.ok) return undefined;
  const extern = parsed.value;
  switch (extern.kind) {
    case 'label':
      return { kind: 'function', name: memberName(extern.label) };
    case 'constructor':
      return { kind: 'constructor', of: toPascal(extern.resource) };
    case 'method':
      return { kind: 'method', of: toPascal(extern.resource), name: memberName(extern.name) };
    case 'static': {
      // A class's `prototype` cannot be redefined.
      const own = extern.name === 'prototype' ? 'prototype_' : memberName(extern.name);
      return { kind: 'static', of: toPascal(extern.resource), name: own };
    }
    default:
      return undefined;
  }
}

/** An interface is reached by its full name, and at the root without the version and by its own name in camel case. */
function otherNames(name: string, isRoot: boolean): readonly string[] {
  const names = name.includes(':') ? [] : [name];
  const parsed = tryParseExternName(name);
  if (!isRoot || !parsed.ok || parsed.value.kind !== 'interface') return names;
  return [...names, parsed.value.unversioned, toCamel(parsed.value.projection)];
}

const known = new WeakMap<ReadonlyMap<string, PlanItem>, readonly ExportShape[]>();

/** The shape of a plan's exports: found once, however often the plan is linked. */
export function exportShape(exports: ReadonlyMap<string, PlanItem>): readonly ExportShape[] {
  let shape = known.get(exports);
  if (shape === undefined) {
    shape = shapeOf(exports, []);
    known.set(exports, shape);
  }
  return shape;
}

/** Classes come first, since functions are members of theirs. */
function shapeOf(exports: ReadonlyMap<string, PlanItem>, path: readonly string[]): readonly ExportShape[] {
  const classes: ExportShape[] = [];
  const others: ExportShape[] = [];
  for (const [name, item] of exports) {
    const inner = [...path, name];
    if (item.kind === 'type' && item.type.kind === 'resource')
      classes.push({ kind: 'class', name: toPascal(name), resource: item.type.resource });
    else if (item.kind === 'func')
      others.push({ kind: 'func', name, path: inner.join('#'), func: item.func, place: placeOf(name) });
    else if (item.kind === 'instance')
      others.push({
        kind: 'instance',
        name: name.includes(':') ? name : toCamel(name),
        names: otherNames(name, path.length === 0),
        exports: shapeOf(item.exports, inner),
      });
  }
  return [...classes, ...others];
}
