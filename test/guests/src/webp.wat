;; Makes a command of the WebP decoder: an image on standard input becomes its width, height (32 bits each) and RGBA bytes.
(module
  (import "guest" "memory" (memory 1))
  (import "guest" "malloc" (func $malloc (param i32) (result i32)))
  (import "guest" "WebPDecodeRGBA" (func $decode (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))

  (func (export "_start")
    (local $image i32) (local $io i32) (local $length i32) (local $size i32) (local $pixels i32)
    (local.set $io (call $malloc (i32.const 16)))
    (local.set $size (call $malloc (i32.const 8)))
    (local.set $image (call $malloc (i32.const 65536)))
    (loop $more
      (i32.store (local.get $io) (i32.add (local.get $image) (local.get $length)))
      (i32.store offset=4 (local.get $io) (i32.sub (i32.const 65536) (local.get $length)))
      (if (call $read (i32.const 0) (local.get $io) (i32.const 1) (i32.add (local.get $io) (i32.const 8))) (then unreachable))
      (local.set $length (i32.add (local.get $length) (i32.load offset=8 (local.get $io))))
      (br_if $more (i32.load offset=8 (local.get $io))))
    (local.set $pixels
      (call $decode (local.get $image) (local.get $length) (local.get $size) (i32.add (local.get $size) (i32.const 4))))
    (if (i32.eqz (local.get $pixels)) (then (call $exit (i32.const 1))))
    (call $all (local.get $io) (local.get $size) (i32.const 8))
    (call $all (local.get $io) (local.get $pixels)
      (i32.shl (i32.mul (i32.load (local.get $size)) (i32.load offset=4 (local.get $size))) (i32.const 2))))

  (func $all (param $io i32) (param $at i32) (param $count i32)
    (local $written i32)
    (loop $more
      (i32.store (local.get $io) (local.get $at))
      (i32.store offset=4 (local.get $io) (local.get $count))
      (if (call $write (i32.const 1) (local.get $io) (i32.const 1) (i32.add (local.get $io) (i32.const 8))) (then unreachable))
      (local.set $written (i32.load offset=8 (local.get $io)))
      (local.set $at (i32.add (local.get $at) (local.get $written)))
      (local.set $count (i32.sub (local.get $count) (local.get $written)))
      (br_if $more (local.get $count)))))
