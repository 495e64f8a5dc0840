/** A guest that blocks as many stacks as it is told: another component of it waits on each for the host function `gate`. */
import { guestText, lift, MEMORY, WAITABLES } from './async-guest.ts';

/** Calls `gate` on as many stacks of its own as it is told. */
export const SPAWNER = `
(component
  (import "gate" (func $gate async (result u32)))
  (component $Inner
    (import "gate" (func $gate async (result u32)))
    (core func $lowered (canon lower (func $gate)))
    (core func $return (canon task.return (result u32)))
    (core module $M
      (import "" "gate" (func $gate (result i32)))
      (import "" "return" (func $return (param i32)))
      (func (export "f") (call $return (call $gate))))
    (core instance $m (instantiate $M (with "" (instance (export "gate" (func $lowered)) (export "return" (func $return))))))
    (func (export "f") async (result u32) (canon lift (core func $m "f") async)))
  (instance $inner (instantiate $Inner (with "gate" (func $gate))))
  ${guestText({
    types: '(import "f" (func $f async (result u32)))',
    canons: {
      ...WAITABLES,
      f: [`lower (func $f) async ${MEMORY}`, '(param i32) (result i32)'],
      'subtask.drop': ['subtask.drop', '(param i32)'],
      'task.return': ['task.return', ''],
    },
    body: `
    (global $set (mut i32) (i32.const 0))
    (global $open (mut i32) (i32.const 0))
    (func $next (result i32)
      (if (i32.eqz (global.get $open)) (then (call $task.return) (return (i32.const 0))))
      (i32.or (i32.const 2) (i32.shl (global.get $set) (i32.const 4))))
    (func (export "spawn") (param $n i32) (result i32)
      (global.set $set (call $set.new))
      (global.set $open (local.get $n))
      (block $end (loop $more
        (br_if $end (i32.eqz (local.get $n)))
        (call $join (i32.shr_u (call $f (i32.const 64)) (i32.const 4)) (global.get $set))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))
      (call $next))
    (func (export "spawn-cb") (param $event i32) (param $index i32) (param $state i32) (result i32)
      (if (i32.eq (local.get $state) (i32.const 2)) (then
        (call $subtask.drop (local.get $index))
        (global.set $open (i32.sub (global.get $open) (i32.const 1)))))
      (call $next))`,
    exports: `(func (export "spawn") async (param "n" u32) ${lift('spawn', { callback: 'spawn-cb' })})`,
  }).replace('(component', '(component $Outer')}
  (instance $outer (instantiate $Outer (with "f" (func $inner "f"))))
  (export "spawn" (func $outer "spawn")))`;
