/**
 * Decodes a component: preamble, sections, nested components. Checks that the bytes are well formed, nothing else; core modules
 * are taken as ranges, their bodies are not walked. Specification: Binary, "Component Definitions".
 */

import { coreModuleProblem, hexBytes, readPreamble } from '../core/preamble.ts';
import { Reader } from '../core/reader.ts';
import { type Details, MalformedError } from '../error/error.ts';
import { type MalformedReason, malformed } from '../error/malformed-reason.ts';
import type { Component, CustomSection, Definition, SectionRange } from '../types/definition.ts';
import { featureLabel } from '../types/features.ts';
import { unreachable } from '../util/invariant.ts';
import { alias } from './component/alias.ts';
import { canonDefinition } from './component/canons.ts';
import { coreType } from './component/core-types.ts';
import { exportDefinition, importDefinition } from './component/extern.ts';
import { coreInstance, instance } from './component/instances.ts';
import { nextItemPath } from './component/item-path.ts';
import { typeDef } from './component/types.ts';

export { type Preamble, readPreamble } from '../core/preamble.ts';

/** Components inside components. */
const MAX_NESTING = 100;

const LAST_SECTION = 12;

function malformedError({ code, message }: MalformedReason, details: Details): MalformedError {
  return new MalformedError(code, message, details);
}

function checkPreamble(bytes: Uint8Array<ArrayBuffer>, start: number, end: number, place: () => string): void {
  const found = readPreamble(bytes, start, end);
  if (found === 'component') return;
  const path = place() === '' ? undefined : place();
  switch (found) {
    case 'core module':
      throw malformedError(malformed.coreModule(), {
        offset: start,
        path,
        hint: 'a module for WASI preview 1 can be run with `tenon run`; others become components with `wasm-tools component new`',
      });
    case 'truncated':
      throw malformedError(malformed.truncated(), { offset: end, path, hint: 'download or build it again' });
    case 'unknown version':
      throw malformedError(malformed.unknownVersion(hexBytes(bytes, start + 4, start + 8)), {
        offset: start + 4,
        path,
        expected: '0d 00 01 00 (a component)',
        hint: 'it was made by a newer or much older toolchain',
      });
    case 'not wasm':
      throw malformedError(malformed.notWasm(), {
        offset: start,
        path,
        expected: '00 61 73 6d',
        found: hexBytes(bytes, start, Math.min(end, start + 4)),
      });
    default:
      unreachable(found);
  }
}

/** `core:module`: its range; the contents are read by `src/core`. */
function coreModule(r: Reader): Definition {
  const start = r.at;
  const found = readPreamble(r.bytes, start, r.end);
  if (found !== 'core module') r.fail(coreModuleProblem(found, r.bytes, start), start);
  r.at = r.end;
  return { kind: 'core module', offset: start, start, end: r.end };
}

/** `start ::= f:<funcidx> arg*:vec(<valueidx>) r:<u32>`; the validator asks for its gate. */
function startDefinition(r: Reader): Definition {
  return { kind: 'start', offset: r.at, func: r.u32(), args: r.vec((x) => x.u32()), results: r.u32() };
}

/** Decodes one entry of a section that is a vector. */
const VECTORS: Readonly<Record<number, (r: Reader) => Definition>> = {
  2: coreInstance,
  3: (r) => ({ kind: 'core type', offset: r.at, type: coreType(r) }),
  5: instance,
  6: (r) => alias(r, r.at),
  7: (r) => ({ kind: 'type', offset: r.at, type: typeDef(r, 0) }),
  8: canonDefinition,
  10: importDefinition,
  11: exportDefinition,
};

/** Where a component stands: how deep, and its path from the root, empty there. */
interface Place {
  readonly depth: number;
  /** Found when an error asks for it. */
  readonly place: () => string;
}

interface Building {
  readonly definitions: Definition[];
  readonly customs: CustomSection[];
  readonly sections: SectionRange[];
}

function customSection(r: Reader, offset: number, into: Building): void {
  const name = r.name();
  into.customs.push({ kind: 'custom', name, offset, start: r.at, end: r.end, after: into.definitions.length });
  r.at = r.end;
}

/** `depth` and `place` are those of the component that has the section. */
function section(id: number, r: Reader, offset: number, into: Building, { depth, place }: Place): void {
  const each = VECTORS[id];
  if (each !== undefined) {
    r.vec((x) => into.definitions.push(each(x)));
    return;
  }
  switch (id) {
    case 0:
      customSection(r, offset, into);
      return;
    case 1:
      into.definitions.push(coreModule(r));
      return;
    case 4: {
      const start = r.at;
      into.definitions.push({
        kind: 'component',
        offset: start,
        component: decodeRange(r.bytes, start, r.end, {
          depth: depth + 1,
          place: nestedPlace(place, id, into.definitions),
        }),
      });
      r.at = r.end;
      return;
    }
    case 9:
      into.definitions.push(startDefinition(r));
      return;
    case 12:
      r.fail(malformed.gated('the value section', featureLabel('values')), offset);
      break;
    default:
      r.fail(malformed.sectionId(id), offset);
  }
}

/** Where a nested component stands, which the definitions before it tell: those that there are now. */
function nestedPlace(place: () => string, id: number, definitions: readonly Definition[]): () => string {
  const before = definitions.length;
  return () => nextItemPath(place(), id, definitions.slice(0, before));
}

function decodeRange(bytes: Uint8Array<ArrayBuffer>, start: number, end: number, at: Place): Component {
  const { depth, place } = at;
  if (depth > MAX_NESTING) {
    throw malformedError(malformed.nestedTooDeep('components', MAX_NESTING), { offset: start, path: place() });
  }
  checkPreamble(bytes, start, end, place);
  const r = new Reader(bytes, start + 8, end, depth === 0 ? undefined : place);
  const into: Building = { definitions: [], customs: [], sections: [] };
  while (!r.done) {
    const offset = r.at;
    const id = r.byte();
    if (id > LAST_SECTION) r.fail(malformed.sectionId(id), offset);
    const size = r.u32();
    const body = r.sub(size);
    body.path = () => nextItemPath(place(), id, into.definitions);
    const before = into.definitions.length;
    section(id, body, offset, into, at);
    if (!body.done) body.fail(malformed.sectionSize());
    into.sections.push({ id, offset, end: body.end, count: into.definitions.length - before });
  }
  return { kind: 'component', bytes, start, end, ...into };
}

/**
 * Decodes the component that `bytes` holds.
 * @throws MalformedError with the byte offset and the path of the item
 */
export function decodeComponent(bytes: Uint8Array<ArrayBuffer>): Component {
  return decodeRange(bytes, 0, bytes.length, { depth: 0, place: () => '' });
}
