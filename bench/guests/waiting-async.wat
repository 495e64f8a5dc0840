;; Calls an asynchronous function of the host in a loop, and waits for each result.
(component
  (import "bench:host/waits" (instance $h
    (export "wait" (func async (param "x" u32) (result u32)))))
  (core func $wait (canon lower (func $h "wait")))
  (core module $M
    (import "h" "wait" (func $wait (param i32) (result i32)))
    (func (export "loop") (param $n i32) (result i32) (local $x i32)
      (loop $l
        (local.set $x (i32.add (local.get $x) (call $wait (local.get $n))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $x)))
  (core instance $m (instantiate $M (with "h" (instance (export "wait" (func $wait))))))
  (func (export "loop") async (param "n" u32) (result u32) (canon lift (core func $m "loop"))))
