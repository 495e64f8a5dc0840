;; What stands between the two components of compose-records.wat, by hand, with every check of the Canonical ABI: may_leave, alignment
;; and bounds of the list and of each string, what realloc answers, UTF-8, one bit a bool, no exception to the caller.
(module
  (import "a" "memory" (memory $a 2))
  (import "b" "memory" (memory $b 1))
  (import "b" "cabi_realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (import "b" "take" (func $take (param i32 i32) (result i32)))
  (global $a-may-leave (mut i32) (i32.const 1))
  (global $b-may-leave (mut i32) (i32.const 1))

  (func $alloc (param $align i32) (param $size i32) (result i32) (local $p i32)
    (local.set $p (call $realloc (i32.const 0) (i32.const 0) (local.get $align) (local.get $size)))
    (if (i32.and (local.get $p) (i32.sub (local.get $align) (i32.const 1))) (then unreachable))
    (if (i64.gt_u
          (i64.add (i64.extend_i32_u (local.get $p)) (i64.extend_i32_u (local.get $size)))
          (i64.shl (i64.extend_i32_u (memory.size $b)) (i64.const 16)))
      (then unreachable))
    (local.get $p))

  (func $in-a (param $p i32) (param $size i32)
    (if (i64.gt_u
          (i64.add (i64.extend_i32_u (local.get $p)) (i64.extend_i32_u (local.get $size)))
          (i64.shl (i64.extend_i32_u (memory.size $a)) (i64.const 16)))
      (then unreachable)))

  ;; Traps unless the bytes are UTF-8, a character at a time: no overlong form, no surrogate, nothing above U+10FFFF.
  (func $validate (param $p i32) (param $end i32) (local $c i32) (local $more i32) (local $least i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
      (local.set $c (i32.load8_u $a (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $c) (i32.const 0x80)))
      (if (i32.lt_u (local.get $c) (i32.const 0xc2)) (then unreachable))
      (if (i32.lt_u (local.get $c) (i32.const 0xe0))
        (then
          (local.set $more (i32.const 1)) (local.set $least (i32.const 0x80))
          (local.set $c (i32.and (local.get $c) (i32.const 0x1f))))
        (else (if (i32.lt_u (local.get $c) (i32.const 0xf0))
          (then
            (local.set $more (i32.const 2)) (local.set $least (i32.const 0x800))
            (local.set $c (i32.and (local.get $c) (i32.const 0x0f))))
          (else
            (local.set $more (i32.const 3)) (local.set $least (i32.const 0x10000))
            (local.set $c (i32.and (local.get $c) (i32.const 0x0f)))))))
      (if (i32.gt_u (local.get $more) (i32.sub (local.get $end) (local.get $p))) (then unreachable))
      (loop $byte
        (if (i32.ne (i32.and (i32.load8_u $a (local.get $p)) (i32.const 0xc0)) (i32.const 0x80)) (then unreachable))
        (local.set $c (i32.or
          (i32.shl (local.get $c) (i32.const 6))
          (i32.and (i32.load8_u $a (local.get $p)) (i32.const 0x3f))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br_if $byte (local.tee $more (i32.sub (local.get $more) (i32.const 1)))))
      (if (i32.lt_u (local.get $c) (local.get $least)) (then unreachable))
      (if (i32.gt_u (local.get $c) (i32.const 0x10ffff)) (then unreachable))
      (if (i32.eq (i32.and (local.get $c) (i32.const 0x1ff800)) (i32.const 0xd800)) (then unreachable))
      (br $next))))

  ;; Copies a string and tests that it is ASCII in the same pass; what is not is validated and copied again.
  (func $string (param $from i32) (param $size i32) (result i32)
    (local $to i32) (local $i i32) (local $last i32) (local $seen v128) (local $v v128) (local $w i64) (local $x i64)
    (if (i32.ge_u (local.get $size) (i32.const 0x10000000)) (then unreachable))
    (call $in-a (local.get $from) (local.get $size))
    (local.set $to (call $alloc (i32.const 1) (local.get $size)))
    (if (i32.ge_u (local.get $size) (i32.const 16))
      (then
        (local.set $last (i32.sub (local.get $size) (i32.const 16)))
        (loop $l
          (local.set $v (v128.load $a align=1 (i32.add (local.get $from) (local.get $i))))
          (v128.store $b align=1 (i32.add (local.get $to) (local.get $i)) (local.get $v))
          (local.set $seen (v128.or (local.get $seen) (local.get $v)))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $last))))
        (local.set $v (v128.load $a align=1 (i32.add (local.get $from) (local.get $last))))
        (v128.store $b align=1 (i32.add (local.get $to) (local.get $last)) (local.get $v))
        (if (i8x16.bitmask (v128.or (local.get $seen) (local.get $v)))
          (then
            (call $validate (local.get $from) (i32.add (local.get $from) (local.get $size)))
            (memory.copy $b $a (local.get $to) (local.get $from) (local.get $size)))))
      (else (if (i32.ge_u (local.get $size) (i32.const 8))
        (then
          (local.set $last (i32.sub (local.get $size) (i32.const 8)))
          (local.set $w (i64.load $a align=1 (local.get $from)))
          (local.set $x (i64.load $a align=1 (i32.add (local.get $from) (local.get $last))))
          (i64.store $b align=1 (local.get $to) (local.get $w))
          (i64.store $b align=1 (i32.add (local.get $to) (local.get $last)) (local.get $x))
          (if (i64.ne
                (i64.and (i64.or (local.get $w) (local.get $x)) (i64.const 0x8080808080808080))
                (i64.const 0))
            (then
              (call $validate (local.get $from) (i32.add (local.get $from) (local.get $size)))
              (memory.copy $b $a (local.get $to) (local.get $from) (local.get $size)))))
        (else
          (call $validate (local.get $from) (i32.add (local.get $from) (local.get $size)))
          (memory.copy $b $a (local.get $to) (local.get $from) (local.get $size))))))
    (local.get $to))

  (func (export "take") (param $from i32) (param $n i32) (result i32)
    (local $to i32) (local $p i32) (local $end i32) (local $q i32)
    (block $thrown (try_table (catch_all $thrown)
      (if (i32.eqz (global.get $a-may-leave)) (then unreachable))
      (if (i32.and (local.get $from) (i32.const 7)) (then unreachable))
      (if (i32.ge_u (local.get $n) (i32.const 0x800000)) (then unreachable))
      (call $in-a (local.get $from) (i32.shl (local.get $n) (i32.const 5)))
      (global.set $b-may-leave (i32.const 0))
      (local.set $to (call $alloc (i32.const 8) (i32.shl (local.get $n) (i32.const 5))))
      (local.set $p (local.get $from))
      (local.set $q (local.get $to))
      (local.set $end (i32.add (local.get $from) (i32.shl (local.get $n) (i32.const 5))))
      (block $done (loop $next
        (br_if $done (i32.eq (local.get $p) (local.get $end)))
        (i32.store $b (local.get $q) (i32.load $a (local.get $p)))
        (i32.store $b offset=4 (local.get $q)
          (call $string (i32.load $a offset=4 (local.get $p)) (i32.load $a offset=8 (local.get $p))))
        (i32.store $b offset=8 (local.get $q) (i32.load $a offset=8 (local.get $p)))
        (f64.store $b offset=16 (local.get $q) (f64.load $a offset=16 (local.get $p)))
        (i32.store8 $b offset=24 (local.get $q) (i32.ne (i32.load8_u $a offset=24 (local.get $p)) (i32.const 0)))
        (local.set $p (i32.add (local.get $p) (i32.const 32)))
        (local.set $q (i32.add (local.get $q) (i32.const 32)))
        (br $next)))
      (global.set $b-may-leave (i32.const 1))
      (return (call $take (local.get $to) (local.get $n)))))
    unreachable))
