/**
 * How the items of a core module are called in its text. A parser turns identifiers into a name section behind everything else, so
 * that they can stand for a section only where that gives its bytes again; elsewhere names are comments. Specification: core 3.0,
 * "Name Section"; custom annotations proposal, "Name Annotations".
 */
import type { IndirectNameMap, NamedMember, NamedSort, NameMap, NameSection } from '../../core/name-section.ts';
import type { NameStyle } from './component-scope.ts';
import { comment, identifier, quoteName } from './literal.ts';

/** Identifiers that are made up begin so; what has such a name gets one of them too. */
const MADE_UP = '#';

/** Longer names are not repeated wherever they are referred to: a text stays linear in what it prints. */
const MAX_REPEATED = 300;

interface Called {
  /** Where it is defined: `$x` or `$"#func1 x" (@name "x")`, or a comment. */
  readonly head: string;
  /** Where it is referred to. */
  readonly ref: string;
}

function made(sort: string, index: number, name: string): Called {
  const shown = name === '' || name.length > MAX_REPEATED ? '' : ` ${name}`;
  const id = identifier(`${MADE_UP}${sort}${index}${shown}`);
  return { head: `${id} (@name ${quoteName(name)})`, ref: id };
}

function commented(index: number, name: string): Called {
  const shown = name.length > MAX_REPEATED ? `${name.slice(0, MAX_REPEATED)}…` : name;
  return { head: comment(`$${name}`), ref: `${index} ${comment(`$${shown}`)}` };
}

/** Whether a name can be an identifier by itself. */
function isId(name: string): boolean {
  return name !== '' && name.length <= MAX_REPEATED && !name.startsWith(MADE_UP);
}

/** How the entries of an index space are called; of two names for one index the first counts. */
function callAll(sort: NamedSort | NamedMember, names: NameMap, style: NameStyle): ReadonlyMap<number, Called> {
  const called = new Map<number, Called>();
  const taken = new Set<string>();
  for (const [index, name] of names) {
    if (called.has(index)) continue;
    if (style === 'comments') called.set(index, commented(index, name));
    else if (!isId(name) || taken.has(name)) called.set(index, made(sort, index, name));
    else {
      const id = identifier(name);
      called.set(index, { head: id, ref: id });
      taken.add(name);
    }
  }
  return called;
}

/** Names of what belongs to one function or type. */
export class MemberNames {
  readonly #called: ReadonlyMap<number, Called>;
  /** In front of the type of a member that has an identifier, such as `$x `; undefined if none has one. */
  readonly id: ((index: number) => string | undefined) | undefined;

  constructor(sort: NamedMember, names: NameMap, style: NameStyle) {
    const called = callAll(sort, names, style);
    this.#called = called;
    if (style === 'comments') this.id = undefined;
    else
      this.id = (index) => {
        const head = called.get(index)?.head;
        return head === undefined ? undefined : `${head} `;
      };
  }

  readonly ref = (index: number): string => this.#called.get(index)?.ref ?? String(index);
}

/** A label as a block defines it. */
export interface Label {
  readonly head: string;
  /** Undefined if it can only be referred to by its number. */
  readonly id: string | undefined;
}

/** The labels of one function, by the order of its blocks. Two may have one name: the inner one is meant. */
export class LabelNames {
  readonly #style: NameStyle;
  readonly #names: ReadonlyMap<number, string>;

  constructor(names: NameMap, style: NameStyle) {
    this.#style = style;
    this.#names = new Map(names.toReversed());
  }

  get(block: number): Label | undefined {
    const name = this.#names.get(block);
    if (name === undefined) return undefined;
    if (this.#style === 'comments') return { head: commented(block, name).head, id: undefined };
    if (!isId(name)) {
      const { head, ref } = made('label', block, name);
      return { head, id: ref };
    }
    const id = identifier(name);
    return { head: id, id };
  }
}

/** All names of a module. */
export class ModuleNames {
  readonly style: NameStyle;
  /** The module's own name. */
  readonly own: string | undefined;
  readonly #called: ReadonlyMap<NamedSort, ReadonlyMap<number, Called>>;
  readonly #members: ReadonlyMap<NamedMember, ReadonlyMap<number, NameMap>>;

  constructor(section: NameSection | undefined, style: NameStyle) {
    this.style = style;
    this.own = section?.module;
    const direct = Object.entries(section?.direct ?? {}) as [NamedSort, NameMap][];
    this.#called = new Map(direct.map(([sort, names]) => [sort, callAll(sort, names, style)]));
    const indirect = Object.entries(section?.indirect ?? {}) as [NamedMember, IndirectNameMap][];
    this.#members = new Map(indirect.map(([sort, maps]) => [sort, new Map(maps.toReversed())]));
  }

  readonly ref = (sort: NamedSort, index: number): string => this.#called.get(sort)?.get(index)?.ref ?? String(index);

  readonly typeRef = (index: number): string => this.ref('type', index);

  /** What stands behind the keyword of a definition, with a space in front: its identifier and, as a comment, its index. */
  head(sort: NamedSort, index: number): string {
    const number = `(;${index};)`;
    const called = this.#called.get(sort)?.get(index);
    if (called === undefined) return ` ${number}`;
    return this.style === 'comments' ? ` ${number} ${called.head}` : ` ${called.head} ${number}`;
  }

  /** The names of a function's locals, of a type's fields or parameters; undefined if none has one. */
  members(sort: Exclude<NamedMember, 'label'>, owner: number): MemberNames | undefined {
    const names = this.#members.get(sort)?.get(owner);
    return names === undefined ? undefined : new MemberNames(sort, names, this.style);
  }

  labels(func: number): LabelNames | undefined {
    const names = this.#members.get('label')?.get(func);
    return names === undefined ? undefined : new LabelNames(names, this.style);
  }
}
