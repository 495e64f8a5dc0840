/** A guest whose exports all wait for the host function `gate`, each in its own way, and hear of cancellation or not. */
import { type Canons, guestText, lift, MEMORY, WAITABLES } from './async-guest.ts';

const CANONS: Canons = {
  ...WAITABLES,
  'gate-sync': ['lower (func $gate)', '(result i32)'],
  'gate-async': [`lower (func $gate) async ${MEMORY}`, '(param i32) (result i32)'],
  'set.wait-cancellable': [`waitable-set.wait cancellable ${MEMORY}`, '(param i32 i32) (result i32)'],
  'subtask.cancel': ['subtask.cancel', '(param i32) (result i32)'],
  'subtask.drop': ['subtask.drop', '(param i32)'],
  'task.return': ['task.return (result u32)', '(param i32)'],
  'task.cancel': ['task.cancel', ''],
  'context.get': ['context.get i32 0', '(result i32)'],
  'context.set': ['context.set i32 0', '(param i32)'],
  'backpressure.inc': ['backpressure.inc', ''],
  'backpressure.dec': ['backpressure.dec', ''],
};

const BODY = `
    (global $seen (mut i32) (i32.const 0))
    (global $entered (mut i32) (i32.const 0))
    (func (export "seen") (result i32) (global.get $seen))
    (func (export "entered") (result i32) (global.get $entered))
    (func (export "hold") (param i32) (if (local.get 0) (then (call $backpressure.inc)) (else (call $backpressure.dec))))

    ;; a task's own: its set, its subtask, the result of gate
    (func $begin (result i32) (local $p i32) (local $r i32)
      (global.set $entered (i32.add (global.get $entered) (i32.const 1)))
      (local.set $p (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 16)))
      (call $context.set (local.get $p))
      (local.set $r (call $gate-async (i32.add (local.get $p) (i32.const 8))))
      (if (i32.eq (local.get $r) (i32.const 2)) (then (call $task.return (i32.load offset=8 (local.get $p))) (return (i32.const 0))))
      (i32.store offset=4 (local.get $p) (i32.shr_u (local.get $r) (i32.const 4)))
      (i32.store (local.get $p) (call $set.new))
      (call $join (i32.load offset=4 (local.get $p)) (i32.load (local.get $p)))
      (call $wait (local.get $p)))
    (func $wait (param $p i32) (result i32) (i32.or (i32.const 2) (i32.shl (i32.load (local.get $p)) (i32.const 4))))
    (func $returned (param $p i32) (result i32)
      (call $subtask.drop (i32.load offset=4 (local.get $p)))
      (call $set.drop (i32.load (local.get $p)))
      (call $task.return (i32.load offset=8 (local.get $p)))
      (i32.const 0))
    (func $count (global.set $seen (i32.add (global.get $seen) (i32.const 1))))

    ;; cancels what it waits for, and itself
    (func (export "tidy") (result i32) (call $begin))
    (func (export "tidy-cb") (param $event i32) (param i32 i32) (result i32) (local $p i32)
      (local.set $p (call $context.get))
      (if (i32.eq (local.get $event) (i32.const 1)) (then (return (call $returned (local.get $p)))))
      (call $count)
      (call $join (i32.load offset=4 (local.get $p)) (i32.const 0))
      (drop (call $subtask.cancel (i32.load offset=4 (local.get $p))))
      (call $subtask.drop (i32.load offset=4 (local.get $p)))
      (call $set.drop (i32.load (local.get $p)))
      (call $task.cancel)
      (i32.const 0))

    ;; hears of it, and goes on
    (func (export "deaf") (result i32) (call $begin))
    (func (export "deaf-cb") (param $event i32) (param i32 i32) (result i32) (local $p i32)
      (local.set $p (call $context.get))
      (if (i32.eq (local.get $event) (i32.const 1)) (then (return (call $returned (local.get $p)))))
      (call $count)
      (call $wait (local.get $p)))

    ;; on a stack of its own: does not hear of it
    (func (export "sync") (result i32)
      (global.set $entered (i32.add (global.get $entered) (i32.const 1)))
      (call $gate-sync))
    (func (export "stackful") (call $task.return (call $gate-sync)))
    ;; the same, and hears of it
    (func (export "alert") (local $set i32) (local $r i32) (local $event i32)
      (local.set $r (i32.shr_u (call $gate-async (i32.const 64)) (i32.const 4)))
      (local.set $set (call $set.new))
      (call $join (local.get $r) (local.get $set))
      (local.set $event (call $set.wait-cancellable (local.get $set) (i32.const 80)))
      (if (i32.eq (local.get $event) (i32.const 6))
        (then
          (call $count)
          (call $join (local.get $r) (i32.const 0))
          (drop (call $subtask.cancel (local.get $r)))
          (call $subtask.drop (local.get $r))
          (call $task.cancel))
        (else
          (call $subtask.drop (local.get $r))
          (call $task.return (i32.load (i32.const 64))))))`;

/** `gate: async func() -> u32` is imported; every export but `seen`, `entered` and `hold` answers what it answers. */
export const WAITING = guestText({
  types: '(import "gate" (func $gate async (result u32)))',
  canons: CANONS,
  body: BODY,
  exports: `
  (func (export "seen") (result u32) ${lift('seen', 'sync')})
  (func (export "entered") (result u32) ${lift('entered', 'sync')})
  (func (export "hold") (param "on" bool) ${lift('hold', 'sync')})
  (func (export "tidy") async (result u32) ${lift('tidy', { callback: 'tidy-cb' })})
  (func (export "deaf") async (result u32) ${lift('deaf', { callback: 'deaf-cb' })})
  (func (export "sync") async (result u32) ${lift('sync', 'sync')})
  (func (export "stackful") async (result u32) ${lift('stackful', 'async')})
  (func (export "alert") async (result u32) ${lift('alert', 'async')})`,
});
