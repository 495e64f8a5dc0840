;; A component in the text format: no compiler. Its allocator is a pointer that starts again with every call, since nothing outlives one.
(component
  (core module $m
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 64))

    ;; Only new blocks are asked for: a list that is lowered has its final size.
    (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at
        (i32.and (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1))) (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (if (i32.lt_u (global.get $next) (local.get $at)) (then unreachable))
      (block $fits
        (br_if $fits (i32.le_u (global.get $next) (i32.shl (memory.size) (i32.const 16))))
        (br_if $fits
          (i32.ge_s
            (memory.grow
              (i32.sub (i32.add (i32.shr_u (global.get $next) (i32.const 16)) (i32.const 1)) (memory.size)))
            (i32.const 0)))
        unreachable)
      (local.get $at))

    ;; option<summary> at 8: +0 some, +8 count, +12 least, +16 greatest, +24 mean
    (func (export "summarize") (param $at i32) (param $count i32) (result i32)
      (local $end i32) (local $value i32) (local $least i32) (local $greatest i32) (local $sum f64)
      (global.set $next (i32.const 64))
      (i32.store8 (i32.const 8) (i32.ne (local.get $count) (i32.const 0)))
      (if (local.get $count)
        (then
          (local.set $least (i32.const -1))
          (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 2))))
          (loop $each
            (local.set $value (i32.load (local.get $at)))
            (if (i32.lt_u (local.get $value) (local.get $least)) (then (local.set $least (local.get $value))))
            (if (i32.gt_u (local.get $value) (local.get $greatest)) (then (local.set $greatest (local.get $value))))
            (local.set $sum (f64.add (local.get $sum) (f64.convert_i32_u (local.get $value))))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (br_if $each (i32.lt_u (local.get $at) (local.get $end))))
          (i32.store (i32.const 16) (local.get $count))
          (i32.store (i32.const 20) (local.get $least))
          (i32.store (i32.const 24) (local.get $greatest))
          (f64.store (i32.const 32) (f64.div (local.get $sum) (f64.convert_i32_u (local.get $count))))))
      (i32.const 8)))

  (core instance $i (instantiate $m))
  (type $summary' (record (field "count" u32) (field "least" u32) (field "greatest" u32) (field "mean" f64)))
  (type $summarize' (func (param "values" (list u32)) (result (option $summary'))))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "cabi_realloc" (core func $realloc))
  (func $summarize (type $summarize')
    (canon lift (core func $i "summarize") (memory $memory) (realloc $realloc)))

  ;; The exported instance names its record type, so an inner component gives the types their names.
  (component $names
    (type $record (record (field "count" u32) (field "least" u32) (field "greatest" u32) (field "mean" f64)))
    (import "import-type-summary" (type $s (eq $record)))
    (import "import-func-summarize" (func $f (param "values" (list u32)) (result (option $s))))
    (export $s2 "summary" (type $s))
    (export "summarize" (func $f) (func (param "values" (list u32)) (result (option $s2)))))
  (instance $stats
    (instantiate $names
      (with "import-type-summary" (type $summary'))
      (with "import-func-summarize" (func $summarize))))
  (export "demo:text/stats@0.1.0" (instance $stats)))
