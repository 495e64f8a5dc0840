/** Input for the unit tests of this folder: binaries and components put together by hand, seeded noise. */
import type { Component, Definition } from '../types/definition.ts';
import { CodeWriter } from '../util/code-writer.ts';

/** The id of a section and what writes its contents. */
export type SectionInput = readonly [id: number, write: (w: CodeWriter) => void];

/** A component of sections with these contents. */
export function binary(...sections: readonly SectionInput[]): Uint8Array<ArrayBuffer> {
  const out = new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
  for (const [id, write] of sections) out.byte(id).sized(write);
  return out.finish();
}

/** A component with these definitions; what has a range refers to `bytes`. */
export function componentOf(
  definitions: readonly Definition[],
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(),
  customs: Component['customs'] = [],
): Component {
  return { kind: 'component', bytes, start: 0, end: bytes.length, definitions, customs, sections: [] };
}

/** A decoded component without offsets, with copies of the bytes that it refers to: what two encodings of it have in common. */
export function plain(component: Component): unknown {
  const { bytes } = component;
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== 'object' || value === null) return value;
    if ('kind' in value && value.kind === 'component' && 'bytes' in value) return plain(value as Component);
    const entries = Object.entries(value).filter(([key]) => !['offset', 'start', 'end'].includes(key));
    const out = Object.fromEntries(entries.map(([key, inner]) => [key, copy(inner)]));
    if ('start' in value && 'end' in value) out['contents'] = bytes.slice(value.start as number, value.end as number);
    return out;
  };
  return {
    definitions: copy(component.definitions),
    customs: copy(component.customs),
    sections: component.sections.map(({ id, count }) => ({ id, count })),
  };
}

/** Numbers in 0..1 that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
