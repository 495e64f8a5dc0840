/**
 * One interface out of two readings of it: a component that imports and exports an interface may have other parts of it on each side.
 * Specification: WIT, "Package format", read backwards. Parts of one name are taken to be the same; nothing is compared.
 */
import type { WitAttributes, WitFunc, WitInterface, WitTypeDef, WitUse } from '../wit/document.ts';

function missing<T>(have: readonly T[], more: readonly T[], key: (item: T) => string): T[] {
  const known = new Set(have.map(key));
  return more.filter((item) => !known.has(key(item)));
}

/** A constructor has no name of its own. Methods and static functions of one resource share their names. */
function funcKey(func: WitFunc): string {
  return func.kind === 'constructor' ? '[constructor]' : func.name;
}

/** One name of a `use`. */
export interface UsedName extends WitAttributes {
  /** As `WitUse` has it. */
  readonly interface: string;
  readonly name: string;
  readonly as: string;
}

function usedNames(uses: readonly WitUse[]): UsedName[] {
  return uses.flatMap(({ names, ...use }) => names.map((name) => ({ ...use, ...name })));
}

/** Names that stand together come from one `use`, in their order; one with an attribute has a `use` of its own. */
export function groupUses(names: readonly UsedName[]): WitUse[] {
  const groups: (WitUse & { readonly names: { name: string; as: string }[] })[] = [];
  for (const { name, as, ...use } of names) {
    const last = groups.at(-1);
    const plain = last?.externalId === undefined && use.externalId === undefined;
    if (plain && last?.interface === use.interface) last.names.push({ name, as });
    else groups.push({ ...use, names: [{ name, as }] });
  }
  return groups;
}

function mergeUses(a: readonly WitUse[], b: readonly WitUse[]): WitUse[] {
  const have = usedNames(a);
  return groupUses([...have, ...missing(have, usedNames(b), (used) => used.as)]);
}

function mergeTypes(a: readonly WitTypeDef[], b: readonly WitTypeDef[]): WitTypeDef[] {
  const others = new Map(b.map((def) => [def.name, def]));
  const merged = a.map((def): WitTypeDef => {
    const other = others.get(def.name);
    if (def.kind !== 'resource' || other?.kind !== 'resource') return def;
    return { ...def, funcs: [...def.funcs, ...missing(def.funcs, other.funcs, funcKey)] };
  });
  return [...merged, ...missing(a, b, (def) => def.name)];
}

/** An interface that is both imported and exported stands once, with what either of them has: `a` first. */
export function mergeInterfaces(a: WitInterface, b: WitInterface): WitInterface {
  return {
    uses: mergeUses(a.uses, b.uses),
    types: mergeTypes(a.types, b.types),
    funcs: [...a.funcs, ...missing(a.funcs, b.funcs, funcKey)],
  };
}
