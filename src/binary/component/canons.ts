/** Canonical definitions. Specification: Binary, "canon", "canonopt". */

import type { Reader } from '../../core/reader.ts';
import { malformed } from '../../error/malformed-reason.ts';
import type { Canon, CanonOption, Definition, StringEncoding } from '../../types/definition.ts';
import { type FeatureName, featureLabel } from '../../types/features.ts';
import { resultList } from './types.ts';

const ENCODINGS: readonly StringEncoding[] = ['utf8', 'utf16', 'latin1+utf16'];

/** What a byte would mean if a gate were open that cannot be opened. */
type Gated = Readonly<Record<number, readonly [meaning: string, gate: FeatureName]>>;

const GATED_OPTIONS: Gated = { 8: ['the option `core-type`', 'gc'], 9: ['the option `gc`', 'gc'] };

const GATED_CANONS: Gated = {
  46: ['`stream.forward`', 'forward'],
  47: ['`future.forward`', 'forward'],
  64: ['`thread.spawn-ref`', 'shared-threads'],
  65: ['`thread.spawn-indirect`', 'shared-threads'],
  66: ['`thread.available-parallelism`', 'shared-threads'],
};

/** Refuses a byte, and names the gate that would allow it if there is one. */
function unknown(r: Reader, byte: number, what: string, gated: Gated, offset: number): never {
  const entry = gated[byte];
  if (entry === undefined) return r.unknown(byte, what, offset);
  const [meaning, gate] = entry;
  return r.fail(malformed.gatedByte(byte, what, meaning, featureLabel(gate)), offset);
}

function option(r: Reader): CanonOption {
  const offset = r.at;
  const b = r.byte();
  switch (b) {
    case 0x00:
    case 0x01:
    case 0x02:
      return { kind: 'encoding', offset, encoding: ENCODINGS[b]! };
    case 0x03:
      return { kind: 'memory', offset, index: r.u32() };
    case 0x04:
      return { kind: 'realloc', offset, index: r.u32() };
    case 0x05:
      return { kind: 'post-return', offset, index: r.u32() };
    case 0x06:
      return { kind: 'async', offset };
    case 0x07:
      return { kind: 'callback', offset, index: r.u32() };
    default:
      return unknown(r, b, 'canonical option', GATED_OPTIONS, offset);
  }
}

function options(r: Reader): readonly CanonOption[] {
  return r.vec(option);
}

function context(r: Reader, kind: 'context.get' | 'context.set'): Canon {
  const from = r.at;
  const b = r.byte();
  if (b !== 0x7f && b !== 0x7e) r.unknown(b, 'context type', from);
  return { kind, type: b === 0x7f ? 'i32' : 'i64', slot: r.u32() };
}

type Decode = (r: Reader) => Canon;

const typed =
  (kind: 'stream.new' | 'future.new'): Decode =>
  (r) => ({ kind, type: r.u32() });
const copy =
  (kind: 'stream.read' | 'stream.write' | 'future.read' | 'future.write'): Decode =>
  (r) => ({ kind, type: r.u32(), options: options(r) });
const cancel =
  (kind: 'stream.cancel-read' | 'stream.cancel-write' | 'future.cancel-read' | 'future.cancel-write'): Decode =>
  (r) => ({ kind, type: r.u32(), async: r.boolean('async flag') });
const drop =
  (kind: 'stream.drop-readable' | 'stream.drop-writable' | 'future.drop-readable' | 'future.drop-writable'): Decode =>
  (r) => ({ kind, type: r.u32() });
const cancellable =
  (
    kind:
      | 'thread.yield'
      | 'thread.suspend'
      | 'thread.suspend-then-resume'
      | 'thread.yield-then-resume'
      | 'thread.suspend-then-promote'
      | 'thread.yield-then-promote',
  ): Decode =>
  (r) =>
    ({ kind, cancellable: r.boolean('cancellable flag') }) as Canon;
const setWait =
  (kind: 'waitable-set.wait' | 'waitable-set.poll'): Decode =>
  (r) => ({ kind, cancellable: r.boolean('cancellable flag'), memory: r.u32() });

/** By opcode, in the order of the binary format. */
const CANONS: Readonly<Record<number, Decode>> = {
  0: (r) => {
    r.zero('canonical function lift');
    return { kind: 'lift', func: r.u32(), options: options(r), type: r.u32() };
  },
  1: (r) => {
    r.zero('canonical function lower');
    return { kind: 'lower', func: r.u32(), options: options(r) };
  },
  2: (r) => ({ kind: 'resource.new', type: r.u32() }),
  3: (r) => ({ kind: 'resource.drop', type: r.u32() }),
  4: (r) => ({ kind: 'resource.rep', type: r.u32() }),
  5: () => ({ kind: 'task.cancel' }),
  6: (r) => ({ kind: 'subtask.cancel', async: r.boolean('async flag') }),
  9: (r) => ({ kind: 'task.return', result: resultList(r), options: options(r) }),
  10: (r) => context(r, 'context.get'),
  11: (r) => context(r, 'context.set'),
  12: cancellable('thread.yield'),
  13: () => ({ kind: 'subtask.drop' }),
  14: typed('stream.new'),
  15: copy('stream.read'),
  16: copy('stream.write'),
  17: cancel('stream.cancel-read'),
  18: cancel('stream.cancel-write'),
  19: drop('stream.drop-readable'),
  20: drop('stream.drop-writable'),
  21: typed('future.new'),
  22: copy('future.read'),
  23: copy('future.write'),
  24: cancel('future.cancel-read'),
  25: cancel('future.cancel-write'),
  26: drop('future.drop-readable'),
  27: drop('future.drop-writable'),
  28: (r) => ({ kind: 'error-context.new', options: options(r) }),
  29: (r) => ({ kind: 'error-context.debug-message', options: options(r) }),
  30: () => ({ kind: 'error-context.drop' }),
  31: () => ({ kind: 'waitable-set.new' }),
  32: setWait('waitable-set.wait'),
  33: setWait('waitable-set.poll'),
  34: () => ({ kind: 'waitable-set.drop' }),
  35: () => ({ kind: 'waitable.join' }),
  36: () => ({ kind: 'backpressure.inc' }),
  37: () => ({ kind: 'backpressure.dec' }),
  38: () => ({ kind: 'thread.index' }),
  39: (r) => ({ kind: 'thread.new-indirect', type: r.u32(), table: r.u32() }),
  40: () => ({ kind: 'thread.resume-later' }),
  41: cancellable('thread.suspend'),
  42: cancellable('thread.suspend-then-resume'),
  43: cancellable('thread.yield-then-resume'),
  44: cancellable('thread.suspend-then-promote'),
  45: cancellable('thread.yield-then-promote'),
};

export function canonDefinition(r: Reader): Definition {
  const offset = r.at;
  const b = r.byte();
  const decode = CANONS[b];
  if (decode === undefined) return unknown(r, b, 'canonical function', GATED_CANONS, offset);
  return { kind: 'canon', offset, canon: decode(r) };
}
