/**
 * One interface out of two readings of it: a component that imports and exports an interface may have other parts of it on each side.
 * Specification: WIT, "Package format", read backwards. Parts of one name are taken to be the same; nothing is compared.
 */
import type { WitFunc, WitInterface, WitTypeDef, WitUse } from '../wit/document.ts';

function missing<T>(have: readonly T[], more: readonly T[], key: (item: T) => string): T[] {
  const known = new Set(have.map(key));
  return more.filter((item) => !known.has(key(item)));
}

/** A constructor has no name of its own. Methods and static functions of one resource share their names. */
function funcKey(func: WitFunc): string {
  return func.kind === 'constructor' ? '[constructor]' : func.name;
}

type UsedName = WitUse['names'][number] & { readonly interface: string };

function usedNames(uses: readonly WitUse[]): UsedName[] {
  return uses.flatMap((use) => use.names.map((name) => ({ ...name, interface: use.interface })));
}

/** Names that stand together come from one `use`. */
function groupUses(names: readonly UsedName[]): WitUse[] {
  const groups: { readonly interface: string; readonly names: { name: string; as: string }[] }[] = [];
  for (const { interface: from, name, as } of names) {
    const last = groups.at(-1);
    if (last?.interface === from) last.names.push({ name, as });
    else groups.push({ interface: from, names: [{ name, as }] });
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
