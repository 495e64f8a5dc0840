/** Small programs for the tests of the command line. */

/** A program whose `run` has this body, under these names. */
export function program(body: string, names: readonly string[] = ['wasi:cli/run@0.2.3'], rest = ''): string {
  return `(component
  (core module $m
    ${rest}
    (func $inner ${body.includes('(result') ? '' : '(result i32)'} ${body})
    (func $outer (export "run") (result i32) call $inner))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $r (export "run" (func $run)))
  ${names.map((name) => `(export "${name}" (instance $r))`).join('\n  ')})`;
}

/** Functions of the kinds that `invoke` has to print. */
export const CALC = `(component
  (core module $m
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (data (i32.const 16) "no\\n\\1b")
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "nothing"))
    (func $deep unreachable)
    (func (export "boom") (result i32) call $deep i32.const 0)
    (func (export "half") (param i32) (result i32)
      (i32.store8 (i32.const 64) (i32.and (local.get 0) (i32.const 1)))
      (if (i32.and (local.get 0) (i32.const 1))
        (then (i32.store (i32.const 68) (i32.const 16)) (i32.store (i32.const 72) (i32.const 4)))
        (else (i32.store (i32.const 68) (i32.shr_u (local.get 0) (i32.const 1)))))
      (i32.const 64))
    (func (export "same") (param i32 i32) (result i32)
      (i32.store (i32.const 80) (local.get 0)) (i32.store (i32.const 84) (local.get 1)) (i32.const 80)))
  (core instance $i (instantiate $m))
  (func $add (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (func $nothing (canon lift (core func $i "nothing")))
  (func $boom (result u32) (canon lift (core func $i "boom")))
  (func $half (param "n" u32) (result (result u32 (error string)))
    (canon lift (core func $i "half") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func $same (param "s" string) (result string)
    (canon lift (core func $i "same") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (instance $math (export "half" (func $half)) (export "same" (func $same)))
  (instance $math2 (export "half" (func $half)))
  (export "add" (func $add))
  (export "nothing" (func $nothing))
  (export "boom" (func $boom))
  (export "demo:calc/math@1.2.3" (instance $math))
  (export "demo:calc/other@1.2.3" (instance $math2))
  (export "demo:calc/other@2.0.0" (instance $math2)))`;

/** A program for preview 1: what it does depends on its body. */
export function module(body: string, rest = ''): string {
  return `(module
  (type $io (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (type $io)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (type $io)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  ${rest}
  (data (i32.const 16) "hello\\n")
  (func $say (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 6))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $start (export "_start") ${body}))`;
}
