/**
 * `task.return` in core wasm, for tasks that nothing has asked for yet: the frame names the adapter's record, and that what delivers the
 * result. Anything else is JavaScript's. Specification: CanonicalABI.md, `canon_task_return`.
 *
 * Exports `return`; imports `tenon` (`control`, `returns`, the table of what delivers), globals `slot` and `key`, and `slow`.
 */
import { ModuleBuilder } from '../../core/builder.ts';
import {
  CALL_TOP,
  FRAME_SIZE,
  FRAME_THREAD,
  FRAME_VALUE,
  MAY_LEAVE,
  RECORD_DELIVER,
  RECORD_KEY,
  RECORD_OTHER_KEY,
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
  f.i32(0).get(thread).op('i32.sub').tee(record).i32(1).op('i32.and').brIf(0);
  f.global(slot).access('i32.load', control, MAY_LEAVE).op('i32.eqz').brIf(0);
  f.open('block');
  f.get(record).access('i32.load', control, RECORD_KEY).global(key).op('i32.eq').brIf(0);
  f.get(record).access('i32.load', control, RECORD_OTHER_KEY).global(key).op('i32.ne').brIf(1);
  f.op('end');
  const deliver = f.local('i32');
  f.get(record).access('i32.load', control, RECORD_DELIVER).tee(deliver).open('if');
  for (let local = 0; local < given.length; local++) f.get(local);
  f.get(frame).get(deliver).i32(1).op('i32.sub');
  f.callIndirect(returns, { params: [...given, 'i32'], results: [] });
  const [type] = given;
  if (type !== undefined) {
    f.op('else').get(frame).get(0);
    f.access(`${type}.store`, control, FRAME_VALUE);
  }
  f.op('end');
  f.get(frame).get(thread).i32(1).op('i32.sub').access('i32.store', control, FRAME_THREAD);
  f.op('return', 'end');
  for (let local = 0; local < given.length; local++) f.get(local);
  f.call(slow);
  module.exportFunction('return', f.finish());
  return module.finish();
}
