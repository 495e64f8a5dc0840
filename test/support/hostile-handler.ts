import { APPEND, body, growing, handlerText, PATH, POLL, write } from './handler-text.ts';

/**
 * A component that handles HTTP requests and means harm: what it does depends on the first letter of the path, and to all others it answers
 * 200 without a body. Of WASI it names what it uses; errors that it does not look at have no type.
 */
const IMPORTS = `${POLL}
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $stream (sub resource)))${write('$stream')}))
  (alias export $streams "output-stream" (type $stream))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $pollable))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $stream (type $stream))
    (export "get-stdout" (func (result (own $stream))))))
  (import "wasi:cli/stderr@0.2.0" (instance $stderr
    (alias outer 1 $stream (type $stream))
    (export "get-stderr" (func (result (own $stream))))))`;

const TYPES = `${APPEND}${PATH}
    (alias outer 1 $stream (type $stream))${body('$stream')}
    (export "[static]fields.from-list"
      (func (param "entries" (list (tuple string (list u8)))) (result (result (own $fields)))))`;

/** What the program calls: its name here, the instance and name of it there, its core type. */
const LOWERED = [
  ['block', 'poll', '[method]pollable.block', '(param i32)'],
  ['put', 'streams', '[method]output-stream.blocking-write-and-flush', '(param i32 i32 i32) (result i32)'],
  ['later', 'clock', 'subscribe-duration', '(param i64) (result i32)'],
  ['stdout', 'stdout', 'get-stdout', '(result i32)'],
  ['stderr', 'stderr', 'get-stderr', '(result i32)'],
  ['from-list', 'types', '[static]fields.from-list', '(param i32 i32 i32)'],
  ['append', 'types', '[method]fields.append', '(param i32 i32 i32 i32 i32) (result i32)'],
  ['path', 'types', '[method]incoming-request.path-with-query', '(param i32 i32)'],
  ['body', 'types', '[method]outgoing-response.body', '(param i32 i32)'],
  ['write', 'types', '[method]outgoing-body.write', '(param i32 i32)'],
] as const;

/** A name at 64; lists of entries from 128 KiB; values are what stands at 4096 and behind. */
const PROGRAM = `
    (data (i32.const 64) "x-flood")
    (func $spin (loop $l (br $l)))
    (func $bomb
      (loop $l
        (if (i32.lt_s (memory.grow (i32.const 16)) (i32.const 0)) (then unreachable))
        (memory.fill (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 0x100000)) (i32.const 1) (i32.const 0x100000))
        (br $l)))
    (func $leak (loop $l (drop (call $fields)) (br $l)))
    (func $wait (call $block (call $later (i64.const 3600000000000))))
    (func $crowd (loop $l (drop (call $later (i64.const 3600000000000))) (br $l)))
    (func $flood (param $to i32)
      (loop $l (br_if $l (i32.eqz (call $put (local.get $to) (i32.const 4096) (i32.const 4096))))))
    (func $grown (param $count i32) (result i32)
      (local $made i32)
      (local.set $made (call $fields))
      (memory.fill (i32.const 4096) (i32.const 97) (i32.const 1024))
      (loop $l
        (drop (call $append (local.get $made) (i32.const 64) (i32.const 7) (i32.const 4096) (i32.const 1024)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br_if $l (local.get $count)))
      (local.get $made))
    (func $hoard (loop $l (drop (call $grown (i32.const 900))) (br $l)))
    (func $many
      (local $at i32)
      (local.set $at (i32.const 0x20000))
      (drop (memory.grow (i32.const 256)))
      (loop $l
        (i32.store (local.get $at) (i32.const 64))
        (i32.store offset=4 (local.get $at) (i32.const 7))
        (i32.store offset=8 (local.get $at) (i32.const 0x10000))
        (i32.store offset=12 (local.get $at) (i32.const 0x100000))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $l (i32.lt_u (local.get $at) (i32.const 0x1000000))))
      (call $from-list (i32.const 0x20000) (i32.const 1000000) (i32.const 32)))
    (func $stream (param $out i32)
      (local $made i32)
      (local.set $made (call $response (call $fields)))
      (call $body (local.get $made) (i32.const 32))
      (call $set (local.get $out) (i32.const 0) (local.get $made))
      (call $write (i32.load (i32.const 36)) (i32.const 48))
      (call $flood (i32.load (i32.const 52))))
    (func (export "handle") (param $request i32) (param $out i32)
      (local $letter i32)
      (local $headers i32)
      (call $path (local.get $request) (i32.const 16))
      (local.set $letter (i32.load8_u offset=1 (i32.load (i32.const 20))))
      (if (i32.eq (local.get $letter) (i32.const 98)) (then (call $bomb)))
      (if (i32.eq (local.get $letter) (i32.const 99)) (then (call $spin)))
      (if (i32.eq (local.get $letter) (i32.const 101)) (then (call $flood (call $stderr))))
      (if (i32.eq (local.get $letter) (i32.const 104)) (then (call $leak)))
      (if (i32.eq (local.get $letter) (i32.const 107)) (then (call $hoard)))
      (if (i32.eq (local.get $letter) (i32.const 108)) (then (call $many)))
      (if (i32.eq (local.get $letter) (i32.const 111)) (then (call $flood (call $stdout))))
      (if (i32.eq (local.get $letter) (i32.const 112)) (then (call $crowd)))
      (if (i32.eq (local.get $letter) (i32.const 115)) (then (call $stream (local.get $out)) (return)))
      (if (i32.eq (local.get $letter) (i32.const 119)) (then (call $wait)))
      (local.set $headers
        (if (result i32) (i32.eq (local.get $letter) (i32.const 102))
          (then (call $grown (i32.const 100000)))
          (else (if (result i32) (i32.eq (local.get $letter) (i32.const 103))
            (then (call $grown (i32.const 900)))
            (else (call $fields))))))
      (call $set (local.get $out) (i32.const 0) (call $response (local.get $headers))))`;

/** What it does, by the path that asks for it. */
export const HARM = {
  /** Takes memory until there is none, then traps. */
  memory: 'bomb',
  /** Computes without end. */
  compute: 'compute',
  stderr: 'errors',
  /** Answers with fields without end, or with 900 KiB of them. */
  endlessFields: 'fields',
  largeFields: 'grown',
  /** Makes handles without end, or handles with much behind each. */
  handles: 'handles',
  hoard: 'keep',
  /** Gives a million fields of a megabyte that all stand at one place. */
  repeated: 'list',
  stdout: 'output',
  /** Begins waits without end. */
  waits: 'pollables',
  /** Answers with a body without end. */
  body: 'stream',
  /** Waits for an hour. */
  wait: 'wait',
} as const;

export const HOSTILE_HANDLER = handlerText({
  imports: IMPORTS,
  types: TYPES,
  memory: growing(4),
  lowered: LOWERED,
  program: PROGRAM,
});
