/** Components that the programs use, in the text format, by the name that they are built under. */
import { CLASSES } from '../support/class-component.ts';
import { WORD_COMPONENT } from '../support/word-component.ts';

const ADD = `(component
  (core module $M (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $m (instantiate $M))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "add"))))`;

/** Counts in a global, waits for the host, traps, and grows its memory. */
const WORK = `(component
  (import "test:work/host@1.0.0" (instance $host
    (export "later" (func (param "value" u32) (result u32)))
    (export "name" (func (param "of" string) (result (result string (error u32)))))))
  (core module $Memory
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $Memory))
  (core func $later (canon lower (func $host "later")))
  (core func $name (canon lower (func $host "name")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $M
    (import "m" "memory" (memory 1))
    (import "h" "later" (func $later (param i32) (result i32)))
    (import "h" "name" (func $name (param i32 i32 i32)))
    (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
    (func (export "wait") (param i32) (result i32) (i32.add (call $later (local.get 0)) (i32.const 1)))
    (func (export "name") (param i32 i32) (result i32)
      (call $name (local.get 0) (local.get 1) (i32.const 1024)) (i32.const 1024))
    (func (export "boom") unreachable)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
  (core instance $m (instantiate $M
    (with "m" (instance $memory))
    (with "h" (instance (export "later" (func $later)) (export "name" (func $name))))))
  (func $next (result u32) (canon lift (core func $m "next")))
  (func $wait (param "value" u32) (result u32) (canon lift (core func $m "wait")))
  (func $name' (param "of" string) (result (result string (error u32))) (canon lift (core func $m "name")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (func $boom (canon lift (core func $m "boom")))
  (func $grow (param "pages" u32) (result s32) (canon lift (core func $m "grow")))
  (instance $api (export "next" (func $next)) (export "wait" (func $wait)) (export "name" (func $name'))
    (export "boom" (func $boom)) (export "grow" (func $grow)))
  (export "test:work/api@1.0.0" (instance $api)))`;

/** Two components in one: what the outer one is asked goes to the inner one, through core wasm alone. */
const NESTED = `(component
  (component $Inner
    (core module $M
      (memory (export "memory") 1)
      (global $top (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $top) (global.set $top (i32.add (global.get $top) (local.get 3))))
      (func (export "size") (param i32 i32) (result i32) (local.get 1)))
    (core instance $m (instantiate $M))
    (func (export "size") (param "text" string) (result u32) (canon lift (core func $m "size")
      (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
  (instance $inner (instantiate $Inner))
  (core module $Memory
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $top) (global.set $top (i32.add (global.get $top) (local.get 3)))))
  (core instance $memory (instantiate $Memory))
  (core func $size (canon lower (func $inner "size") string-encoding=utf16 (memory (core memory $memory "memory"))))
  (core module $M
    (import "i" "size" (func $size (param i32 i32) (result i32)))
    (func (export "size") (param i32 i32) (result i32) (call $size (local.get 0) (local.get 1))))
  (core instance $m (instantiate $M (with "i" (instance (export "size" (func $size))))))
  (func (export "size") (param "text" string) (result u32) (canon lift (core func $m "size") string-encoding=utf16
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc")))))`;

export const GUESTS: Readonly<Record<string, string>> = {
  add: ADD,
  work: WORK,
  nested: NESTED,
  classes: CLASSES,
  words: WORD_COMPONENT,
};
