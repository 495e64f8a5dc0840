/**
 * A component with resources of both sides, for declarations of classes: it passes calls on to a class `Thing` of the host, and has a
 * class `Counter` of its own, whose representation is its number.
 */
import { CANON, MEMORY } from './echo-component.ts';

const HOST = `
  (import "test:classes/host" (instance $host
    (export "thing" (type $thing (sub resource)))
    (export "[constructor]thing" (func (param "label" string) (result (own $thing))))
    (export "[method]thing.label" (func (param "self" (borrow $thing)) (result string)))
    (export "[method]thing.wait" (func async (param "self" (borrow $thing)) (param "how-long" u32) (result u32)))
    (export "[static]thing.open" (func (param "label" string) (result (result (own $thing) (error string)))))
    (export "same" (func (param "given" (own $thing)) (result (own $thing))))
    (export "weigh" (func (param "given" (borrow $thing)) (result u32)))
    (export "all" (func (param "given" (list (own $thing))) (result (list (own $thing)))))))
  (alias export $host "thing" (type $thing))`;

const LOWERED = [
  ['make', '[constructor]thing'],
  ['label', '[method]thing.label'],
  ['wait', '[method]thing.wait'],
  ['open', '[static]thing.open'],
  ['same', 'same'],
  ['weigh', 'weigh'],
  ['all', 'all'],
] as const;

const FORWARD = `
  ${LOWERED.map(([name, func]) => `(core func $l-${name} (canon lower (func $host "${func}") ${CANON}))`).join('\n  ')}
  (core func $drop-thing (canon resource.drop $thing))
  (core module $Forward
    (import "h" "label" (func $label (param i32 i32)))
    (import "h" "wait" (func $wait (param i32 i32) (result i32)))
    (import "h" "open" (func $open (param i32 i32 i32)))
    (import "h" "weigh" (func $weigh (param i32) (result i32)))
    (import "h" "all" (func $all (param i32 i32 i32)))
    (import "h" "drop" (func $drop (param i32)))
    (func (export "label") (param i32) (result i32)
      (call $label (local.get 0) (i32.const 1024)) (call $drop (local.get 0)) (i32.const 1024))
    (func (export "wait") (param i32 i32) (result i32) (local $result i32)
      (local.set $result (call $wait (local.get 0) (local.get 1))) (call $drop (local.get 0)) (local.get $result))
    (func (export "open") (param i32 i32) (result i32)
      (call $open (local.get 0) (local.get 1) (i32.const 1024)) (i32.const 1024))
    (func (export "weigh") (param i32) (result i32) (local $result i32)
      (local.set $result (call $weigh (local.get 0))) (call $drop (local.get 0)) (local.get $result))
    (func (export "all") (param i32 i32) (result i32)
      (call $all (local.get 0) (local.get 1) (i32.const 1024)) (i32.const 1024)))
  (core instance $forward (instantiate $Forward (with "h" (instance
    ${LOWERED.map(([name]) => `(export "${name}" (func $l-${name}))`).join(' ')} (export "drop" (func $drop-thing))))))
  (func (export "make") (param "label" string) (result (own $thing)) (canon lift (core func $l-make) ${CANON}))
  (func (export "same") (param "given" (own $thing)) (result (own $thing)) (canon lift (core func $l-same)))
  (func (export "label") (param "given" (borrow $thing)) (result string)
    (canon lift (core func $forward "label") ${CANON}))
  (func (export "wait") async (param "given" (borrow $thing)) (param "how-long" u32) (result u32)
    (canon lift (core func $forward "wait")))
  (func (export "open") (param "label" string) (result (result (own $thing) (error string)))
    (canon lift (core func $forward "open") ${CANON}))
  (func (export "weigh") (param "given" (borrow $thing)) (result u32) (canon lift (core func $forward "weigh")))
  (func (export "all") (param "given" (list (own $thing))) (result (list (own $thing)))
    (canon lift (core func $forward "all") ${CANON}))`;

/** `fragile` cannot always be made: its constructor answers a result. */
const COUNTERS = `
  (component $Counters ${MEMORY}
    (type $counter' (resource (rep i32)))
    (type $fragile' (resource (rep i32)))
    (core func $new (canon resource.new $counter'))
    (core func $rep (canon resource.rep $counter'))
    (core func $drop (canon resource.drop $counter'))
    (core func $new-fragile (canon resource.new $fragile'))
    (core module $M
      (import "m" "memory" (memory 1))
      (import "c" "new" (func $new (param i32) (result i32)))
      (import "c" "rep" (func $rep (param i32) (result i32)))
      (import "c" "drop" (func $drop (param i32)))
      (import "c" "new-fragile" (func $new-fragile (param i32) (result i32)))
      (func (export "new") (param i32) (result i32) (call $new (local.get 0)))
      (func (export "value") (param i32) (result i32) (local.get 0))
      (func (export "plus") (param i32 i32) (result i32) (call $new (i32.add (local.get 0) (local.get 1))))
      (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "take") (param i32) (result i32) (local $value i32)
        (local.set $value (call $rep (local.get 0))) (call $drop (local.get 0)) (local.get $value))
      (func (export "pass") (param i32) (result i32) (local.get 0))
      (func (export "pass-list") (param i32 i32) (result i32)
        (i32.store (i32.const 1024) (local.get 0)) (i32.store (i32.const 1028) (local.get 1)) (i32.const 1024))
      (func (export "try") (param i32) (result i32)
        (i32.store (i32.const 1024) (i32.eqz (local.get 0)))
        (i32.store (i32.const 1028) (i32.const 2000))
        (i32.store (i32.const 1032) (i32.const 7))
        (if (local.get 0) (then (i32.store (i32.const 1028) (call $new-fragile (i32.const 1)))))
        (i32.const 1024))
      (data (i32.const 2000) "fragile"))
    (core instance $m (instantiate $M (with "m" (instance $memory)) (with "c" (instance
      (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))
      (export "new-fragile" (func $new-fragile))))))
    (export $counter "counter" (type $counter'))
    (export $fragile "fragile" (type $fragile'))
    (func (export "[constructor]counter") (param "start" u32) (result (own $counter)) (canon lift (core func $m "new")))
    (func (export "[method]counter.value") (param "self" (borrow $counter)) (result u32) (canon lift (core func $m "value")))
    (func (export "[method]counter.value-later") async (param "self" (borrow $counter)) (result u32)
      (canon lift (core func $m "value")))
    (func (export "[method]counter.plus") (param "self" (borrow $counter)) (param "more" u32) (result (own $counter))
      (canon lift (core func $m "plus")))
    (func (export "[static]counter.sum") (param "one" (borrow $counter)) (param "other" (borrow $counter)) (result u32)
      (canon lift (core func $m "sum")))
    (func (export "[constructor]fragile") (param "well" bool) (result (result (own $fragile) (error string)))
      (canon lift (core func $m "try") ${CANON}))
    (func (export "take") (param "given" (own $counter)) (result u32) (canon lift (core func $m "take")))
    (func (export "fresh") (param "start" u32) (result (own $counter)) (canon lift (core func $m "new")))
    (func (export "fresh-later") async (param "start" u32) (result (own $counter)) (canon lift (core func $m "new")))
    (func (export "pass-list") (param "given" (list (own $counter))) (result (list (own $counter)))
      (canon lift (core func $m "pass-list") ${CANON}))
    (func (export "pass-stream") (param "given" (stream (own $counter))) (result (stream (own $counter)))
      (canon lift (core func $m "pass")))
    (func (export "pass-future") async (param "given" (future (own $counter))) (result (future (own $counter)))
      (canon lift (core func $m "pass"))))
  (instance $counters (instantiate $Counters))
  (export "test:classes/counters" (instance $counters))`;

/** Resources of the world itself, and a function of an async type with parameters that are named as what declarations add. */
const WORLD = `
  (import "token" (type $token (sub resource)))
  (import "[constructor]token" (func $token-new (param "n" u32) (result (own $token))))
  (import "[method]token.n" (func $token-n (param "self" (borrow $token)) (result u32)))
  (import "add" (func $add async (param "options" u32) (param "signal" u32) (result u32)))
  (core func $l-token-new (canon lower (func $token-new)))
  (core func $l-token-n (canon lower (func $token-n)))
  (core func $l-add (canon lower (func $add)))
  (core func $drop-token (canon resource.drop $token))
  (type $ticket' (resource (rep i32)))
  (core func $ticket-new (canon resource.new $ticket'))
  (core module $World
    (import "w" "n" (func $n (param i32) (result i32)))
    (import "w" "drop" (func $drop (param i32)))
    (func (export "n") (param i32) (result i32) (local $n i32)
      (local.set $n (call $n (local.get 0))) (call $drop (local.get 0)) (local.get $n))
    (func (export "id") (param i32) (result i32) (local.get 0)))
  (core instance $world (instantiate $World (with "w" (instance
    (export "n" (func $l-token-n)) (export "drop" (func $drop-token))))))
  (func (export "make-token") (param "n" u32) (result (own $token)) (canon lift (core func $l-token-new)))
  (func (export "token-n") (param "token" (borrow $token)) (result u32) (canon lift (core func $world "n")))
  (func (export "plus") async (param "options" u32) (param "call-options" u32) (result u32) (canon lift (core func $l-add)))
  (export $ticket "ticket" (type $ticket'))
  (func (export "[constructor]ticket") (param "n" u32) (result (own $ticket)) (canon lift (core func $ticket-new)))
  (func (export "[method]ticket.number") (param "self" (borrow $ticket)) (result u32) (canon lift (core func $world "id")))`;

export const CLASSES = `(component ${HOST}${WORLD}${MEMORY}${FORWARD}${COUNTERS})`;
