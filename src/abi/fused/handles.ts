/**
 * Moves own and borrowed handles between tables in core wasm, as `runtime/resource.ts` does in JavaScript: whatever is not the plain case
 * (an invalid handle, a table to be grown, a borrow whose resource is a third instance's) goes to the imported function, which does it
 * or traps. Layout of tables and of the log of lends: `runtime/control.ts`. Specification: CanonicalABI.md, `lift_own`, `lower_own`,
 * `lift_borrow`, `lower_borrow`, `deliver_resolve`.
 */
import {
  CALL_TOP,
  ENTRY_REP,
  ENTRY_SCOPE,
  ENTRY_SIZE,
  ENTRY_STATE,
  ENTRY_TYPE,
  LEND_FULL,
  LEND_INDEX,
  LEND_LOG,
  LEND_SIZE,
  LEND_SLOT,
  LEND_TAG,
  LEND_TOP,
  TABLE,
  TABLE_CAPACITY,
  TABLE_FREE,
  TABLE_LENGTH,
} from '../../runtime/control.ts';
import { FunctionWriter } from './function.ts';
import type { Shared, Side } from './side.ts';
import type { ResourceImports } from './spec.ts';

/** The OWN bit of an entry's state, and one lend in it; as in `runtime/table.ts`. */
const OWN = 1;
const LEND = 2;

const MOVE = { params: ['i32'], results: ['i32'] } as const;

/** Emits: `entry` is the place of handle 0 in a table; branches out unless it is a handle of the type in the global. */
function emitFind(f: FunctionWriter, side: Side, entry: number, type: number): void {
  const { control } = side.shared;
  // Index 0 is never used: less one, it is larger than any.
  f.get(0).i32(1).op('i32.sub');
  f.global(side.slot).access('i32.load', control, TABLE_LENGTH).i32(1).op('i32.sub', 'i32.ge_u').brIf(0);
  f.global(side.slot).access('i32.load', control, TABLE_LENGTH).op('i32.eqz').brIf(0);
  f.global(side.slot).access('i32.load', control, TABLE).get(0).i32(ENTRY_SIZE).op('i32.mul', 'i32.add').tee(entry);
  f.access('i32.load', control, ENTRY_TYPE).global(type).op('i32.ne').brIf(0);
}

/** `(index) -> index`: moves an own handle. */
export function emitMoveOwn(from: Side, to: Side, { type }: ResourceImports, otherwise: number): number {
  const { control, module } = from.shared;
  const f = new FunctionWriter(module, MOVE);
  const [entry, rep, index] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.open('block');
  emitFind(f, from, entry, type);
  f.get(entry).access('i32.load', control, ENTRY_STATE).i32(OWN).op('i32.ne').brIf(0);
  // A place in the other table: a free one, or the next that there is room for.
  f.global(to.slot).access('i32.load', control, TABLE_FREE).tee(index).op('i32.eqz').open('if');
  f.global(to.slot).access('i32.load', control, TABLE_LENGTH).tee(index).op('i32.eqz').brIf(1);
  f.get(index).global(to.slot).access('i32.load', control, TABLE_CAPACITY).op('i32.ge_u').brIf(1);
  f.op('end');
  f.get(entry).access('i32.load', control, ENTRY_REP).set(rep);
  for (const field of [ENTRY_TYPE, ENTRY_REP, ENTRY_STATE]) f.get(entry).i32(0).access('i32.store', control, field);
  f.get(entry).global(from.slot).access('i32.load', control, TABLE_FREE).access('i32.store', control, ENTRY_SCOPE);
  f.global(from.slot).get(0).access('i32.store', control, TABLE_FREE);
  // Anew, since both tables may be the same.
  f.global(to.slot).access('i32.load', control, TABLE_FREE).tee(index).open('if');
  f.global(to.slot);
  f.global(to.slot).access('i32.load', control, TABLE).get(index).i32(ENTRY_SIZE).op('i32.mul', 'i32.add').tee(entry);
  f.access('i32.load', control, ENTRY_SCOPE).access('i32.store', control, TABLE_FREE);
  f.op('else');
  f.global(to.slot).access('i32.load', control, TABLE_LENGTH).set(index);
  f.global(to.slot).get(index).i32(1).op('i32.add').access('i32.store', control, TABLE_LENGTH);
  f.global(to.slot).access('i32.load', control, TABLE).get(index).i32(ENTRY_SIZE).op('i32.mul', 'i32.add').set(entry);
  f.op('end');
  f.get(entry).global(type).access('i32.store', control, ENTRY_TYPE);
  f.get(entry).get(rep).access('i32.store', control, ENTRY_REP);
  f.get(entry).i32(OWN).access('i32.store', control, ENTRY_STATE);
  f.get(entry).i32(0).access('i32.store', control, ENTRY_SCOPE);
  f.get(index).op('return', 'end');
  f.get(0).call(otherwise);
  return f.finish();
}

/** Emits: an entry in the log of lends for the call under way, whose slot and index are left by what is given. */
function emitLog(f: FunctionWriter, shared: Shared, top: number, slot: () => void, index: () => void): void {
  const { control } = shared;
  f.get(top);
  slot();
  f.access('i32.store', control, LEND_SLOT).get(top);
  index();
  f.access('i32.store', control, LEND_INDEX);
  f.get(top).i32(0).access('i32.load', control, CALL_TOP).access('i32.store', control, LEND_TAG);
  f.i32(0).get(top).i32(LEND_SIZE).op('i32.add').access('i32.store', control, LEND_TOP);
}

/** `(index) -> index or rep`: lends a handle until the end of the call, to the instance whose resource it is. */
export function emitLend(from: Side, to: Side, { type, home }: ResourceImports, otherwise: number): number {
  const { shared } = from;
  const { control, module } = shared;
  const f = new FunctionWriter(module, MOVE);
  const [entry, top] = [f.local('i32'), f.local('i32')];
  f.open('block');
  f.global(home).global(to.slot).op('i32.ne').brIf(0);
  f.i32(0).access('i32.load', control, LEND_TOP).tee(top).i32(LEND_FULL).op('i32.ge_u').brIf(0);
  emitFind(f, from, entry, type);
  f.get(entry).get(entry).access('i32.load', control, ENTRY_STATE).i32(LEND).op('i32.add');
  f.access('i32.store', control, ENTRY_STATE);
  emitLog(
    f,
    shared,
    top,
    () => f.global(from.slot),
    () => f.get(0),
  );
  f.get(entry).access('i32.load', control, ENTRY_REP).op('return', 'end');
  // That JavaScript has something to end is an entry without a slot; one is enough.
  f.get(0).call(otherwise).set(0);
  f.i32(0).access('i32.load', control, LEND_TOP).set(top);
  f.open('block').open('block').get(top).i32(LEND_LOG).op('i32.eq').brIf(0);
  f.get(top).i32(LEND_SIZE).op('i32.sub').tee(entry).access('i32.load', control, LEND_SLOT).brIf(0);
  f.get(entry).access('i32.load', control, LEND_TAG).i32(0).access('i32.load', control, CALL_TOP);
  f.op('i32.eq').brIf(1).op('end');
  emitLog(
    f,
    shared,
    top,
    () => f.i32(0),
    () => f.i32(0),
  );
  f.op('end').get(0);
  return f.finish();
}

/** `() -> i32`: gives back what the innermost call was lent; answers whether JavaScript has something to end as well. One for a module. */
export function endLends(shared: Shared): number {
  const known = shared.made.get('end-lends');
  if (known !== undefined) return known;
  const { control, module } = shared;
  const f = new FunctionWriter(module, { params: [], results: ['i32'] });
  shared.made.set('end-lends', f.index);
  const [top, slot, entry, others] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  f.i32(0).access('i32.load', control, LEND_TOP).set(top);
  f.open('block').open('loop');
  f.get(top).i32(LEND_LOG).op('i32.eq').brIf(1);
  f.get(top).i32(LEND_SIZE).op('i32.sub').access('i32.load', control, LEND_TAG);
  f.i32(0).access('i32.load', control, CALL_TOP).op('i32.ne').brIf(1);
  f.get(top).i32(LEND_SIZE).op('i32.sub').tee(top).access('i32.load', control, LEND_SLOT).tee(slot).open('if');
  f.get(slot).access('i32.load', control, TABLE);
  f.get(top).access('i32.load', control, LEND_INDEX).i32(ENTRY_SIZE).op('i32.mul', 'i32.add').tee(entry);
  f.get(entry).access('i32.load', control, ENTRY_STATE).i32(LEND).op('i32.sub');
  f.access('i32.store', control, ENTRY_STATE);
  f.op('else').i32(1).set(others).op('end');
  f.br(0).op('end', 'end');
  f.i32(0).get(top).access('i32.store', control, LEND_TOP);
  f.get(others);
  return f.finish();
}
