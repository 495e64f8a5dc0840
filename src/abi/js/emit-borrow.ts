/** Emits how parameters of synchronous imports that are borrows are lent to the host, and given back. Variables at hand: as in `emit-lower.ts`. */
import { ENTRY_REP, ENTRY_SIZE, ENTRY_STATE, TABLE, TABLE_LENGTH } from '../../runtime/control.ts';
import type { ValueType } from '../../types/value-type.ts';
import { invariant } from '../../util/invariant.ts';
import { flattenTypes } from '../flatten.ts';
import { holdsBorrow } from '../holds.ts';
import type { Emitter } from './emit-code.ts';

/** One lend in the STATE of a handle's entry, `LENDS << 1 | OWN`. */
const LEND = 2;

/** The parameters that are borrows; none where a borrow is within another value. */
export function lentParams(types: readonly ValueType[]): readonly number[] {
  const holders = types.flatMap((t, i) => (holdsBorrow(t) ? [i] : []));
  return holders.every((i) => types[i]!.kind === 'borrow') ? holders : [];
}

function resourceOf(e: Emitter, type: ValueType): number {
  invariant(type.kind === 'borrow', 'a borrow');
  return e.resources.get(type.resource) ?? 0;
}

/** Position of the first core value of a parameter. */
function coreIndex(e: Emitter, types: readonly ValueType[], param: number): number {
  return flattenTypes(types.slice(0, param), e.pointer).length;
}

/**
 * Emits the lift of a parameter that is a borrow; gives its expression. The lend of a host's object is a count in the handle's entry, up
 * and down again: a call that fails ends the store of the table, so nothing need be remembered for that case. Specification: `lift_borrow`.
 */
export function liftLent(e: Emitter, type: ValueType, at: number): string {
  const r = resourceOf(e, type);
  e.line(`const h${at}x = f${at}x >>> 0, e${at}x = (C.i32[table] + h${at}x * ${ENTRY_SIZE}) >> 2;`);
  e.line(`let o${at}x;`);
  e.block(`if (h${at}x < C.i32[length] && C.i32[e${at}x] === n${r}r)`, () => {
    e.line(`C.i32[e${at}x + ${ENTRY_STATE >> 2}] += ${LEND};`);
    e.line(`o${at}x = objects${r}[C.i32[e${at}x + ${ENTRY_REP >> 2}]];`);
  });
  e.line(`else o${at}x = r${r}.liftBorrow(h${at}x);`);
  return `o${at}x`;
}

/** Emits the end of what {@link liftLent} lent. The handle is where it was, but the table may have moved. */
export function endLent(e: Emitter, types: readonly ValueType[], lent: readonly number[]): string {
  if (lent.length === 0) return '';
  const ends = lent.map((i) => {
    const at = coreIndex(e, types, i);
    const state = `C.i32[(C.i32[table] + h${at}x * ${ENTRY_SIZE} + ${ENTRY_STATE}) >> 2]`;
    return `if (n${resourceOf(e, types[i]!)}r > 0) ${state} -= ${LEND}; else remembers = true;`;
  });
  return `let remembers = false; ${ends.join(' ')} if (remembers) R.endBorrows(env);`;
}

/** Emits what {@link liftLent} refers to. */
export function lentPrologue(e: Emitter, types: readonly ValueType[], lent: readonly number[]): void {
  if (lent.length === 0) return;
  e.line(`const table = (slot + ${TABLE}) >> 2, length = (slot + ${TABLE_LENGTH}) >> 2;`);
  for (const r of new Set(lent.map((i) => resourceOf(e, types[i]!))))
    e.line(`const n${r}r = r${r}.number, objects${r} = r${r}.objects;`);
}
