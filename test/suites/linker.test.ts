/** Linking: names and versions, every mismatch in one error, core modules and components as imports, limits. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Component, LinkError, Linker, UsageError } from '../../src/index.ts';
import { assemble } from '../support/assemble.ts';
import { component, fn, instance } from '../support/component.ts';

const needs = (version: string): string => `
(component
  (import "test:app/clock${version}" (instance $clock (export "now" (func (result u32)))))
  (core func $now (canon lower (func $clock "now")))
  (core module $M (import "h" "now" (func $now (result i32))) (func (export "f") (result i32) (call $now)))
  (core instance $m (instantiate $M (with "h" (instance (export "now" (func $now))))))
  (func (export "f") (result u32) (canon lift (core func $m "f"))))`;

class Item {
  size(): number {
    return 3;
  }
}

describe('names of imports', () => {
  const fits: readonly [wanted: string, given: string][] = [
    ['@1.2.3', '@1.2.3'],
    ['@1.2.3', '@1.4.0'],
    ['@1.4.0', '@1.2.3'],
    ['@0.2.0', '@0.2.12'],
    ['@0.2.12', '@0.2.0'],
    ['@1.2.3', ''],
    ['', ''],
  ];
  for (const [wanted, given] of fits) {
    test(`${wanted || 'no version'} is satisfied by ${given || 'no version'}`, async () => {
      const guest = await instance(needs(wanted), { [`test:app/clock${given}`]: { now: () => 9 } });
      assert.equal(fn(guest.exports, 'f')(), 9);
    });
  }

  const misfits: readonly [wanted: string, given: string][] = [
    ['@1.2.3', '@2.0.0'],
    ['@0.2.0', '@0.3.0'],
    ['@0.0.1', '@0.0.2'],
    ['@1.0.0-rc.1', '@1.0.0'],
  ];
  for (const [wanted, given] of misfits) {
    test(`${wanted} is not satisfied by ${given}, and the error names that version`, async () => {
      const name = `test:app/clock${given}`;
      await assert.rejects(instance(needs(wanted), { [name]: { now: () => 9 } }), (error: unknown) => {
        assert.ok(error instanceof LinkError);
        assert.equal(error.code, 'missing-import');
        assert.deepEqual(error.mismatches[0]?.versions, [name]);
        return true;
      });
    });
  }

  test('the highest of several compatible versions is taken', async () => {
    const of = (n: number) => ({ now: () => n });
    const guest = await instance(needs('@0.2.3'), {
      'test:app/clock@0.2.1': of(1),
      'test:app/clock@0.2.10': of(10),
      'test:app/clock@0.2.9': of(9),
    });
    assert.equal(fn(guest.exports, 'f')(), 10);
  });

  test("a world that uses an interface's resource asks for its class there alone", async () => {
    const guest = await instance(
      `(component
        (import "test:app/store" (instance $store
          (export "item" (type $item (sub resource)))
          (export "[method]item.size" (func (param "self" (borrow $item)) (result u32)))))
        (alias export $store "item" (type $item))
        (import "item" (type $own (eq $item)))
        (import "last" (func $last (result (own $own))))
        (core func $get (canon lower (func $last)))
        (core func $size (canon lower (func $store "[method]item.size")))
        (core module $M
          (import "h" "get" (func $get (result i32)))
          (import "h" "size" (func $size (param i32) (result i32)))
          (func (export "f") (result i32) (call $size (call $get))))
        (core instance $m (instantiate $M (with "h" (instance (export "get" (func $get)) (export "size" (func $size))))))
        (func (export "f") (result u32) (canon lift (core func $m "f"))))`,
      { 'test:app/store': { Item }, last: () => new Item() },
    );
    assert.equal(fn(guest.exports, 'f')(), 3);
  });

  test('a name defined twice is refused', () => {
    assert.throws(
      () => new Linker().define('a', {}).define('a', {}),
      (e: unknown) => e instanceof UsageError && e.code === 'already-defined',
    );
  });
});

const MANY = `
(component
  (import "test:app/log@1.0.0" (instance $log (export "write-line" (func (param "text" u32))) (export "flush" (func))))
  (import "answer" (func $answer (result u32)))
  (core func $write (canon lower (func $log "write-line")))
  (core func $flush (canon lower (func $log "flush")))
  (core func $answer (canon lower (func $answer)))
  (core module $M (import "h" "w" (func (param i32))) (import "h" "f" (func)) (import "h" "a" (func (result i32))))
  (core instance (instantiate $M (with "h" (instance (export "w" (func $write)) (export "f" (func $flush)) (export "a" (func $answer)))))))`;

describe('mismatches', () => {
  test('one error lists all of them, with path, what was expected and found, and near names', async () => {
    await assert.rejects(instance(MANY, { 'test:app/log@1.0.0': { writeLines() {}, flush: 5 } }), (error: unknown) => {
      assert.ok(error instanceof LinkError);
      assert.equal(error.code, 'import-mismatch');
      assert.deepEqual(
        error.mismatches.map((m) => [m.path, m.problem, m.expected, m.found, m.near]),
        [
          ['test:app/log@1.0.0#write-line', 'missing', 'func(text: u32)', undefined, ['writeLines']],
          ['test:app/log@1.0.0#flush', 'wrong-type', 'func()', 'a value of type number', []],
          ['answer', 'missing', 'func() -> u32', undefined, []],
        ],
      );
      return true;
    });
  });

  test('a live instance of another type does not fit', async () => {
    const other = await instance(`
(component
  (core module $M (func (export "f") (param i32) (result i32) (i32.const 1)))
  (core instance $m (instantiate $M))
  (func (export "now") (param "zone" u32) (result u32) (canon lift (core func $m "f"))))`);
    await assert.rejects(instance(needs(''), { 'test:app/clock': other.exports }), (error: unknown) => {
      assert.ok(error instanceof LinkError);
      const [mismatch] = error.mismatches;
      assert.equal(mismatch?.expected, 'func() -> u32');
      assert.equal(mismatch?.found, 'func(zone: u32) -> u32');
      return true;
    });
  });
});

describe('modules and components as imports', () => {
  test('a core module', async () => {
    const text = `
(component
  (import "engine" (core module $E (export "f" (func (result i32)))))
  (core instance $e (instantiate $E))
  (func (export "f") (result u32) (canon lift (core func $e "f"))))`;
    const module = new WebAssembly.Module(assemble('(module (func (export "f") (result i32) (i32.const 3)))'));
    assert.equal(fn((await instance(text, { engine: module })).exports, 'f')(), 3);
    await assert.rejects(instance(text, {}), { code: 'missing-import' });
  });

  test('a component, instantiated twice: each has its own state', async () => {
    const counter = await component(`
(component
  (core module $M (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))
  (core instance $m (instantiate $M))
  (func (export "next") (result u32) (canon lift (core func $m "next"))))`);
    const guest = await instance(
      `
(component
  (import "counter" (component $C (export "next" (func (result u32)))))
  (instance $a (instantiate $C)) (instance $b (instantiate $C))
  (export "a" (func $a "next")) (export "b" (func $b "next")))`,
      { counter },
    );
    assert.deepEqual(
      ['a', 'a', 'b', 'a', 'b'].map((name) => fn(guest.exports, name)()),
      [1, 2, 1, 3, 2],
    );
  });

  test('components five deep', async () => {
    let text = `(core module $M (func (export "f") (result i32) (i32.const 5))) (core instance $m (instantiate $M))
      (func (export "f") (result u32) (canon lift (core func $m "f")))`;
    for (let i = 0; i < 5; i++)
      text = `(component $c ${text}) (instance $i (instantiate $c)) (export "f" (func $i "f"))`;
    assert.equal(fn((await instance(`(component ${text})`)).exports, 'f')(), 5);
  });
});

const GROWS = `
(component
  (core module $M (memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
  (core instance $a (instantiate $M))
  (core instance $b (instantiate $M))
  (func (export "a") (param "pages" u32) (result s32) (canon lift (core func $a "grow")))
  (func (export "b") (param "pages" u32) (result s32) (canon lift (core func $b "grow"))))`;

describe('limits', () => {
  test('memory that grows beyond the limit fails as in any wasm runtime; the sum of a store stays below it', async () => {
    const guest = await instance(GROWS, {}, { limits: { memory: 10 * 65_536 } });
    const [a, b] = [fn(guest.exports, 'a'), fn(guest.exports, 'b')];
    let pages = 2;
    for (const grow of [a, b]) while (grow(1) !== -1) pages++;
    assert.equal(pages, 10);
    assert.equal(guest.alive, true);
  });

  test('a component that starts with more is refused', async () => {
    await assert.rejects(instance(GROWS, {}, { limits: { memory: 65_536 } }), { code: 'memory-limit' });
  });
});

describe('instances', () => {
  test('one InstancePre gives many instances, synchronously, which share nothing', async () => {
    const pre = await new Linker().link(
      await component(`
(component
  (core module $M (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))
  (core instance $m (instantiate $M))
  (func (export "next") (result u32) (canon lift (core func $m "next"))))`),
    );
    const instances = Array.from({ length: 100 }, () => pre.instantiate());
    for (const each of instances) assert.equal(fn(each.exports, 'next')(), 1);
  });

  test('imports and exports of a component are data', async () => {
    const loaded = await component(needs('@1.2.3'));
    assert.deepEqual(
      loaded.imports.map((i) => i.name),
      ['test:app/clock@1.2.3'],
    );
    assert.deepEqual(
      loaded.exports.map((e) => [e.name, e.type.kind]),
      [['f', 'func']],
    );
  });

  test('a component is loaded from bytes, a buffer, a Response, a promise', async () => {
    const bytes = assemble(needs(''));
    for (const source of [
      bytes,
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
      new Response(bytes),
      Promise.resolve(bytes),
    ]) {
      assert.ok((await Component.load(source)) instanceof Component);
    }
    await assert.rejects(Component.load(new Response('no', { status: 404 })), { code: 'fetch-failed' });
  });
});
