/** Writes canonical definitions; the inverse of `canons.ts`. Specification: Binary, "canon", "canonopt". */
import type { Canon, CanonOption, StringEncoding } from '../../types/definition.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import { unreachable } from '../../util/invariant.ts';
import { encodeResultList } from './encode-types.ts';

const OPCODES: Readonly<Record<Canon['kind'], number>> = {
  lift: 0x00,
  lower: 0x01,
  'resource.new': 0x02,
  'resource.drop': 0x03,
  'resource.rep': 0x04,
  'task.cancel': 0x05,
  'subtask.cancel': 0x06,
  'task.return': 0x09,
  'context.get': 0x0a,
  'context.set': 0x0b,
  'thread.yield': 0x0c,
  'subtask.drop': 0x0d,
  'stream.new': 0x0e,
  'stream.read': 0x0f,
  'stream.write': 0x10,
  'stream.cancel-read': 0x11,
  'stream.cancel-write': 0x12,
  'stream.drop-readable': 0x13,
  'stream.drop-writable': 0x14,
  'future.new': 0x15,
  'future.read': 0x16,
  'future.write': 0x17,
  'future.cancel-read': 0x18,
  'future.cancel-write': 0x19,
  'future.drop-readable': 0x1a,
  'future.drop-writable': 0x1b,
  'error-context.new': 0x1c,
  'error-context.debug-message': 0x1d,
  'error-context.drop': 0x1e,
  'waitable-set.new': 0x1f,
  'waitable-set.wait': 0x20,
  'waitable-set.poll': 0x21,
  'waitable-set.drop': 0x22,
  'waitable.join': 0x23,
  'backpressure.inc': 0x24,
  'backpressure.dec': 0x25,
  'thread.index': 0x26,
  'thread.new-indirect': 0x27,
  'thread.resume-later': 0x28,
  'thread.suspend': 0x29,
  'thread.suspend-then-resume': 0x2a,
  'thread.yield-then-resume': 0x2b,
  'thread.suspend-then-promote': 0x2c,
  'thread.yield-then-promote': 0x2d,
};

const ENCODING: Readonly<Record<StringEncoding, number>> = { utf8: 0x00, utf16: 0x01, 'latin1+utf16': 0x02 };

function encodeOption(w: CodeWriter, option: CanonOption): void {
  switch (option.kind) {
    case 'encoding':
      w.byte(ENCODING[option.encoding]);
      return;
    case 'memory':
      w.byte(0x03).u(option.index);
      return;
    case 'realloc':
      w.byte(0x04).u(option.index);
      return;
    case 'post-return':
      w.byte(0x05).u(option.index);
      return;
    case 'async':
      w.byte(0x06);
      return;
    case 'callback':
      w.byte(0x07).u(option.index);
      return;
    default:
      unreachable(option);
  }
}

function options(w: CodeWriter, items: readonly CanonOption[]): void {
  w.vec(items, (option) => encodeOption(w, option));
}

/** What stands behind the opcode. */
function encodeImmediates(w: CodeWriter, canon: Canon): void {
  switch (canon.kind) {
    case 'lift':
      options(w.byte(0x00).u(canon.func), canon.options);
      w.u(canon.type);
      return;
    case 'lower':
      options(w.byte(0x00).u(canon.func), canon.options);
      return;
    case 'task.return':
      encodeResultList(w, canon.result);
      options(w, canon.options);
      return;
    case 'context.get':
    case 'context.set':
      w.byte(canon.type === 'i32' ? 0x7f : 0x7e).u(canon.slot);
      return;
    case 'waitable-set.wait':
    case 'waitable-set.poll':
      w.byte(canon.cancellable ? 1 : 0).u(canon.memory);
      return;
    case 'thread.new-indirect':
      w.u(canon.type).u(canon.table);
      return;
    default:
      // The others have a type, a flag, options, or nothing, in this order.
      if ('type' in canon) w.u(canon.type);
      if ('async' in canon) w.byte(canon.async ? 1 : 0);
      if ('cancellable' in canon) w.byte(canon.cancellable ? 1 : 0);
      if ('options' in canon) options(w, canon.options);
  }
}

/** `canon`. */
export function encodeCanon(w: CodeWriter, canon: Canon): void {
  encodeImmediates(w.byte(OPCODES[canon.kind]), canon);
}
