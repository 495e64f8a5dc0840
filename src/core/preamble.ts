/** The first eight bytes of a file: magic, version, layer. Specification: Binary, "preamble". */
import { type MalformedReason, malformed } from '../error/malformed-reason.ts';
import { unreachable } from '../util/invariant.ts';

const MAGIC = [0x00, 0x61, 0x73, 0x6d] as const;

/** The preamble of a component: magic, version 0x0d, layer 1. */
export const COMPONENT_PREAMBLE = [...MAGIC, 0x0d, 0x00, 0x01, 0x00] as const;

/** What the first eight bytes say a file is. */
export type Preamble = 'component' | 'core module' | 'unknown version' | 'truncated' | 'not wasm';

/** Looks at the preamble alone. */
export function readPreamble(bytes: Uint8Array, start = 0, end = bytes.length): Preamble {
  const length = Math.min(8, end - start);
  for (let i = 0; i < Math.min(4, length); i++) if (bytes[start + i] !== MAGIC[i]) return 'not wasm';
  if (length < 8) return 'truncated';
  const version = bytes[start + 4]! | (bytes[start + 5]! << 8);
  const layer = bytes[start + 6]! | (bytes[start + 7]! << 8);
  if (version === 0x0d && layer === 1) return 'component';
  return version === 1 && layer === 0 ? 'core module' : 'unknown version';
}

/** Why something that had to be a core module is none. */
export function coreModuleProblem(
  found: Exclude<Preamble, 'core module'>,
  bytes: Uint8Array,
  start: number,
): MalformedReason {
  switch (found) {
    case 'component':
      return malformed.notCoreModule();
    case 'truncated':
      return malformed.truncated();
    case 'unknown version':
      return malformed.unknownVersion(hexBytes(bytes, start + 4, start + 8));
    case 'not wasm':
      return malformed.notWasm();
    default:
      return unreachable(found);
  }
}

/** Bytes as messages show them. */
export function hexBytes(bytes: Uint8Array, start: number, end: number): string {
  return [...bytes.subarray(start, end)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
}
