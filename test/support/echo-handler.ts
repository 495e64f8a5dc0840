import { APPEND, body, handlerText, POLL, write } from './handler-text.ts';

/**
 * A component that handles HTTP requests: it answers 200 with the body that it is sent, piece by piece, and behind it with the
 * trailers, or with one of its own, `x-end`, where there are none.
 */
const IMPORTS = `${POLL}
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "input-stream" (type $in (sub resource)))
    (export "output-stream" (type $out (sub resource)))
    (export "[method]input-stream.blocking-read"
      (func (param "self" (borrow $in)) (param "len" u64) (result (result (list u8)))))${write('$out')}))
  (alias export $streams "input-stream" (type $in))
  (alias export $streams "output-stream" (type $out))`;

const TYPES = `${APPEND}
    (alias outer 1 $pollable (type $pollable))
    (alias outer 1 $in (type $in))
    (alias outer 1 $out (type $out))${body('$out')}
    (export "incoming-body" (type $asked (sub resource)))
    (export "future-trailers" (type $future (sub resource)))
    (export "[method]incoming-request.consume"
      (func (param "self" (borrow $request)) (result (result (own $asked)))))
    (export "[method]incoming-body.stream" (func (param "self" (borrow $asked)) (result (result (own $in)))))
    (export "[static]incoming-body.finish" (func (param "this" (own $asked)) (result (own $future))))
    (export "[method]future-trailers.subscribe" (func (param "self" (borrow $future)) (result (own $pollable))))
    (export "[method]future-trailers.get"
      (func (param "self" (borrow $future)) (result (option (result (result (option (own $fields))))))))
    (export "[static]outgoing-body.finish"
      (func (param "this" (own $body)) (param "trailers" (option (own $fields))) (result (result))))`;

const MEMORY = `
  (core module $Mem
    (memory (export "mem") 2)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096)))`;

/** What the program calls: its name here, the instance and name of it there, its core type. */
const LOWERED = [
  ['block', 'poll', '[method]pollable.block', '(param i32)'],
  ['read', 'streams', '[method]input-stream.blocking-read', '(param i32 i64 i32)'],
  ['put', 'streams', '[method]output-stream.blocking-write-and-flush', '(param i32 i32 i32) (result i32)'],
  ['append', 'types', '[method]fields.append', '(param i32 i32 i32 i32 i32) (result i32)'],
  ['consume', 'types', '[method]incoming-request.consume', '(param i32 i32)'],
  ['asked', 'types', '[method]incoming-body.stream', '(param i32 i32)'],
  ['asked-all', 'types', '[static]incoming-body.finish', '(param i32) (result i32)'],
  ['subscribe', 'types', '[method]future-trailers.subscribe', '(param i32) (result i32)'],
  ['trailers', 'types', '[method]future-trailers.get', '(param i32 i32)'],
  ['body', 'types', '[method]outgoing-response.body', '(param i32 i32)'],
  ['write', 'types', '[method]outgoing-body.write', '(param i32 i32)'],
  ['finish', 'types', '[static]outgoing-body.finish', '(param i32 i32 i32) (result i32)'],
] as const;

/** Results from 16 on; what is read lies at 4096. */
const PROGRAM = `
    (data (i32.const 64) "x-end   yes")
    (func (export "handle") (param $request i32) (param $outparam i32)
      (local $asked i32) (local $in i32) (local $made i32) (local $body i32) (local $out i32)
      (local $future i32) (local $ready i32)
      (call $consume (local.get $request) (i32.const 16))
      (local.set $asked (i32.load (i32.const 20)))
      (call $asked (local.get $asked) (i32.const 16))
      (local.set $in (i32.load (i32.const 20)))
      (local.set $made (call $response (call $fields)))
      (call $body (local.get $made) (i32.const 16))
      (local.set $body (i32.load (i32.const 20)))
      (call $write (local.get $body) (i32.const 16))
      (local.set $out (i32.load (i32.const 20)))
      (call $set (local.get $outparam) (i32.const 0) (local.get $made))
      (loop $l
        (call $read (local.get $in) (i64.const 4096) (i32.const 16))
        (if (i32.eqz (i32.load8_u (i32.const 16)))
          (then
            (drop (call $put (local.get $out) (i32.load (i32.const 20)) (i32.load (i32.const 24))))
            (br $l))))
      (call $drop-in (local.get $in))
      (call $drop-out (local.get $out))
      (local.set $future (call $asked-all (local.get $asked)))
      (local.set $ready (call $subscribe (local.get $future)))
      (call $block (local.get $ready))
      (call $drop-pollable (local.get $ready))
      (call $trailers (local.get $future) (i32.const 16))
      ;; Fields, if it is there, came in time, and no error.
      (if (i32.or (i32.or (i32.eqz (i32.load8_u (i32.const 16))) (i32.load8_u (i32.const 20))) (i32.load8_u (i32.const 24)))
        (then (unreachable)))
      (local.set $made (i32.load (i32.const 32)))
      (if (i32.eqz (i32.load8_u (i32.const 28)))
        (then
          (local.set $made (call $fields))
          (drop (call $append (local.get $made) (i32.const 64) (i32.const 5) (i32.const 72) (i32.const 3)))))
      (drop (call $finish (local.get $body) (i32.const 1) (local.get $made))))`;

export const ECHO_HANDLER = handlerText({
  imports: IMPORTS,
  types: TYPES,
  memory: MEMORY,
  lowered: LOWERED,
  dropped: ['in', 'out', 'pollable'],
  program: PROGRAM,
});
