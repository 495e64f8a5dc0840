/**
 * Decides whether the names of a core module can be identifiers: only if a parser, which writes what they say into a name section
 * behind everything else, gives the same bytes again.
 */
import {
  decodeNameSection,
  type IndirectNameMap,
  isCanonical,
  type NamedSort,
  type NameMap,
  type NameSection,
} from '../../core/name-section.ts';
import { localCount, scanBody } from './function-body.ts';
import { ModuleNames } from './module-names.ts';
import { ModuleScope } from './module-scope.ts';
import { funcTypeAt, isWritten, type ModuleSource, type SourceSection } from './module-source.ts';

/**
 * `exact`: identifiers where the name section comes back as it was, else comments. `identifiers`: always, though the name section may
 * move. `comments`: never.
 */
export type NameChoice = 'exact' | 'identifiers' | 'comments';

/** Every name is of something that there is: all index spaces are in ascending order. */
function inRange(map: readonly (readonly [index: number, ...rest: unknown[]])[], size: number): boolean {
  const last = map.at(-1);
  return last === undefined || last[0] < size;
}

function membersInRange(maps: IndirectNameMap, owners: number, size: (owner: number) => number): boolean {
  return inRange(maps, owners) && maps.every(([owner, names]) => inRange(names, size(owner)));
}

/** How many blocks a function has. */
function blockCount(module: ModuleScope, func: number): number {
  const { bodies, importedFuncs } = module.source;
  const body = bodies[func - importedFuncs];
  return body === undefined ? 0 : scanBody(module, body).blocks;
}

function fieldCount(source: ModuleSource, type: number): number {
  const composite = source.types[type]?.composite;
  return composite?.kind === 'struct' ? composite.fields.length : 0;
}

function namesFit(source: ModuleSource, { direct, indirect }: NameSection): boolean {
  const { counts } = source;
  const sorts = Object.entries(direct) as [NamedSort, NameMap][];
  const module = new ModuleScope(source, new ModuleNames(undefined, 'comments'));
  return (
    sorts.every(([sort, names]) => inRange(names, counts[sort])) &&
    membersInRange(indirect.local, counts.func, (func) => localCount(source, func)) &&
    membersInRange(indirect.field, counts.type, (type) => fieldCount(source, type)) &&
    membersInRange(indirect.param, counts.type, (type) => funcTypeAt(source, type)?.params.length ?? 0) &&
    membersInRange(indirect.label, counts.func, (func) => blockCount(module, func))
  );
}

/** What comes back when a parser writes the names: the section is the only one of its kind, the last, canonical, and true. */
function comesBack(source: ModuleSource, section: SourceSection, names: NameSection): boolean {
  if (source.sections.findLast(isWritten) !== section) return false;
  const sameName = source.sections.filter((other) => other.kind === 'custom' && other.name === 'name');
  if (sameName.length > 1 || section.start === section.end) return false;
  return isCanonical(names, source.bytes.subarray(section.start, section.end)) && namesFit(source, names);
}

/**
 * The names of a module in the style that fits.
 * @throws MalformedError where the code of functions whose labels have names is malformed
 */
export function chooseNames(source: ModuleSource, choice: NameChoice): ModuleNames {
  const section = source.sections.find((s) => s.kind === 'custom' && s.name === 'name');
  if (section === undefined) return new ModuleNames(undefined, choice === 'comments' ? 'comments' : 'identifiers');
  const names = decodeNameSection(source.bytes, section.start, section.end);
  const asIds = choice === 'identifiers' || (choice === 'exact' && comesBack(source, section, names));
  return new ModuleNames(names, asIds ? 'identifiers' : 'comments');
}
