/**
 * The interpreter against recordings of the specification's own executable definition (definitions.py of pull request #705): values that were
 * lifted from one memory and lowered into another, some of them damaged before. Left out is what a `latin1+utf16` source gives to a memory
 * of another width, since there the definition takes the tag off the length as if it were the target's.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Guest } from '../../test/support/guest.ts';
import { Trap, type TrapCode } from '../error/trap.ts';
import type { StringEncoding } from '../types/definition.ts';
import type { ValueType } from '../types/value-type.ts';
import { liftValues, lowerValues } from './call.ts';
import { type FlatType, flattenTypes, pointerSize, pointerType } from './flatten.ts';
import type { Flat } from './lift-flat.ts';

type Side = readonly [encoding: StringEncoding, width: '32' | '64'];
/** What of a memory is not zero. */
type Runs = readonly (readonly [at: number, hex: string])[];

interface Recorded {
  readonly types: readonly ValueType[];
  /** How many core values are passed flat at most, by who gives them and to whom they go. */
  readonly from: number;
  readonly to: number;
  readonly source: Side;
  readonly target: Side;
  /** Where a result in memory goes. */
  readonly pointer?: number;
  readonly given: readonly string[];
  readonly memory: Runs;
  readonly ends:
    | { readonly flat: readonly string[]; readonly memory: Runs; readonly reallocs: readonly (readonly number[])[] }
    /** The function of the definition that trapped. */
    | { readonly trap: string };
}

const FILE = join(import.meta.dirname, 'fixtures/definition.json');
const recorded = JSON.parse(readFileSync(FILE, 'utf8')) as readonly Recorded[];

/** The traps of each function of the definition. */
const TRAPS: Readonly<Record<string, readonly TrapCode[]>> = {
  lift_flat_values: ['unaligned-pointer', 'memory-out-of-bounds'],
  lower_flat_values: ['unaligned-pointer', 'memory-out-of-bounds'],
  load_string_from_range: [
    'string-out-of-bounds',
    'unaligned-pointer',
    'invalid-utf8',
    'incomplete-utf8',
    'invalid-utf16',
  ],
  load_list_from_range: ['list-out-of-bounds', 'unaligned-pointer'],
  lift_flat_variant: ['invalid-discriminant'],
  load_variant: ['invalid-discriminant'],
  convert_i32_to_char: ['invalid-char'],
};

/** No handles pass. */
const NONE = { own: 0, borrow: 0 };
const bits = new DataView(new ArrayBuffer(8));

function guestOf([encoding, width]: Side): Guest {
  return new Guest({ encoding, width });
}

/** The core types by which values are passed on a side. */
function coreTypes({ shape }: Guest, types: readonly ValueType[], most: number): readonly FlatType[] {
  const flat = flattenTypes(types, pointerSize(shape));
  return flat.length > most ? [pointerType(shape)] : flat;
}

function parse(text: string, type: FlatType | undefined): Flat {
  if (type === 'i64') return BigInt.asIntN(64, BigInt(text));
  return type === 'i32' ? Number(text) | 0 : Number(text);
}

/** A core value as the recording has it: unsigned, floats by their bits. */
function print(value: Flat, type: FlatType | undefined): string {
  if (typeof value === 'bigint') return String(BigInt.asUintN(64, value));
  if (type === 'i32') return String(value >>> 0);
  if (Number.isNaN(value)) return 'NaN';
  if (type === 'f32') bits.setFloat32(0, value);
  else bits.setFloat64(0, value);
  return `f ${type === 'f32' ? bits.getUint32(0) : bits.getBigUint64(0)}`;
}

function fill(guest: Guest, runs: Runs): Uint8Array {
  for (const [at, hex] of runs) guest.memory.u8.set(Buffer.from(hex, 'hex'), at);
  return guest.memory.u8;
}

function carry({ types, from, to, source, target, pointer, given, memory }: Recorded): unknown {
  const [giver, taker] = [guestOf(source), guestOf(target)];
  fill(giver, memory);
  const wants = coreTypes(giver, types, from);
  const flat = given.map((text, i) => parse(text, wants[i]));
  const goes = coreTypes(taker, types, to);
  const spills = flattenTypes(types, pointerSize(taker.shape)).length > to;
  const values = liftValues(giver.context(NONE), from, flat, types);
  const lowered = lowerValues(taker.context(NONE), to, values, types, spills ? pointer : undefined);
  return {
    flat: lowered.map((value, i) => print(value, goes[i])),
    memory: taker.memory.u8,
    reallocs: taker.traces.map(({ args, answer }) => [...args, answer]),
  };
}

test(`${recorded.length} recorded passages of values`, () => {
  const met = new Set<string>();
  for (const [i, one] of recorded.entries()) {
    const { ends } = one;
    const name = `recording ${i}: ${JSON.stringify(one.types)}`;
    if ('trap' in ends) {
      met.add(ends.trap);
      assert.throws(
        () => carry(one),
        (error) => error instanceof Trap && TRAPS[ends.trap]!.includes(error.code),
        name,
      );
    } else {
      const memory = fill(guestOf(one.target), ends.memory);
      assert.deepEqual(carry(one), { ...ends, memory }, name);
    }
  }
  assert.deepEqual([...met].sort(), Object.keys(TRAPS).sort());
});
