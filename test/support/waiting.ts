/** Two components with asynchronous functions, one of which calls the other's and waits. */

/**
 * Yields, and traps when it goes on; or waits for ever. With a stack of its own, since it has a built-in that can block, or without.
 */
export const callee = (blocking: boolean): string => `
(component
  (core module $M
    (import "" "new" (func $new (result i32)))
    (memory (export "memory") 1)
    (func (export "later") (result i32) (i32.const 1))
    (func (export "forever") (result i32) (i32.or (i32.const 2) (i32.shl (call $new) (i32.const 4))))
    (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
  (core module $Memory (memory (export "memory") 1))
  (core instance $memory (instantiate $Memory))
  (core func $new (canon waitable-set.new))
  ${blocking ? '(core func (canon waitable-set.wait (memory (core memory $memory "memory"))))' : ''}
  (core instance $m (instantiate $M (with "" (instance (export "new" (func $new))))))
  (func $later async (canon lift (core func $m "later") async (callback (core func $m "callback"))))
  (func $forever async (canon lift (core func $m "forever") async (callback (core func $m "callback"))))
  (instance $i (export "later" (func $later)) (export "forever" (func $forever)))
  (export "test:stores/callee" (instance $i)))`;

/** Calls a function of {@link callee} and waits for its end. */
export const CALLER = `
(component
  (import "test:stores/callee" (instance $callee (export "later" (func async)) (export "forever" (func async))))
  (core module $M
    (import "" "later" (func $later (result i32)))
    (import "" "forever" (func $forever (result i32)))
    (import "" "new" (func $new (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (func $wait (param $subtask i32) (result i32)
      (local $set i32)
      (local.set $set (call $new))
      (call $join (i32.shr_u (local.get $subtask) (i32.const 4)) (local.get $set))
      (i32.or (i32.const 2) (i32.shl (local.get $set) (i32.const 4))))
    (func (export "later") (result i32) (call $wait (call $later)))
    (func (export "forever") (result i32) (call $wait (call $forever)))
    (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
  (core func $later (canon lower (func $callee "later") async))
  (core func $forever (canon lower (func $callee "forever") async))
  (core func $new (canon waitable-set.new))
  (core func $join (canon waitable.join))
  (core instance $m (instantiate $M (with "" (instance (export "later" (func $later)) (export "forever" (func $forever))
    (export "new" (func $new)) (export "join" (func $join))))))
  (func (export "later") async (canon lift (core func $m "later") async (callback (core func $m "callback"))))
  (func (export "forever") async (canon lift (core func $m "forever") async (callback (core func $m "callback")))))`;
