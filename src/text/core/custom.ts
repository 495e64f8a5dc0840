/** `(@custom …)` and `(@producers …)`. Specification: core 3.0, "Custom Sections" of the text format; tool conventions. */
import { CodeWriter } from '../../util/code-writer.ts';
import { Cursor } from '../cursor.ts';
import { type Annotation, head } from '../node.ts';
import { isSectionName, type Sections } from './sections.ts';

/** `(before first)`, `(after last)`, `(before <section>)`, `(after <section>)`; behind the last section where nothing is said. */
function place(c: Cursor): string {
  const where = c.isList('before') ? 'before' : 'after';
  const inner = c.takeList(where);
  if (inner === undefined) return 'after last';
  const section = inner.word('a section').text;
  inner.finish();
  const edge = where === 'before' ? 'first' : 'last';
  if (section !== edge && !isSectionName(section)) throw new Cursor(c.owner).unexpected('a section');
  return `${where} ${section}`;
}

export interface Custom {
  readonly name: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** `(@custom "name" <place>? "data"*)` */
export function customSection(node: Annotation, sections: Sections): void {
  const c = new Cursor(node);
  const name = c.name();
  const at = place(c);
  const data = c.data();
  c.finish();
  sections.custom(at, name, data);
}

/** `(@custom "name" "data"*)` of a component: it stands where it is written. */
export function componentCustom(node: Annotation): Custom {
  const c = new Cursor(node);
  const name = c.name();
  const data = c.data();
  c.finish();
  return { name, data };
}

const PRODUCER_FIELDS: Readonly<Record<string, string>> = {
  language: 'language',
  sdk: 'sdk',
  'processed-by': 'processed-by',
};

/** The contents of `(@producers (language "C" "11") …)`. */
export function producers(node: Annotation): Custom {
  const c = new Cursor(node);
  const fields = new Map<string, [string, string][]>();
  while (!c.done) {
    const inner = c.list();
    const field = PRODUCER_FIELDS[inner.word('`language`, `sdk` or `processed-by`').text];
    if (field === undefined) throw c.unexpected('`language`, `sdk` or `processed-by`');
    const entry: [string, string] = [inner.name(), inner.name()];
    inner.finish();
    fields.set(field, [...(fields.get(field) ?? []), entry]);
  }
  const w = new CodeWriter().vec([...fields], ([field, entries], out) =>
    out.name(field).vec(entries, ([name, version]) => out.name(name).name(version)),
  );
  return { name: 'producers', data: w.finish() };
}

/** The flags of symbols that have names. */
export const SYMBOL_FLAGS: Readonly<Record<string, number>> = {
  'binding-weak': 1 << 0,
  'binding-local': 1 << 1,
  'visibility-hidden': 1 << 2,
  undefined: 1 << 4,
  exported: 1 << 5,
  'explicit-name': 1 << 6,
  'no-strip': 1 << 7,
  tls: 1 << 8,
  absolute: 1 << 9,
};

function symbolFlags(c: Cursor): number {
  let flags = 0;
  while (!c.done) {
    const node = c.peek();
    const flag = node?.kind === 'word' && Object.hasOwn(SYMBOL_FLAGS, node.text) ? SYMBOL_FLAGS[node.text]! : undefined;
    if (flag !== undefined) c.skip();
    flags |= flag ?? c.u32('a flag of a symbol');
  }
  return flags >>> 0;
}

/** `(memory <size> <align>)`, `(table <size> <align>)` */
function sizeAndAlignment(c: Cursor, keyword: string): [number, number] {
  const inner = c.takeList(keyword);
  if (inner === undefined) return [0, 0];
  const pair: [number, number] = [inner.u32(), inner.u32()];
  inner.finish();
  return pair;
}

const DYLINK_IDS: Readonly<Record<string, number>> = {
  'mem-info': 1,
  needed: 2,
  'export-info': 3,
  'import-info': 4,
  'runtime-path': 5,
};

/** One entry of a subsection of `dylink.0`. */
function dylinkEntry(keyword: string, c: Cursor, w: CodeWriter): void {
  switch (keyword) {
    case 'mem-info':
      for (const part of ['memory', 'table']) for (const value of sizeAndAlignment(c, part)) w.u(value);
      return;
    case 'export-info':
      w.name(c.name()).u(symbolFlags(c));
      return;
    case 'import-info':
      w.name(c.name()).name(c.name()).u(symbolFlags(c));
      return;
    default:
      throw c.unexpected('a subsection of `dylink.0`');
  }
}

/** The contents of `(@dylink.0 (mem-info …) (needed "lib")* (export-info "f" flag*)* …)`. Specification: tool conventions, "Dynamic Linking". */
export function dylink(node: Annotation): Custom {
  const c = new Cursor(node);
  const out = new CodeWriter();
  while (!c.done) {
    const first = c.peek();
    const keyword = first?.kind === 'list' ? head(first) : '';
    const body = new CodeWriter();
    const id = DYLINK_IDS[keyword];
    if (id === undefined) throw c.unexpected('a subsection of `dylink.0`');
    let count = 0;
    if (id === 2 || id === 5) {
      const names: string[] = [];
      const inner = c.list(keyword);
      while (!inner.done) names.push(inner.name());
      body.vec(names, (name, w) => w.name(name));
    } else {
      const entries = new CodeWriter();
      // Neighbours share a subsection, but for the first kind, which has one entry.
      do {
        const inner = c.list(keyword);
        dylinkEntry(keyword, inner, entries);
        inner.finish();
        count++;
      } while (id !== 1 && c.isList(keyword));
      if (id !== 1) body.u(count);
      body.raw(entries.view());
    }
    out.byte(id).sized((w) => w.raw(body.view()));
  }
  return { name: 'dylink.0', data: out.finish() };
}

export function dylinkSection(node: Annotation, sections: Sections): void {
  const { name, data } = dylink(node);
  sections.custom('before first', name, data);
}

export function producersSection(node: Annotation, sections: Sections): void {
  const { name, data } = producers(node);
  sections.custom('after last', name, data);
}
