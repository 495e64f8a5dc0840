/**
 * The name section of a core module, all subsections. Specification: core 3.0, "Name Section"; extended name section proposal. What
 * is not well formed is passed over when it is decoded; {@link isCanonical} tells whether encoding gives the same bytes again.
 */
import { MalformedError } from '../error/error.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { Reader } from './reader.ts';

/** Names in the order of the section. */
export type NameMap = readonly (readonly [index: number, name: string])[];
/** Names of what belongs to one function or type, by its index. */
export type IndirectNameMap = readonly (readonly [index: number, names: NameMap])[];

/** The subsections in the order of their ids, from 0: what they name, and whether it belongs to something. */
const SUBSECTIONS = [
  ['module', 'module'],
  ['func', 'direct'],
  ['local', 'indirect'],
  ['label', 'indirect'],
  ['type', 'direct'],
  ['table', 'direct'],
  ['memory', 'direct'],
  ['global', 'direct'],
  ['elem', 'direct'],
  ['data', 'direct'],
  ['field', 'indirect'],
  ['tag', 'direct'],
  ['param', 'indirect'],
] as const;

type Subsection = (typeof SUBSECTIONS)[number];
/** What has an index in its module. */
export type NamedSort = Extract<Subsection, readonly [string, 'direct']>[0];
/** What has an index in a function or type: `local` and `label` of functions, `field` and `param` of types. */
export type NamedMember = Extract<Subsection, readonly [string, 'indirect']>[0];

export interface NameSection {
  readonly module: string | undefined;
  readonly direct: Readonly<Record<NamedSort, NameMap>>;
  readonly indirect: Readonly<Record<NamedMember, IndirectNameMap>>;
}

type Mutable<T> = T extends readonly (infer Item)[] ? Item[] : never;

interface Found {
  module: string | undefined;
  readonly direct: Record<NamedSort, Mutable<NameMap>>;
  readonly indirect: Record<NamedMember, [number, Mutable<NameMap>][]>;
}

function noNames(): Found {
  return {
    module: undefined,
    direct: { func: [], type: [], table: [], memory: [], global: [], elem: [], data: [], tag: [] },
    indirect: { local: [], label: [], field: [], param: [] },
  };
}

function lenient(read: () => void): void {
  try {
    read();
  } catch (error) {
    // Custom sections never make a module malformed.
    if (!(error instanceof MalformedError)) throw error;
  }
}

/** `namemap ::= vec(idx name)`; what was read before a mistake counts. */
function readNameMap(r: Reader, names: Mutable<NameMap>): void {
  for (let left = r.u32(); left > 0; left--) names.push([r.u32(), r.name()]);
}

/** `indirectnamemap ::= vec(idx namemap)` */
function readIndirectNameMap(r: Reader, maps: [number, Mutable<NameMap>][]): void {
  for (let left = r.u32(); left > 0; left--) {
    const names: Mutable<NameMap> = [];
    maps.push([r.u32(), names]);
    readNameMap(r, names);
  }
}

function readSubsection(subsection: Subsection | undefined, r: Reader, found: Found): void {
  switch (subsection?.[1]) {
    case undefined:
      return;
    case 'module':
      found.module ??= r.name();
      return;
    case 'direct':
      readNameMap(r, found.direct[subsection[0]]);
      return;
    case 'indirect':
      readIndirectNameMap(r, found.indirect[subsection[0]]);
  }
}

/** The names of the section whose contents are `start`..`end`. Never throws on bad contents. */
export function decodeNameSection(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): NameSection {
  const found = noNames();
  lenient(() => {
    const r = new Reader(bytes, start, end);
    while (!r.done) {
      const id = r.byte();
      const body = r.sub(r.u32());
      lenient(() => readSubsection(SUBSECTIONS[id], body, found));
    }
  });
  return found;
}

function encodeNameMap(w: CodeWriter, names: NameMap): void {
  w.vec(names, ([index, name]) => w.u(index).name(name));
}

/** The contents of a name section; empty if nothing has a name. */
export function encodeNameSection({ module, direct, indirect }: NameSection): Uint8Array<ArrayBuffer> {
  const out = new CodeWriter();
  for (const [id, subsection] of SUBSECTIONS.entries()) {
    if (subsection[1] === 'module') {
      if (module !== undefined) out.byte(id).sized((w) => w.name(module));
    } else if (subsection[1] === 'direct') {
      const names = direct[subsection[0]];
      if (names.length > 0) out.byte(id).sized((w) => encodeNameMap(w, names));
    } else {
      const maps = indirect[subsection[0]].filter(([, names]) => names.length > 0);
      if (maps.length > 0) out.byte(id).sized((w) => w.vec(maps, ([index, names]) => encodeNameMap(w.u(index), names)));
    }
  }
  return out.finish();
}

function isAscending(map: readonly (readonly [index: number, ...rest: unknown[]])[]): boolean {
  return map.every(([index], i) => i === 0 || map[i - 1]![0] < index);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** True if a section says `names` in the one way that {@link encodeNameSection} has: in order, nothing twice, nothing else. */
export function isCanonical(names: NameSection, contents: Uint8Array): boolean {
  const { direct, indirect } = names;
  for (const map of Object.values(direct)) if (!isAscending(map)) return false;
  for (const maps of Object.values(indirect)) {
    if (!isAscending(maps) || !maps.every(([, map]) => isAscending(map))) return false;
  }
  return sameBytes(encodeNameSection(names), contents);
}
