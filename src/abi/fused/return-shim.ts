/**
 * `task.return` in core wasm, for tasks that nothing has asked for yet: the frame names the adapter's record, and that what delivers the
 * result. Anything else is JavaScript's. Specification: CanonicalABI.md, `canon_task_return`.
 *
 * Exports `return`; imports `tenon` (`control`, `returns`, the table of what delivers), globals `slot` and `key`, and `slow`.
 */
import { ModuleBuilder } from '../../core/builder.ts';
import {
  CALL_TOP,
  DEFERRED,
  FRAME_SIZE,
  FRAME_THREAD,
  FRAME_VALUE,
  MAY_LEAVE,
  RECORD_DELIVER,
  RECORD_KEY,
  RECORD_OTHER_KEY,
  RETURNED,
} from '../../runtime/control.ts';
import type { FlatType } from '../flatten.ts';
import { FunctionWriter, type Memory } from './function.ts';

/** Emits the module for what `task.return` is given. */
export function returnShim(given: readonly FlatType[]): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const control: Memory = { index: module.importMemory('tenon', 'control'), is64: false };
  const returns = module.importTable('tenon', 'returns');
  const slot = module.importGlobal('tenon', 'slot', 'i32');
  const key = module.importGlobal('tenon', 'key', 'i32');
  const slow = module.importFunction('tenon', 'slow', { params: given, results: [] });
  const f = new FunctionWriter(module, { params: given, results: [] });
  const [frame, thread, record] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.open('block');
  f.i32(0).access('i32.load', control, CALL_TOP).i32(FRAME_SIZE).op('i32.sub').tee(frame);
  f.access('i32.load', control, FRAME_THREAD).tee(thread).i32(0).op('i32.ge_s').brIf(0);
  f.i32(0).get(thread).op('i32.sub').tee(record).i32(RETURNED).op('i32.and').brIf(0);
  const fits = (flags: number): void => {
    f.open('block');
    f.get(record)
      .access('i32.load', control, RECORD_KEY - flags)
      .global(key)
      .op('i32.eq')
      .brIf(0);
    f.get(record)
      .access('i32.load', control, RECORD_OTHER_KEY - flags)
      .global(key)
      .op('i32.ne')
      .brIf(2);
    f.op('end');
  };
  const returned = (): void => {
    f.get(frame).get(thread).i32(RETURNED).op('i32.sub').access('i32.store', control, FRAME_THREAD).op('return');
  };
  const [type] = given;
  if (given.length <= 1) {
    // No call of the caller's or of `realloc` is under way: while one is, the frame names no record, or the record of one that delivers.
    f.get(record).i32(DEFERRED).op('i32.and').open('if');
    fits(DEFERRED);
    if (type !== undefined) f.get(frame).get(0).access(`${type}.store`, control, FRAME_VALUE);
    returned();
    f.op('end');
  }
  f.open('block');
  f.global(slot).access('i32.load', control, MAY_LEAVE).op('i32.eqz').brIf(1);
  fits(0);
  for (let local = 0; local < given.length; local++) f.get(local);
  f.get(frame).get(record).access('i32.load', control, RECORD_DELIVER);
  f.callIndirect(returns, { params: [...given, 'i32'], results: [] });
  returned();
  f.op('end', 'end');
  for (let local = 0; local < given.length; local++) f.get(local);
  f.call(slow);
  module.exportFunction('return', f.finish());
  return module.finish();
}
