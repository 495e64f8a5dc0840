/**
 * The sections of a wasm file by their sizes alone, without what is in them: whether all of it is there, and whether it holds types only.
 * Specification: Binary, "Component Definitions": `section_N(B) ::= N size:<u32> B`. Nested components are not looked into.
 */
import { Reader } from '../core/reader.ts';
import { MalformedError } from '../error/error.ts';

export interface Outline {
  readonly sections: readonly { readonly id: number; readonly start: number; readonly end: number }[];
  /** How many bytes the file must have at least; more than it has where it was cut off. */
  readonly needed: number;
}

/** Reads section after section; the preamble must be that of a module or component. */
export function outline(bytes: Uint8Array<ArrayBuffer>): Outline {
  const sections: { id: number; start: number; end: number }[] = [];
  const r = new Reader(bytes, 8);
  try {
    while (!r.done) {
      const id = r.byte();
      const size = r.u32();
      const end = r.at + size;
      if (end > bytes.length) return { sections, needed: end };
      sections.push({ id, start: r.at, end });
      r.at = end;
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    // The end came within a size; a size that is malformed is for the decoder to tell.
    return { sections, needed: r.done ? bytes.length + 1 : bytes.length };
  }
  return { sections, needed: bytes.length };
}

const CUSTOM = 0;
const TYPE = 7;
const EXPORT = 11;
const COMPONENT_TYPE = 0x41;

/** Whether a component is a WIT package in binary form: types of components that are exported, and nothing else. */
export function isWitPackage(bytes: Uint8Array<ArrayBuffer>, { sections }: Outline): boolean {
  const types = sections.filter((s) => s.id === TYPE);
  return (
    types.length > 0 &&
    sections.some((s) => s.id === EXPORT) &&
    sections.every((s) => s.id === CUSTOM || s.id === TYPE || s.id === EXPORT) &&
    types.every((s) => bytes[s.start] === 1 && bytes[s.start + 1] === COMPONENT_TYPE)
  );
}
