/**
 * Decodes a component: preamble, sections, nested components. Checks that the bytes are well formed, nothing else; core modules
 * are taken as ranges, their bodies are not walked. Specification: Binary, "Component Definitions".
 */

import { Reader } from '../core/reader.ts';
import { MalformedError } from '../error/error.ts';
import type { Component, CustomSection, Definition, SectionRange } from '../types/definition.ts';
import { alias } from './component/alias.ts';
import { canonDefinition } from './component/canons.ts';
import { coreType } from './component/core-types.ts';
import { exportDefinition, importDefinition } from './component/extern.ts';
import { coreInstance, instance } from './component/instances.ts';
import { typeDef } from './component/types.ts';

/** Components inside components. */
const MAX_NESTING = 100;

/** The 8 bytes that begin every component: magic, version 0x0d, layer 1. */
const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00] as const;

/** What the first eight bytes say a file is. */
export type Preamble = 'component' | 'core module' | 'unknown version' | 'truncated' | 'not wasm';

/** Looks at the preamble alone. */
export function readPreamble(bytes: Uint8Array, start = 0, end = bytes.length): Preamble {
  const length = Math.min(8, end - start);
  for (let i = 0; i < Math.min(4, length); i++) if (bytes[start + i] !== PREAMBLE[i]) return 'not wasm';
  if (length < 8) return 'truncated';
  const version = bytes[start + 4]! | (bytes[start + 5]! << 8);
  const layer = bytes[start + 6]! | (bytes[start + 7]! << 8);
  if (version === 0x0d && layer === 1) return 'component';
  return version === 1 && layer === 0 ? 'core module' : 'unknown version';
}

function checkPreamble(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
  switch (readPreamble(bytes, start, end)) {
    case 'component':
      return;
    case 'core module':
      throw new MalformedError('core-module', 'this is a core module, not a component', {
        offset: start,
        hint: 'a module for WASI preview 1 can be run with `tenon run`; others become components with `wasm-tools component new`',
      });
    case 'truncated':
      throw new MalformedError('truncated', 'unexpected end-of-file: the file ends within its first 8 bytes', {
        offset: end,
        hint: 'download or build it again',
      });
    case 'unknown version':
      throw new MalformedError('unknown-version', `unknown binary version: ${hex(bytes, start + 4, start + 8)}`, {
        offset: start + 4,
        expected: '0d 00 01 00 (a component)',
        hint: 'it was made by a newer or much older toolchain',
      });
    case 'not wasm':
      throw new MalformedError('not-wasm', 'bad magic number: this is not WebAssembly', {
        offset: start,
        expected: '00 61 73 6d',
        found: hex(bytes, start, Math.min(end, start + 4)),
      });
  }
}

function hex(bytes: Uint8Array, start: number, end: number): string {
  return [...bytes.subarray(start, end)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
}

function coreModule(r: Reader): Definition {
  const start = r.at;
  if (readPreamble(r.bytes, start, r.end) !== 'core module')
    r.fail('bad-core-module', 'bad magic number or version of a core module', start);
  r.at = r.end;
  return { kind: 'core module', offset: start, start, end: r.end };
}

function startSection(r: Reader): Definition {
  const offset = r.at;
  return r.fail('gated-values', 'component values and start functions are behind the feature gate "values"', offset);
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

function section(id: number, r: Reader, offset: number, depth: number, into: Building): void {
  const each = VECTORS[id];
  if (each !== undefined) {
    for (const definition of r.vec(each)) into.definitions.push(definition);
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
        component: decodeRange(r.bytes, start, r.end, depth + 1),
      });
      r.at = r.end;
      return;
    }
    case 9:
      into.definitions.push(startSection(r));
      return;
    case 12:
      r.fail('gated-values', 'the value section is behind the feature gate "values"', offset);
      break;
    default:
      r.fail('unknown-section', `malformed section id: ${id}`, offset);
  }
}

function decodeRange(bytes: Uint8Array<ArrayBuffer>, start: number, end: number, depth: number): Component {
  if (depth > MAX_NESTING) {
    throw new MalformedError('nested-too-deep', `components are nested more than ${MAX_NESTING} levels deep`, {
      offset: start,
    });
  }
  checkPreamble(bytes, start, end);
  const r = new Reader(bytes, start + 8, end);
  const into: Building = { definitions: [], customs: [], sections: [] };
  while (!r.done) {
    const offset = r.at;
    const id = r.byte();
    const size = r.u32();
    const body = r.sub(size);
    const before = into.definitions.length;
    section(id, body, offset, depth, into);
    if (!body.done) body.fail('section-size', 'section size mismatch: unexpected data at the end of the section');
    into.sections.push({ id, offset, end: body.end, count: into.definitions.length - before });
  }
  return { kind: 'component', bytes, start, end, ...into };
}

/**
 * Decodes the component that `bytes` holds.
 * @throws MalformedError with the byte offset
 */
export function decodeComponent(bytes: Uint8Array<ArrayBuffer>): Component {
  return decodeRange(bytes, 0, bytes.length, 0);
}
