;; Makes an object of the host, calls its method in a loop, and drops it.
(component
  (import "bench:host/resources" (instance $h
    (export "counter" (type $counter (sub resource)))
    (export "[constructor]counter" (func (param "start" u32) (result (own $counter))))
    (export "[method]counter.next" (func (param "self" (borrow $counter)) (param "by" u32) (result u32)))))
  (alias export $h "counter" (type $counter))
  (core func $new (canon lower (func $h "[constructor]counter")))
  (core func $next (canon lower (func $h "[method]counter.next")))
  (core func $drop (canon resource.drop $counter))
  (core module $M
    (import "h" "new" (func $new (param i32) (result i32)))
    (import "h" "next" (func $next (param i32 i32) (result i32)))
    (import "h" "drop" (func $drop (param i32)))
    (func (export "loop") (param $n i32) (result i32) (local $x i32) (local $self i32)
      (local.set $self (call $new (i32.const 1)))
      (loop $l
        (local.set $x (call $next (local.get $self) (local.get $n)))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (call $drop (local.get $self))
      (local.get $x)))
  (core instance $m (instantiate $M (with "h" (instance
    (export "new" (func $new)) (export "next" (func $next)) (export "drop" (func $drop))))))
  (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $m "loop"))))
