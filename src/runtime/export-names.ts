/** What the names of a component's exports are in JavaScript: the same for each of its instances, so found once. */
import { toCamel, toPascal } from '../abi/js/names.ts';
import type { PlanItem } from '../link/plan.ts';
import { type ExternName, tryParseExternName } from '../types/extern-name.ts';
import { memberName } from './bind.ts';

export interface ExportName {
  /** Of an interface: by its full name; otherwise in camel case. */
  readonly own: string;
  /** Of a type. */
  readonly pascal: string;
  /** Other names of an interface: without the version, and its own name in camel case. */
  readonly aliases: readonly string[];
  /** Undefined where it cannot be parsed. */
  readonly kind: ExternName['kind'] | undefined;
  /** Of a function, method or static, as a member. */
  readonly member: string;
  /** The class of a constructor, method or static. */
  readonly resource: string;
}

function exportName(name: string): ExportName {
  const parsed = tryParseExternName(name);
  const plain = {
    own: name.includes(':') ? name : toCamel(name),
    pascal: toPascal(name),
    aliases: [],
    member: '',
    resource: '',
  };
  if (!parsed.ok) return { ...plain, kind: undefined };
  const extern = parsed.value;
  const { kind } = extern;
  switch (kind) {
    case 'interface':
      return { ...plain, kind, aliases: [extern.unversioned, toCamel(extern.projection)] };
    case 'label':
      return { ...plain, kind, member: memberName(extern.label) };
    case 'constructor':
      return { ...plain, kind, resource: toPascal(extern.resource) };
    default:
      return { ...plain, kind, member: memberName(extern.name), resource: toPascal(extern.resource) };
  }
}

const known = new WeakMap<ReadonlyMap<string, PlanItem>, ReadonlyMap<string, ExportName>>();

/** The names of the exports of a component or of an instance that it exports. */
export function exportNames(exports: ReadonlyMap<string, PlanItem>): ReadonlyMap<string, ExportName> {
  let names = known.get(exports);
  if (names === undefined) {
    names = new Map([...exports.keys()].map((name) => [name, exportName(name)]));
    known.set(exports, names);
  }
  return names;
}
