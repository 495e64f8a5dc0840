/** A guest that computes without end wherever a guest's code may run. Each way of it is its own component, since some run at once. */
import { guestText, lift, taskReturn, WAITABLES } from './async-guest.ts';

const LOOP = '(loop $l (br $l))';

/** A component whose core function `f` has this body; other functions beside it. */
export function spinning(body: string, beside = '', how = ''): string {
  return `(component
  (core module $m
    (memory (export "mem") 1)
    (global $n (export "n") (mut i32) (i32.const 0))
    ${beside}
    (func (export "f") ${body})
    (func (export "ok") (result i32) (local $i i32)
      (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 1000))))
      (local.get $i)))
  (core instance $m (instantiate $m))
  (func (export "f") ${how === '' ? '(canon lift (core func $m "f"))' : how})
  (func (export "ok") (result u32) (canon lift (core func $m "ok"))))`;
}

/** Ways to compute without end in one call, all of which only a trap ends. */
export const SPINS: Readonly<Record<string, string>> = {
  'a loop': spinning(LOOP),
  'a loop of br_table': spinning('(loop $l (br_table $l $l $l (i32.const 1)))'),
  'a loop of br_if that counts': spinning(`(local $i i64)
    (loop $l (local.set $i (i64.add (local.get $i) (i64.const 1))) (br_if $l (i64.ne (local.get $i) (i64.const 0))))`),
  'two loops, one in the other': spinning(`(loop $outer (loop $l
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (br_if $l (i32.and (global.get $n) (i32.const 1023)))) (br $outer))`),
  'a loop with parameters': spinning('(i32.const 1) (loop $l (param i32) (br $l)) unreachable'),
  'a tail call of itself': spinning('(return_call $g)', '(func $g (return_call $g))'),
  'two tail calls of each other': spinning('(return_call $a)', '(func $a (return_call $b)) (func $b (return_call $a))'),
  'tail calls by a table': spinning(
    '(return_call_indirect (i32.const 0))',
    '(table funcref (elem $g)) (func $g (return_call_indirect (i32.const 0)))',
  ),
  'a tail call by reference': spinning(
    '(return_call_ref $t (ref.func $g))',
    '(type $t (func)) (elem declare func $g) (func $g (return_call_ref $t (ref.func $g)))',
  ),
  'a tree of calls, without a loop': spinning(
    '(call $tree (i32.const 60))',
    `(func $tree (param i32) (if (local.get 0) (then
       (call $tree (i32.sub (local.get 0) (i32.const 1))) (call $tree (i32.sub (local.get 0) (i32.const 1))))))`,
  ),
  'a loop that catches all': spinning(`(loop $again
    (block $caught (try_table (catch_all $caught) ${LOOP}))
    (br $again))`),
  'a loop that catches all, the old way': spinning(`(loop $again (try (do ${LOOP}) (catch_all)) (br $again))`),
  'exceptions thrown and caught': spinning(
    '(loop $again (block $caught (try_table (catch $t $caught) (throw $t))) (br $again))',
    '(tag $t)',
  ),
  'a loop in post-return': spinning(
    '(result i32) (i32.const 7)',
    `(func (export "after") (param i32) ${LOOP})`,
    '(result u32) (canon lift (core func $m "f") (post-return (core func $m "after")))',
  ),
};

/** Its start function computes without end. */
export const SPINNING_START = `(component
  (core module $m (func $f ${LOOP}) (start $f))
  (core instance (instantiate $m)))`;

/** Takes a string, for which its `realloc` computes without end. */
export const SPINNING_REALLOC = `(component
  (core module $m
    (memory (export "mem") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${LOOP} unreachable)
    (func (export "f") (param i32 i32)))
  (core instance $m (instantiate $m))
  (func (export "f") (param "text" string)
    (canon lift (core func $m "f") (memory (core memory $m "mem")) (realloc (core func $m "realloc")))))`;

/** Exports a resource whose destructor computes without end. */
export const SPINNING_DESTRUCTOR = `(component
  (core module $d (func (export "drop") (param i32) ${LOOP}))
  (core instance $d (instantiate $d))
  (type $r' (resource (rep i32) (dtor (core func $d "drop"))))
  (export $r "r" (type $r'))
  (core func $new (canon resource.new $r'))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (func (export "make") (result i32) (call $new (i32.const 1))))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func (export "make") (result (own $r)) (canon lift (core func $m "make"))))`;

/** Exports of an async type: what spins at once, in a callback, after a wait; and a call that waits for `gate` and ends. */
export const SPINNING_ASYNC = guestText({
  types: '(import "gate" (func $gate (result u32)))',
  canons: {
    ...WAITABLES,
    ...taskReturn('u32', '(param i32)'),
    gate: ['lower (func $gate)', '(result i32)'],
  },
  body: `
    (func (export "callback") (param i32 i32 i32) (result i32) ${LOOP} unreachable)
    (func (export "never") (param i32 i32 i32) (result i32) unreachable)
    (func (export "yields") (result i32) (i32.const 1))
    (func (export "spins") (result i32) ${LOOP} unreachable)
    (func (export "waits") (drop (call $gate)) ${LOOP})
    (func (export "works") (call $task.return (call $gate)))
    (func (export "sync") (result i32) (local $end i32) (drop (call $gate)) ${LOOP} (unreachable))
    (func (export "naps") (result i32) (call $gate))`,
  exports: `
    (func (export "in-callback") async (result u32) ${lift('yields', { callback: 'callback' })})
    (func (export "at-once") async (result u32) ${lift('spins', { callback: 'never' })})
    (func (export "after-wait") async (result u32) ${lift('waits', 'async')})
    (func (export "work") async (result u32) ${lift('works', 'async')})
    (func (export "sync-after-wait") (result u32) ${lift('sync', 'sync')})
    (func (export "nap") (result u32) ${lift('naps', 'sync')})`,
});

/** Calls `host` without end, and whatever the host does between. */
export const CALLING = `(component
  (import "host" (func $host))
  (core func $host' (canon lower (func $host)))
  (core module $m
    (import "" "host" (func $host))
    (func (export "once") (call $host) (loop $l (br $l)))
    (func (export "f") (loop $l (call $host) (br $l))))
  (core instance $m (instantiate $m (with "" (instance (export "host" (func $host'))))))
  (func (export "once") (canon lift (core func $m "once")))
  (func (export "f") (canon lift (core func $m "f"))))`;
