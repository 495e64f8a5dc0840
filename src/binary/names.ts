/**
 * The custom section `component-name`: names of the component and of its definitions. Specification: Binary, "Name Section". What
 * is not well formed is ignored: everything before it counts.
 */
import { Reader } from '../core/reader.ts';
import { MalformedError } from '../error/error.ts';
import type { AnySort, Component } from '../types/definition.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { encodeSort, sort } from './component/sorts.ts';

/** The sorts in the order of the section. */
export const NAMED_SORTS: readonly AnySort[] = [
  'core func',
  'core table',
  'core memory',
  'core global',
  'core tag',
  'core type',
  'core module',
  'core instance',
  'func',
  'value',
  'type',
  'component',
  'instance',
];

export interface ComponentNames {
  readonly component: string | undefined;
  /** By sort, then by index in that sort's index space. */
  readonly items: ReadonlyMap<AnySort, ReadonlyMap<number, string>>;
}

interface Found {
  component: string | undefined;
  readonly items: Map<AnySort, Map<number, string>>;
}

/** `sortnames ::= sort:<sort> names:vec(<nameassoc>)`; a name that is there already stays. */
function readSortNames(r: Reader, found: Found): void {
  const s = sort(r);
  let names = found.items.get(s);
  if (names === undefined) {
    names = new Map();
    found.items.set(s, names);
  }
  for (let left = r.u32(); left > 0; left--) {
    const index = r.u32();
    const name = r.name();
    if (!names.has(index)) names.set(index, name);
  }
}

function readSubsections(r: Reader, found: Found): void {
  while (!r.done) {
    const id = r.byte();
    const body = r.sub(r.u32());
    if (id === 0) found.component ??= body.name();
    else if (id === 1) lenient(() => readSortNames(body, found));
  }
}

function lenient(read: () => void): void {
  try {
    read();
  } catch (error) {
    // A custom section never makes a component malformed.
    if (!(error instanceof MalformedError)) throw error;
  }
}

/** The names that a component gives its definitions; nested components have their own. Never throws on bad contents. */
export function decodeNames(component: Component): ComponentNames {
  const found: Found = { component: undefined, items: new Map() };
  for (const { name, start, end } of component.customs)
    if (name === 'component-name') lenient(() => readSubsections(new Reader(component.bytes, start, end), found));
  return found;
}

/** The contents of the section: the names of each sort in the order of their indices. Empty if nothing has a name. */
export function encodeNames({ component, items }: ComponentNames): Uint8Array<ArrayBuffer> {
  const out = new CodeWriter();
  if (component !== undefined) out.byte(0).sized((w) => w.name(component));
  for (const s of NAMED_SORTS) {
    const names = [...(items.get(s) ?? [])];
    if (names.length === 0) continue;
    out.byte(1).sized((w) => {
      encodeSort(w, s);
      w.vec(names, ([index, name]) => w.u(index).name(name));
    });
  }
  return out.finish();
}
