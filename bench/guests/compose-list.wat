;; One component gives another a list of 10,000 numbers; the callee's realloc always answers the same place.
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
      (func (export "count") (param i32 i32) (result i32) (global.set $bump (i32.const 65536)) local.get 1))
    (core instance $m (instantiate $M))
    (func (export "count") (param "l" (list u32)) (result u32) (canon lift (core func $m "count")
      (memory (core memory $m "memory")) (realloc (core func $m "cabi_realloc")))))
  (component $A
    (import "count" (func $count (param "l" (list u32)) (result u32)))
    (core module $Mem (memory (export "memory") 2) (data (i32.const 1024) "\01\02\03\04"))
    (core instance $mem (instantiate $Mem))
    (core func $ccount (canon lower (func $count) (memory (core memory $mem "memory"))))
    (core module $M
      (import "h" "count" (func $count (param i32 i32) (result i32)))
      (func (export "loop") (param $n i32) (result i32) (local $x i32)
        (loop $l
          (local.set $x (i32.add (local.get $x) (call $count (i32.const 1024) (i32.const 10000))))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x)))
    (core instance $m (instantiate $M (with "h" (instance (export "count" (func $ccount))))))
    (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $m "loop"))))
  (instance $b (instantiate $B))
  (instance $a (instantiate $A (with "count" (func $b "count"))))
  (export "loop" (func $a "loop")))
