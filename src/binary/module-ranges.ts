/**
 * Where the core modules of a component lie, found by the headers of its sections alone: the engine can begin to compile them before anything
 * else is read. Does not judge; of what is damaged it gives what comes before. Specification: Binary, "component".
 */
import { readPreamble } from '../core/preamble.ts';
import { Reader } from '../core/reader.ts';

export interface ModuleRange {
  readonly start: number;
  readonly end: number;
}

const CORE_MODULE = 1;
const COMPONENT = 4;
/** Deeper ones are refused when the component is decoded. */
const MAX_DEPTH = 101;

/** The ranges of all core modules, those of nested components included. */
export function moduleRanges(bytes: Uint8Array<ArrayBuffer>): readonly ModuleRange[] {
  const found: ModuleRange[] = [];
  try {
    collect(bytes, 0, bytes.length, MAX_DEPTH, found);
  } catch {
    // Decoding says what is wrong.
  }
  return found;
}

function collect(bytes: Uint8Array<ArrayBuffer>, start: number, end: number, depth: number, into: ModuleRange[]): void {
  if (depth === 0 || readPreamble(bytes, start, end) !== 'component') return;
  const r = new Reader(bytes, start + 8, end, undefined);
  while (!r.done) {
    const id = r.byte();
    const size = r.u32();
    const body = r.sub(size);
    if (id === CORE_MODULE) into.push({ start: body.at, end: body.end });
    else if (id === COMPONENT) collect(bytes, body.at, body.end, depth - 1, into);
  }
}
