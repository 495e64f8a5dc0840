/**
 * Calls of the host that are refused, since an argument does not fit, leave nothing behind: what was lent before the wrong argument was
 * met is taken back, and the next call finds the guest's table as it was.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Component, ValueError } from '../../src/index.ts';
import type { Instance } from '../../src/runtime/instance.ts';
import { Linker } from '../../src/runtime/linker.ts';
import { assemble } from '../support/assemble.ts';
import { built } from '../support/built.ts';

/** Functions that answer the number of the first handle they are given, and drop all, the last first: so numbers are given again in order. */
const COMPONENT = assemble(`(component
  (import "thing" (type $thing (sub resource)))
  (core func $drop (canon resource.drop $thing))
  (core func $forget (canon error-context.drop))
  (core module $M
    (import "h" "drop" (func $drop (param i32)))
    (import "h" "forget" (func $forget (param i32)))
    (func (export "one") (param i32 i32) (result i32) (call $drop (local.get 0)) (local.get 0))
    (func (export "problem") (param i32 i32) (result i32) (call $forget (local.get 0)) (local.get 0))
    (func (export "two") (param i32 i32) (result i32)
      (call $drop (local.get 1)) (call $drop (local.get 0)) (local.get 0)))
  (core instance $m (instantiate $M (with "h" (instance
    (export "drop" (func $drop)) (export "forget" (func $forget))))))
  (func (export "one") (param "t" (borrow $thing)) (param "n" u8) (result u32) (canon lift (core func $m "one")))
  (func (export "two") (param "t" (borrow $thing)) (param "u" (borrow $thing)) (result u32)
    (canon lift (core func $m "two")))
  (func (export "problem") (param "e" error-context) (param "n" u8) (result u32) (canon lift (core func $m "problem")))
  (func (export "later") async (param "t" (borrow $thing)) (param "n" u8) (result u32)
    (canon lift (core func $m "one")))
  (func (export "later-two") async (param "t" (borrow $thing)) (param "u" (borrow $thing)) (result u32)
    (canon lift (core func $m "two"))))`);

class Thing {}

type Call = (...args: readonly unknown[]) => unknown;

async function start(form: 'generated' | 'interpreted' | 'built'): Promise<Instance> {
  const component = await Component.load(COMPONENT);
  if (form === 'built') return (await built(component)).instantiate({ Thing });
  return (await new Linker().define('Thing', Thing).link(component, { mode: form })).instantiate();
}

const CASES: readonly (readonly [name: string, of: 'exports' | 'promised', wrong: unknown, right: unknown])[] = [
  ['one', 'exports', 256, 1],
  ['one', 'promised', 'x', 1],
  ['two', 'exports', {}, new Thing()],
  ['two', 'promised', undefined, new Thing()],
  ['problem', 'exports', -1, 1],
  ['later', 'exports', -1, 1],
  ['laterTwo', 'exports', null, new Thing()],
];

for (const form of ['generated', 'interpreted', 'built'] as const) {
  describe(`refused calls, ${form}`, () => {
    for (const [name, of, wrong, right] of CASES) {
      test(`${of}.${name} gives back what it lent`, async () => {
        const instance = await start(form);
        const call = instance[of][name] as Call;
        const thing = name === 'problem' ? new Error('it') : new Thing();
        const first = await call(thing, right);
        for (let i = 0; i < 3; i++) await assert.rejects(async () => call(thing, wrong), ValueError);
        assert.equal(instance.alive, true);
        assert.equal(await call(thing, right), first);
        instance[Symbol.dispose]();
      });
    }
  });
}
