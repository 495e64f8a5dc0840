/** How errors call the definition that stands next in a component, by section and index: the words of the validator's paths. */
import type { AnySort, Definition } from '../../types/definition.ts';
import { unreachable } from '../../util/invariant.ts';

/** The index space to which a definition adds, and how many items. */
function adds(definition: Definition): readonly [sort: AnySort | undefined, count: number] {
  switch (definition.kind) {
    case 'core type':
      return ['core type', definition.type.kind === 'rec' ? definition.type.rec.types.length : 1];
    case 'canon':
      return [definition.canon.kind === 'lift' ? 'func' : 'core func', 1];
    case 'import':
      return [definition.type.kind, 1];
    case 'alias':
    case 'export':
      return [definition.sort, 1];
    case 'start':
      return [undefined, 0];
    case 'core module':
    case 'core instance':
    case 'component':
    case 'instance':
    case 'type':
      return [definition.kind, 1];
    default:
      return unreachable(definition);
  }
}

/** What each section defines, by id; those with an index space are told apart by their index. */
const SECTIONS: Readonly<
  Record<number, AnySort | 'custom section' | 'alias' | 'canon' | 'start' | 'import' | 'export'>
> = {
  0: 'custom section',
  1: 'core module',
  2: 'core instance',
  3: 'core type',
  4: 'component',
  5: 'instance',
  6: 'alias',
  7: 'type',
  8: 'canon',
  9: 'start',
  10: 'import',
  11: 'export',
};

/** Sections whose items are not called by an index. */
const WITHOUT_INDEX: readonly number[] = [0, 6, 8, 9, 10, 11];

/** The path of the next definition of a section, `type 3`, inside what stands at `place`. */
export function nextItemPath(place: string, id: number, before: readonly Definition[]): string {
  const what = SECTIONS[id];
  if (what === undefined) return place;
  const label = WITHOUT_INDEX.includes(id) ? what : `${what} ${indexOf(what as AnySort, before)}`;
  return place === '' ? label : `${place} > ${label}`;
}

function indexOf(sort: AnySort, before: readonly Definition[]): number {
  let index = 0;
  for (const definition of before) {
    const [added, count] = adds(definition);
    if (added === sort) index += count;
  }
  return index;
}
