;; One component gives another strings of 64 bytes that are not ASCII: two, three and four bytes a character, and ASCII in between.
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
      (func (export "len") (param i32 i32) (result i32) (global.set $bump (i32.const 65536)) local.get 1))
    (core instance $m (instantiate $M))
    (func (export "len") (param "s" string) (result u32) (canon lift (core func $m "len")
      (memory (core memory $m "memory")) (realloc (core func $m "cabi_realloc")))))
  (component $A
    (import "len" (func $len (param "s" string) (result u32)))
    (core module $Mem
      (memory (export "memory") 2)
      (data (i32.const 1024) "Привет, мир! Grüße aus Köln, 日本語言葉 🙂 ok"))
    (core instance $mem (instantiate $Mem))
    (core func $clen (canon lower (func $len) (memory (core memory $mem "memory"))))
    (core module $M
      (import "h" "len" (func $len (param i32 i32) (result i32)))
      (func (export "loop") (param $n i32) (result i32) (local $x i32)
        (loop $l
          (local.set $x (i32.add (local.get $x) (call $len (i32.const 1024) (i32.const 64))))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x)))
    (core instance $m (instantiate $M (with "h" (instance (export "len" (func $clen))))))
    (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $m "loop"))))
  (instance $b (instantiate $B))
  (instance $a (instantiate $A (with "len" (func $b "len"))))
  (export "loop" (func $a "loop")))
