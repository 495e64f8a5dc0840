/** Components of shapes that the suites have few of, as seeds of mutation: GC types, tables, tags, resources in depth, options. */
export const RICH: readonly string[] = [
  // core types: sub types, recursion, references, arrays
  `(component
    (core type $a (sub (struct (field i32))))
    (core type $b (sub $a (struct (field i32) (field (mut i64)))))
    (core type $c (sub final $b (struct (field i32) (field (mut i64)) (field (ref null $a)))))
    (core rec (type $l (struct (field (ref null $m)))) (type $m (struct (field (ref null $l)))))
    (core type $arr (array (mut i8)))
    (core type $f (func (param (ref $a) funcref externref) (result (ref null $arr))))
    (core type $mt (module
      (alias outer 1 $f (type $g))
      (type $h (func (param i32) (result i64)))
      (import "m" "f" (func (type $g)))
      (import "m" "t" (table 1 10 funcref))
      (import "m" "g" (global (mut i32)))
      (import "m" "mem" (memory 1 4))
      (type $h2 (func (param i32)))
      (import "m" "tag" (tag (type $h2)))
      (export "e" (func (type $h)))
      (export "t" (table 2 5 externref))
      (export "g" (global i64))
      (export "m" (memory i64 1 2))))
    (import "m" (core module (type $mt))))`,
  // modules as arguments of components
  `(component
    (core type $T (module (import "a" "f" (func (param i32))) (export "g" (func (result i32))) (export "mem" (memory 1))))
    (component $C
      (core type $T2 (module (import "a" "f" (func (param i32))) (export "g" (func (result i32)))))
      (import "m" (core module $m (type $T2)))
      (core module $A (func (export "f") (param i32)))
      (core instance $a (instantiate $A))
      (core instance $i (instantiate $m (with "a" (instance $a))))
      (func (export "r") (result u32) (canon lift (core func $i "g"))))
    (import "m" (core module $m (type $T)))
    (instance $c (instantiate $C (with "m" (core module $m))))
    (export "c" (instance $c)))`,
  // tables, globals, memories and tags between core instances
  `(component
    (core module $A
      (type $p (func (param i32)))
      (table (export "t") 1 3 funcref) (global (export "g") (mut i32) (i32.const 0)) (global (export "h") i64 (i64.const 1))
      (memory (export "m") 1 2) (tag (export "e") (type $p)) (func (export "f") (param i32) (result i32) unreachable))
    (core module $B
      (type $p (func (param i32)))
      (import "a" "t" (table 1 3 funcref)) (import "a" "g" (global (mut i32))) (import "a" "h" (global i64))
      (import "a" "m" (memory 1 2)) (import "a" "e" (tag (type $p))) (import "a" "f" (func (param i32) (result i32))))
    (core instance $a (instantiate $A))
    (alias core export $a "t" (core table $t))
    (alias core export $a "g" (core global $g))
    (alias core export $a "h" (core global $h))
    (alias core export $a "m" (core memory $m))
    (alias core export $a "e" (core tag $e))
    (alias core export $a "f" (core func $f))
    (core instance $again (export "t" (table $t)) (export "g" (global $g)) (export "h" (global $h))
      (export "m" (memory $m)) (export "e" (tag $e)) (export "f" (func $f)))
    (core instance $b (instantiate $B (with "a" (instance $a))))
    (core instance $b2 (instantiate $B (with "a" (instance $again)))))`,
  // resources through two levels
  `(component
    (component $P
      (type $r (resource (rep i32)))
      (export $r1 "r" (type $r))
      (core module $M (func (export "f") (param i32) (result i32) unreachable) (func (export "d") (param i32)))
      (core instance $m (instantiate $M))
      (alias core export $m "f" (core func $f))
      (alias core export $m "d" (core func $d))
      (type $s (resource (rep i32) (dtor (core func $d))))
      (export $s1 "s" (type $s))
      (func $l (param "self" (borrow $r1)) (result (own $s1)) (canon lift (core func $f)))
      (export "[method]r.go" (func $l))
      (core func (canon resource.new $r))
      (core module $N (func (export "f") (result i32) unreachable))
      (core instance $n (instantiate $N)))
    (instance $p (instantiate $P)))`,
  `(component
    (type $I (instance
      (export "r" (type $r (sub resource)))
      (export "s" (type $s (sub resource)))
      (export "t" (type $t (eq $r)))
      (type $rec (record (field "a" (own $r)) (field "b" (list (own $t)))))
      (export "rec" (type $rec' (eq $rec)))
      (export "f" (func (param "x" (borrow $s)) (param "y" $rec') (result (option (own $t)))))
      (export "[method]r.m" (func (param "self" (borrow $r))))
      (export "[constructor]s" (func (param "x" u32) (result (own $s))))
      (export "[static]s.z" (func async (result (stream u8))))))
    (import "a:b/i" (instance $i (type $I)))
    (alias export $i "r" (type $r))
    (alias export $i "rec" (type $rec))
    (import "g" (func (param "x" (own $r)) (result $rec)))
    (import "c" (component
      (alias outer 1 $r (type $or))
      (import "in" (type (eq $or)))
      (import "i" (instance $j (export "x" (type (sub resource)))))
      (alias export $j "x" (type $x))
      (export "h" (func (param "p" (own $x))))
      (export "k" (type (sub resource)))))
    (export "again" (instance $i))
    (export "rr" (type $r)))`,
  // instance and component types against each other
  `(component
    (type $Small (instance (export "a" (func)) (export "t" (type (sub resource)))))
    (component $Needs
      (import "i" (instance $i (export "a" (func)) (export "t" (type (sub resource)))))
      (alias export $i "t" (type $t))
      (import "f" (func (param "x" (own $t))))
      (import "v" (type $v (eq $t)))
      (export "w" (type $v)))
    (import "i" (instance $i (export "a" (func)) (export "b" (func async (param "q" string))) (export "t" (type (sub resource)))))
    (alias export $i "t" (type $t))
    (import "f" (func $f (param "x" (own $t))))
    (instance $n (instantiate $Needs (with "i" (instance $i)) (with "f" (func $f)) (with "v" (type $t)))))`,
  `(component
    (component $Takes
      (import "c" (component $c
        (import "r" (type $r (sub resource)))
        (import "f" (func (param "x" (own $r))))
        (export "s" (type $s (sub resource)))
        (export "g" (func (param "x" (borrow $s)) (result (own $r))))))
      (type $own (resource (rep i32)))
      (import "f" (func (param "x" u32))))
    (import "c" (component $c
      (import "r" (type $r (sub resource)))
      (export "s" (type $s (sub resource)))
      (export "t" (type (eq $s)))
      (export "g" (func (param "x" (borrow $s)) (result (own $r))))))
    (import "f" (func $f (param "x" u32)))
    (instance (instantiate $Takes (with "c" (component $c)) (with "f" (func $f)))))`,
  // every kind of value type, lifted and lowered
  `(component
    (type $e (enum "a" "b" "c"))
    (type $fl (flags "x" "y"))
    (type $v (variant (case "n") (case "s" string) (case "f" f32) (case "d" f64)))
    (type $rec (record (field "e" u8) (field "o" (option u64)) (field "l" (list u16 3))))
    (import "e" (type $e1 (eq $e))) (import "fl" (type $fl1 (eq $fl))) (import "v" (type $v1 (eq $v)))
    (import "rec" (type $rec1 (eq $rec)))
    (import "f" (func $f (param "a" $e1) (param "b" $fl1) (param "c" (map string $v1)) (result (tuple $rec1 char))))
    (import "g" (func $g async (param "a" (future string)) (param "b" (stream $v1)) (result (result $v1 (error string)))))
    (core module $M (memory (export "m") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "post") (param i32))
      (func (export "cb") (param i32 i32 i32) (result i32) unreachable)
      (func (export "f") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "g") (param i32 i32) (result i32) unreachable))
    (core instance $m (instantiate $M))
    (alias core export $m "m" (core memory $mem))
    (alias core export $m "realloc" (core func $realloc))
    (alias core export $m "post" (core func $post))
    (alias core export $m "cb" (core func $cb))
    (alias core export $m "f" (core func $cf))
    (alias core export $m "g" (core func $cg))
    (core func (canon lower (func $f) (memory $mem) (realloc $realloc) string-encoding=utf16))
    (core func (canon lower (func $g) async (memory $mem) (realloc $realloc)))
    (func $lf (param "a" $e1) (param "b" $fl1) (param "c" (map string $v1)) (result (tuple $rec1 char))
      (canon lift (core func $cf) (memory $mem) (realloc $realloc) (post-return $post)))
    (func $lg async (param "a" (future string)) (param "b" (stream $v1)) (result (result $v1 (error string)))
      (canon lift (core func $cg) async (callback $cb) (memory $mem) (realloc $realloc)))
    (export "f" (func $lf))
    (export "g" (func $lg)))`,
  // signatures that spill, join and nest
  `(component
    (type $v (variant (case "a" f32) (case "b" u64) (case "c" f64) (case "d" (tuple u8 f32 string)) (case "e")))
    (type $w (variant (case "a" u32) (case "b" f32)))
    (type $big (record (field "a" u64) (field "b" f32) (field "c" f64) (field "d" string) (field "e" (option f64))))
    (import "v" (type $v1 (eq $v))) (import "w" (type $w1 (eq $w))) (import "big" (type $big1 (eq $big)))
    (import "f1" (func (param "a" $v1) (param "b" $w1) (result $w1)))
    (import "f2" (func (param "a" $big1) (param "b" $big1) (param "c" $v1) (result $big1)))
    (import "f3" (func async (param "a" $w1) (param "b" u8) (param "c" f64) (result (list $v1))))
    (import "f4" (func async (param "a" $w1) (param "b" u8) (param "c" f64) (param "d" char) (result (option (result)))))
    (import "f5" (func async (param "a" (list f32 4)) (param "b" (list string 7)) (result u8)))
    (import "f6" (func (param "a" (result $v1 (error $w1))) (param "b" (result (error f32))) (result (tuple f32 f64))))
    (import "f7" (func (param "a" (tuple u8 u8 u8 u8 u8 u8 u8 u8)) (param "b" (tuple f32 f32 f32 f32 f32 f32 f32 f32))))
    (import "f8" (func async (param "a" (map u64 $big1)) (param "b" (future $big1)) (param "c" bool) (result f64))))`,
  // callbacks, destructors and reallocs of other types than theirs
  `(component
    (core module $M (memory (export "m") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "none")) (func (export "i") (param i32)) (func (export "ii") (param i32) (result i32) unreachable)
      (func (export "r") (result i32) unreachable) (func (export "iii") (param i32 i32 i32))
      (func (export "cb") (param i32 i32 i32) (result i32) unreachable) (func (export "l") (param i64)))
    (core instance $m (instantiate $M))
    (alias core export $m "m" (core memory $mem)) (alias core export $m "realloc" (core func $realloc))
    (alias core export $m "none" (core func $none)) (alias core export $m "i" (core func $i))
    (alias core export $m "ii" (core func $ii)) (alias core export $m "r" (core func $r))
    (alias core export $m "iii" (core func $iii)) (alias core export $m "cb" (core func $cb))
    (alias core export $m "l" (core func $l))
    (type $res (resource (rep i32) (dtor (core func $i))))
    (export $res1 "res" (type $res))
    (func $f1 (result string) (canon lift (core func $r) (memory $mem) (post-return (core func $i))))
    (func $f2 async (canon lift (core func $r) async (callback (core func $cb))))
    (func $f3 async (param "x" u32) (canon lift (core func $i) async))
    (func $f4 (param "x" (borrow $res1)) (result bool) (canon lift (core func $ii)))
    (export "f1" (func $f1)) (export "f2" (func $f2)) (export "f3" (func $f3)) (export "f4" (func $f4)))`,
  // all the built-ins
  `(component
    (type $r (resource (rep i32)))
    (type $s (stream u8)) (type $fu (future string)) (type $none (stream))
    (core module $M (memory (export "m") 1) (table (export "t") 2 funcref)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
    (core instance $m (instantiate $M))
    (alias core export $m "m" (core memory $mem))
    (alias core export $m "t" (core table $t))
    (alias core export $m "realloc" (core func $realloc))
    (core type $start (func (param i32)))
    (core func (canon resource.new $r)) (core func (canon resource.drop $r)) (core func (canon resource.rep $r))
    (core func (canon task.return (result string) (memory $mem))) (core func (canon task.cancel))
    (core func (canon context.get i32 0)) (core func (canon context.set i32 1))
    (core func (canon stream.new $s)) (core func (canon stream.read $s async (memory $mem)))
    (core func (canon stream.write $none)) (core func (canon stream.cancel-read $s async))
    (core func (canon stream.drop-writable $s)) (core func (canon future.new $fu))
    (core func (canon future.read $fu (memory $mem) (realloc $realloc))) (core func (canon future.write $fu async (memory $mem)))
    (core func (canon future.drop-readable $fu)) (core func (canon waitable-set.new))
    (core func (canon waitable-set.wait (memory $mem))) (core func (canon waitable-set.poll (memory $mem)))
    (core func (canon thread.new-indirect $start (core table $t))) (core func (canon thread.index))
    (core func (canon error-context.new (memory $mem)))
    (core func (canon error-context.debug-message (memory $mem) (realloc $realloc)))
    (core func (canon subtask.cancel async)) (core func (canon subtask.drop)) (core func (canon waitable.join)))`,
  // 64-bit memory
  `(component
    (type $s (stream string)) (type $r (resource (rep i64)))
    (core module $M (memory (export "m") i64 1)
      (func (export "realloc") (param i64 i64 i64 i64) (result i64) unreachable)
      (func (export "f") (param i64 i64) (result i64) unreachable))
    (core instance $m (instantiate $M))
    (alias core export $m "m" (core memory $mem))
    (alias core export $m "realloc" (core func $realloc))
    (alias core export $m "f" (core func $f))
    (func $lf (param "a" string) (result string) (canon lift (core func $f) (memory $mem) (realloc $realloc)))
    (core func (canon stream.read $s (memory $mem) (realloc $realloc)))
    (core func (canon lower (func $lf) (memory $mem) (realloc $realloc)))
    (core func (canon context.get i64 0)) (core func (canon resource.new $r)) (core func (canon resource.rep $r))
    (core func (canon waitable-set.wait (memory $mem)))
    (core func (canon error-context.new (memory $mem)))
    (export "f" (func $lf)))`,
  // outer aliases of every sort, nested three deep
  `(component $A
    (core module $m) (core type $ct (func (param i32))) (type $t (list u8)) (component $c)
    (type $res (resource (rep i32)))
    (component $B
      (alias outer $A $m (core module $m)) (alias outer $A $ct (core type $ct)) (alias outer $A $t (type $t))
      (alias outer $A $c (component $c))
      (type $i (instance (alias outer $A $t (type $t2)) (export "f" (func (param "x" $t2)))))
      (component $C (alias outer $A $t (type $t)) (alias outer $B $i (type $i)) (import "x" (instance (type $i)))
        (alias outer $B $m (core module)) (core instance (instantiate 0)))
      (instance (instantiate $c)))
    (type (component (alias outer $A $res (type $r)) (import "r" (type $r1 (eq $r))) (import "f" (func (param "x" (own $r1))))
      (type (instance (alias outer 2 $res (type $q)) (export "y" (type (eq $q))))))))`,
  // exports of instances, bundles, ascriptions
  `(component
    (type $r (resource (rep i32)))
    (type $e (enum "a" "b"))
    (export $e1 "e" (type $e))
    (export $r1 "r" (type $r))
    (core module $M (func (export "f") (param i32)))
    (core instance $m (instantiate $M))
    (alias core export $m "f" (core func $f))
    (func $lf (param "x" (borrow $r1)) (canon lift (core func $f)))
    (func $le (param "x" $e1) (canon lift (core func $f)))
    (instance $b (export "r" (type $r1)) (export "f" (func $lf)) (export "e" (type $e1)) (export "g" (func $le)))
    (instance $bb (export "in" (instance $b)) (export "f" (func $le)))
    (export "b" (instance $b))
    (export $asc "c" (instance $b) (instance (export "e" (type $x (eq $e1))) (export "g" (func (param "x" $x)))))
    (export "bb" (instance $bb)))`,
];
