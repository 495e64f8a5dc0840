/** Collects the sections of a core module and writes them in their order. Specification: core 3.0, "Binary format, modules". */
import { CodeWriter } from '../../util/code-writer.ts';

/** The sections by their names in the text format, in the order of the binary format. */
const IDS = {
  type: 1,
  import: 2,
  func: 3,
  table: 4,
  memory: 5,
  tag: 13,
  global: 6,
  export: 7,
  start: 8,
  elem: 9,
  datacount: 12,
  code: 10,
  data: 11,
} as const;

export type SectionName = keyof typeof IDS;

const ORDER = Object.keys(IDS) as SectionName[];

/** The section of an id and its place among the others; undefined if there is none, or if it is a custom section. */
export function sectionOfId(id: number): { readonly name: SectionName; readonly place: number } | undefined {
  const place = ORDER.findIndex((name) => IDS[name] === id);
  return place < 0 ? undefined : { name: ORDER[place]!, place };
}

/** True for what may stand behind `before` and `after` in `(@custom …)`. */
export function isSectionName(text: string): text is SectionName {
  return Object.hasOwn(IDS, text) && text !== 'datacount';
}

interface Section {
  count: number;
  readonly w: CodeWriter;
}

export class Sections {
  readonly #sections = new Map<SectionName, Section>();
  readonly #customs: { readonly place: string; readonly name: string; readonly data: Uint8Array }[] = [];

  /** Where to write one more entry of a section. */
  entry(name: SectionName): CodeWriter {
    let section = this.#sections.get(name);
    if (section === undefined) {
      section = { count: 0, w: new CodeWriter() };
      this.#sections.set(name, section);
    }
    section.count++;
    return section.w;
  }

  count(name: SectionName): number {
    return this.#sections.get(name)?.count ?? 0;
  }

  /** `place`: `before first`, `before func`, `after func`, `after last`. */
  custom(place: string, name: string, data: Uint8Array): void {
    this.#customs.push({ place, name, data });
  }

  #writeCustoms(out: CodeWriter, place: string): void {
    for (const custom of this.#customs)
      if (custom.place === place) out.byte(0).sized((w) => w.name(custom.name).raw(custom.data));
  }

  /** The module; `names` is the contents of the name section, empty for none. */
  finish(names: Uint8Array): Uint8Array<ArrayBuffer> {
    const out = new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    this.#writeCustoms(out, 'before first');
    for (const name of ORDER) {
      this.#writeCustoms(out, `before ${name}`);
      const section = this.#sections.get(name);
      if (section !== undefined) {
        out.byte(IDS[name]).sized((w) => {
          // These two hold a number instead of a vector.
          if (name !== 'start' && name !== 'datacount') w.u(section.count);
          w.raw(section.w.view());
        });
      }
      this.#writeCustoms(out, `after ${name}`);
    }
    this.#writeCustoms(out, 'after last');
    if (names.length > 0) out.byte(0).sized((w) => w.name('name').raw(names));
    return out.finish();
  }
}
