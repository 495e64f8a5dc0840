;; Calls a function of the host in a loop.
(component
  (import "bench:host/calls" (instance $h
    (export "mix" (func (param "x" u32) (param "y" u32) (result u32)))))
  (core func $mix (canon lower (func $h "mix")))
  (core module $M
    (import "h" "mix" (func $mix (param i32 i32) (result i32)))
    (func (export "loop") (param $n i32) (result i32) (local $x i32)
      (loop $l
        (local.set $x (call $mix (local.get $x) (local.get $n)))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $x)))
  (core instance $m (instantiate $M (with "h" (instance (export "mix" (func $mix))))))
  (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $m "loop"))))
