;; One component gives another a list of 100 records with strings of 8 to 24 bytes.
(component
  (component $B
    (core module $M
      (memory (export "memory") 64)
      (global $bump (mut i32) (i32.const 65536))
      (func (export "cabi_realloc") (param $old i32) (param $olds i32) (param $align i32) (param $new i32) (result i32)
        (local $p i32)
        (local.set $p (i32.and
          (i32.add (global.get $bump) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
        (global.set $bump (i32.add (local.get $p) (local.get $new)))
        (local.get $p))
      ;; The number of records, and what the last one holds.
      (func (export "take") (param $p i32) (param $n i32) (result i32) (local $last i32)
        (global.set $bump (i32.const 65536))
        (local.set $last (i32.add (local.get $p) (i32.mul (i32.sub (local.get $n) (i32.const 1)) (i32.const 32))))
        (i32.add (local.get $n) (i32.add (i32.load offset=8 (local.get $last))
          (i32.load8_u (i32.load offset=4 (local.get $last)))))))
    (core instance $m (instantiate $M))
    (func (export "take") (param "l" (list (tuple u32 string f64 bool))) (result u32) (canon lift (core func $m "take")
      (memory (core memory $m "memory")) (realloc (core func $m "cabi_realloc")))))
  (component $A
    (import "take" (func $take (param "l" (list (tuple u32 string f64 bool))) (result u32)))
    (core module $Mem
      (memory (export "memory") 2)
      (data (i32.const 1024) "The quick brown fox jumps over the lazy dog, and the lazy dog over the quick brown fox; no more than that. And so on, and so on.")
      (func $fill (local $i i32) (local $p i32)
        (local.set $p (i32.const 4096))
        (loop $l
          (i32.store (local.get $p) (local.get $i))
          (i32.store offset=4 (local.get $p) (i32.add (i32.const 1024) (local.get $i)))
          (i32.store offset=8 (local.get $p) (i32.add (i32.const 8) (i32.rem_u (local.get $i) (i32.const 17))))
          (f64.store offset=16 (local.get $p) (f64.convert_i32_u (local.get $i)))
          (i32.store8 offset=24 (local.get $p) (i32.and (local.get $i) (i32.const 1)))
          (local.set $p (i32.add (local.get $p) (i32.const 32)))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100)))))
      (start $fill))
    (core instance $mem (instantiate $Mem))
    (core func $ctake (canon lower (func $take) (memory (core memory $mem "memory"))))
    (core module $M
      (import "h" "take" (func $take (param i32 i32) (result i32)))
      (func (export "loop") (param $n i32) (result i32) (local $x i32)
        (loop $l
          (local.set $x (i32.add (local.get $x) (call $take (i32.const 4096) (i32.const 100))))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x)))
    (core instance $m (instantiate $M (with "h" (instance (export "take" (func $ctake))))))
    (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $m "loop"))))
  (instance $b (instantiate $B))
  (instance $a (instantiate $A (with "take" (func $b "take"))))
  (export "loop" (func $a "loop")))
