/** A guest that makes, reads, holds and forgets streams of bytes, and counts what it does. */
import { guestText, lift, streamCanons } from './async-guest.ts';

const BODY = `
    (global $written (mut i32) (i32.const 0))
    (global $got (mut i32) (i32.const 0))
    (global $ended (mut i32) (i32.const 0))
    (global $held (mut i32) (i32.const 0))
    (func (export "written") (result i32) (global.get $written))
    (func (export "got") (result i32) (global.get $got))
    (func (export "ended") (result i32) (global.get $ended))

    (func $writable (param $pair i64) (result i32) (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
    (func $pump (param $out i32) (param $times i32) (param $size i32) (local $done i32)
      (block $end
        (loop $more
          (br_if $end (i32.eqz (local.get $times)))
          (local.set $done (call $stream.write (local.get $out) (i32.const 65536) (local.get $size)))
          (global.set $written (i32.add (global.get $written) (i32.shr_u (local.get $done) (i32.const 4))))
          (br_if $end (i32.and (local.get $done) (i32.const 15)))
          (local.set $times (i32.sub (local.get $times) (i32.const 1)))
          (br $more))))
    (func (export "count") (param $times i32) (param $size i32) (local $pair i64)
      (local.set $pair (call $stream.new))
      (call $task.return (i32.wrap_i64 (local.get $pair)))
      (call $pump (call $writable (local.get $pair)) (local.get $times) (local.get $size))
      (call $drop-writable (call $writable (local.get $pair)))
      (global.set $ended (i32.add (global.get $ended) (i32.const 1))))
    (func (export "count-then-trap") (param $times i32) (param $size i32) (local $pair i64)
      (local.set $pair (call $stream.new))
      (call $task.return (i32.wrap_i64 (local.get $pair)))
      (call $pump (call $writable (local.get $pair)) (local.get $times) (local.get $size))
      unreachable)
    (func (export "empty") (local $pair i64)
      (local.set $pair (call $stream.new))
      (call $drop-writable (call $writable (local.get $pair)))
      (call $task.return (i32.wrap_i64 (local.get $pair))))

    ;; reads up to $most bytes, $size at a time, and drops the stream; the sum of all bytes
    (func (export "sum") (param $in i32) (param $most i32) (param $size i32) (result i32)
      (local $r i32) (local $sum i32) (local $i i32)
      (block $end
        (loop $more
          (br_if $end (i32.ge_u (global.get $got) (local.get $most)))
          (local.set $r (call $stream.read (local.get $in) (i32.const 65536) (local.get $size)))
          (local.set $i (i32.const 0))
          (block $added
            (loop $add
              (br_if $added (i32.eq (local.get $i) (i32.shr_u (local.get $r) (i32.const 4))))
              (local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=65536 (local.get $i))))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br $add)))
          (global.set $got (i32.add (global.get $got) (local.get $i)))
          (br_if $more (i32.eqz (i32.and (local.get $r) (i32.const 15))))))
      (call $drop-readable (local.get $in))
      (global.set $ended (i32.add (global.get $ended) (i32.const 1)))
      (local.get $sum))
    (func (export "drain") (param $in i32) (result i32) (local $r i32)
      (loop $more
        (local.set $r (call $stream.read (local.get $in) (i32.const 65536) (i32.const 1048576)))
        (global.set $got (i32.add (global.get $got) (i32.shr_u (local.get $r) (i32.const 4))))
        (br_if $more (i32.eqz (i32.and (local.get $r) (i32.const 15)))))
      (call $drop-readable (local.get $in))
      (global.get $got))
    (func (export "hold") (param $in i32) (global.set $held (local.get $in)))
    (func (export "release") (call $drop-readable (global.get $held)))
    (func (export "give-back") (result i32) (global.get $held))
    ;; reads once, without waiting: the code, or -1
    (func (export "peek") (result i32) (call $read-async (global.get $held) (i32.const 65536) (i32.const 16)))`;

export const BYTES = guestText({
  types: '(type $ST (stream u8))',
  canons: { ...streamCanons('$ST'), 'task.return': ['task.return (result $ST)', '(param i32)'] },
  body: BODY,
  exports: `
  (func (export "written") (result u32) ${lift('written', 'sync')})
  (func (export "got") (result u32) ${lift('got', 'sync')})
  (func (export "ended") (result u32) ${lift('ended', 'sync')})
  (func (export "count") async (param "times" u32) (param "size" u32) (result $ST) ${lift('count', 'async')})
  (func (export "count-then-trap") async (param "times" u32) (param "size" u32) (result $ST) ${lift('count-then-trap', 'async')})
  (func (export "empty") async (result $ST) ${lift('empty', 'async')})
  (func (export "sum") async (param "in" $ST) (param "most" u32) (param "size" u32) (result u32) ${lift('sum', 'sync')})
  (func (export "drain") async (param "in" $ST) (result u32) ${lift('drain', 'sync')})
  (func (export "hold") (param "in" $ST) ${lift('hold', 'sync')})
  (func (export "release") ${lift('release', 'sync')})
  (func (export "give-back") (result $ST) ${lift('give-back', 'sync')})
  (func (export "peek") (result s32) ${lift('peek', 'sync')})`,
});
