;; One component lends a resource of another to it: the caller holds an own handle, the callee takes a borrow.
(component
  (component $B
    (type $thing' (resource (rep i32)))
    (export $thing "thing" (type $thing'))
    (core func $new (canon resource.new $thing'))
    (core module $M
      (import "h" "new" (func $new (param i32) (result i32)))
      (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
      (func (export "read") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
    (core instance $m (instantiate $M (with "h" (instance (export "new" (func $new))))))
    (func (export "make") (param "rep" u32) (result (own $thing)) (canon lift (core func $m "make")))
    (func (export "read") (param "self" (borrow $thing)) (param "x" u32) (result u32) (canon lift (core func $m "read"))))
  (component $A
    (import "b" (instance $b
      (export "thing" (type $thing (sub resource)))
      (export "make" (func (param "rep" u32) (result (own $thing))))
      (export "read" (func (param "self" (borrow $thing)) (param "x" u32) (result u32)))))
    (alias export $b "thing" (type $thing))
    (core func $make (canon lower (func $b "make")))
    (core func $read (canon lower (func $b "read")))
    (core func $drop (canon resource.drop $thing))
    (core module $M
      (import "h" "make" (func $make (param i32) (result i32)))
      (import "h" "read" (func $read (param i32 i32) (result i32)))
      (import "h" "drop" (func $drop (param i32)))
      (func (export "loop") (param $n i32) (result i32) (local $x i32) (local $self i32)
        (local.set $self (call $make (i32.const 3)))
        (loop $l
          (local.set $x (call $read (local.get $self) (local.get $n)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (call $drop (local.get $self))
        (local.get $x)))
    (core instance $m (instantiate $M (with "h" (instance
      (export "make" (func $make)) (export "read" (func $read)) (export "drop" (func $drop))))))
    (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $m "loop"))))
  (instance $b (instantiate $B))
  (instance $a (instantiate $A (with "b" (instance $b))))
  (export "loop" (func $a "loop")))
