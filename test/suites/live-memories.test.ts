/** Live edges: each function brings its own memory; a dead callee wakes whoever waits for it; context slots begin at zero. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Linker, Trap } from '../../src/index.ts';
import { component, deferred, fn, instance, turn } from '../support/component.ts';

const TWO_MEMORIES = `
(component
  (core module $M
    (memory (export "a") 1) (memory (export "b") 1)
    (data (memory 0) (i32.const 64) "AAAA") (data (memory 1) (i32.const 64) "BB")
    (func (export "fa") (result i32) (i32.store 0 (i32.const 8) (i32.const 64)) (i32.store 0 (i32.const 12) (i32.const 4)) (i32.const 8))
    (func (export "fb") (result i32) (i32.store 1 (i32.const 8) (i32.const 64)) (i32.store 1 (i32.const 12) (i32.const 2)) (i32.const 8)))
  (core instance $m (instantiate $M))
  (func (export "fa") (result string) (canon lift (core func $m "fa") (memory (core memory $m "a"))))
  (func (export "fb") (result string) (canon lift (core func $m "fb") (memory (core memory $m "b")))))`;

const LENGTHS = `
(component
  (import "fa" (func $fa (result string)))
  (import "fb" (func $fb (result string)))
  (core module $L (memory (export "mem") 1) (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $l (instantiate $L))
  (core func $la (canon lower (func $fa) (memory (core memory $l "mem")) (realloc (core func $l "realloc"))))
  (core func $lb (canon lower (func $fb) (memory (core memory $l "mem")) (realloc (core func $l "realloc"))))
  (core module $M
    (import "l" "mem" (memory 1))
    (import "h" "a" (func $a (param i32))) (import "h" "b" (func $b (param i32)))
    (func (export "a") (result i32) (call $a (i32.const 8)) (i32.load (i32.load (i32.const 8))))
    (func (export "b") (result i32) (call $b (i32.const 8)) (i32.load16_u (i32.load (i32.const 8)))))
  (core instance $m (instantiate $M (with "l" (instance $l)) (with "h" (instance (export "a" (func $la)) (export "b" (func $lb))))))
  (func (export "a") (result u32) (canon lift (core func $m "a")))
  (func (export "b") (result u32) (canon lift (core func $m "b"))))`;

test('two functions of one instance with different memories', async () => {
  const callee = await instance(TWO_MEMORIES);
  const caller = (await new Linker().instance(callee).link(await component(LENGTHS))).instantiate();
  assert.equal(fn(caller.exports, 'a')(), 0x4141_4141);
  assert.equal(fn(caller.exports, 'b')(), 0x4242);
});

const WAITS = `
(component
  (import "next" (func $next (result u32)))
  (core func $lowered (canon lower (func $next)))
  (core module $M
    (import "h" "next" (func $next (result i32)))
    (func (export "f") (result i32) (call $next))
    (func (export "boom") unreachable))
  (core instance $m (instantiate $M (with "h" (instance (export "next" (func $lowered))))))
  (func (export "f") (result u32) (canon lift (core func $m "f")))
  (func (export "boom") (canon lift (core func $m "boom"))))`;

test('a caller that waits for an instance learns that its store ended', async () => {
  const gate = deferred<number>();
  const inner = await instance(WAITS, { next: () => gate.promise });
  const outer = (await new Linker().define('next', inner.exports['f']).link(await component(WAITS))).instantiate();
  const direct = (fn(inner.promised, 'f')() as Promise<number>).catch((error: unknown) => error);
  await turn();
  const through = (fn(outer.promised, 'f')() as Promise<number>).catch((error: unknown) => error);
  await turn();
  inner[Symbol.dispose]();
  const failure = await through;
  assert.ok(failure instanceof Trap && failure.code === 'store-dead', String(failure));
  gate.resolve(1);
  const late = await direct;
  assert.ok(late instanceof Trap && late.code === 'store-dead', String(late));
});

test('context slots begin at zero in every call, and the caller’s come back', async () => {
  const holder: { inner?: () => unknown } = {};
  const guest = await instance(
    `
(component
  (import "poke" (func $poke))
  (core func $lowered (canon lower (func $poke)))
  (core func $get (canon context.get i32 0))
  (core func $set (canon context.set i32 0))
  (core module $M
    (import "h" "poke" (func $poke))
    (import "h" "get" (func $get (result i32)))
    (import "h" "set" (func $set (param i32)))
    (func (export "outer") (result i32) (local i32)
      (local.set 0 (call $get)) (call $set (i32.const 7)) (call $poke) (i32.add (i32.mul (local.get 0) (i32.const 100)) (call $get)))
    (func (export "inner") (result i32) (local i32) (local.set 0 (call $get)) (call $set (i32.const 9)) (local.get 0)))
  (core instance $m (instantiate $M (with "h" (instance (export "poke" (func $lowered)) (export "get" (func $get)) (export "set" (func $set))))))
  (func (export "outer") (result u32) (canon lift (core func $m "outer")))
  (func (export "inner") (result u32) (canon lift (core func $m "inner"))))`,
    { poke: () => assert.equal(holder.inner?.(), 0) },
  );
  holder.inner = fn(guest.exports, 'inner');
  assert.equal(fn(guest.exports, 'outer')(), 7);
  assert.equal(fn(guest.exports, 'outer')(), 7);
  assert.equal(await fn(guest.promised, 'outer')(), 7);
});
