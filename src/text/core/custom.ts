/** `(@custom …)` and `(@producers …)`. Specification: core 3.0, "Custom Sections" of the text format; tool conventions. */
import { CodeWriter } from '../../util/code-writer.ts';
import { Cursor } from '../cursor.ts';
import type { Annotation } from '../node.ts';
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

export function producersSection(node: Annotation, sections: Sections): void {
  const { name, data } = producers(node);
  sections.custom('after last', name, data);
}
