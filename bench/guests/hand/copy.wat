;; One `memory.copy` of 40,000 bytes from one memory to another, n times.
(module
  (memory $a 2)
  (memory $b 64)
  (data (memory $a) (i32.const 1024) "\01\02\03\04")
  (func (export "loop") (param $n i32) (result i32) (local $x i32)
    (loop $l
      (memory.copy $b $a (i32.const 65536) (i32.const 1024) (i32.const 40000))
      (local.set $x (i32.add (local.get $x) (i32.const 10000)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x)))
