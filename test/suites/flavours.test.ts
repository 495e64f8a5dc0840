/** Flavours are chosen at link time; a live edge goes through a table slot; the interpreter is counted. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Linker } from '../../src/index.ts';
import { component, fn } from '../support/component.ts';

const ADD = `
(component
  (core module $M
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $m (instantiate $M))
  (func $add (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "add")))
  (export "add" (func $add)))`;

const TWICE = `
(component
  (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
  (core func $lowered (canon lower (func $add)))
  (core module $M
    (import "h" "add" (func $add (param i32 i32) (result i32)))
    (func (export "twice") (param i32) (result i32) (call $add (local.get 0) (local.get 0))))
  (core instance $m (instantiate $M (with "h" (instance (export "add" (func $lowered))))))
  (func (export "twice") (param "a" u32) (result u32) (canon lift (core func $m "twice"))))`;

async function pair(options: Parameters<Linker['link']>[1]) {
  const add = await (await component(ADD)).instantiate({}, options);
  const pre = await new Linker().instance(add).link(await component(TWICE), options);
  return { add, twice: pre.instantiate() };
}

describe('flavours', () => {
  test('plain: nothing is counted', async () => {
    const { twice } = await pair({});
    assert.equal(fn(twice.exports, 'twice')(21), 42);
    assert.deepEqual(twice.stats, { interpreted: 0, calls: {} });
  });

  test('counted: every call along an edge is counted, in core wasm', async () => {
    const { twice } = await pair({ flavour: 'counted' });
    for (let i = 0; i < 10; i++) fn(twice.exports, 'twice')(i);
    assert.deepEqual(twice.stats, { interpreted: 0, calls: { add: 10 } });
  });

  test('interpreted: the interpreter carries each call, and is counted', async () => {
    const { twice } = await pair({ mode: 'interpreted' });
    for (let i = 0; i < 3; i++) assert.equal(fn(twice.exports, 'twice')(i), 2 * i);
    assert.equal(twice.stats.interpreted, 3);
  });
});
