/** A call that traps after it has waited for the host, in the component that was called or in one that it called, ends in that trap. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Component, type Instance } from '../../src/index.ts';
import { Linker } from '../../src/runtime/linker.ts';
import { assemble } from '../support/assemble.ts';
import { built } from '../support/built.ts';
import { fn, turn } from '../support/component.ts';

/** `unreachable` traps in the guest's code, `outside` where its result is lifted. */
const WAITING = `
  (import "gate" (func $gate (result u32)))
  (core module $M
    (import "" "gate" (func $gate (result i32)))
    (memory (export "memory") 1)
    (func (export "unreachable") (result i32) (drop (call $gate)) (unreachable))
    (func (export "outside") (result i32) (drop (call $gate)) (i32.const 70000)))
  (core func $gate' (canon lower (func $gate)))
  (core instance $m (instantiate $M (with "" (instance (export "gate" (func $gate'))))))
  (alias core export $m "memory" (core memory $memory))
  (func (export "unreachable") (result u32) (canon lift (core func $m "unreachable")))
  (func (export "outside") (result string) (canon lift (core func $m "outside") (memory $memory)))`;

const ALONE = assemble(`(component ${WAITING})`);

const CALLED = assemble(`(component
  (import "gate" (func $gate (result u32)))
  (component $Waiting ${WAITING})
  (instance $waiting (instantiate $Waiting (with "gate" (func $gate))))
  (alias export $waiting "unreachable" (func $unreachable))
  (alias export $waiting "outside" (func $outside))
  (core module $Memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16)))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "memory" (core memory $mem))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $u (canon lower (func $unreachable)))
  (core func $o (canon lower (func $outside) (memory $mem) (realloc $realloc)))
  (core module $M
    (import "" "u" (func $u (result i32)))
    (import "" "o" (func $o (param i32)))
    (func (export "unreachable") (result i32) (call $u))
    (func (export "outside") (result i32) (call $o (i32.const 0)) (i32.const 1)))
  (core instance $m (instantiate $M (with "" (instance (export "u" (func $u)) (export "o" (func $o))))))
  (func (export "unreachable") (result u32) (canon lift (core func $m "unreachable")))
  (func (export "outside") (result u32) (canon lift (core func $m "outside"))))`);

async function start(bytes: Uint8Array<ArrayBuffer>, form: 'generated' | 'interpreted' | 'built'): Promise<Instance> {
  const imports = {
    gate: async () => {
      await turn();
      return 1;
    },
  };
  const component = await Component.load(bytes);
  if (form === 'built') return (await built(component)).instantiate(imports);
  return (await new Linker().defineAll(imports).link(component, { mode: form })).instantiate();
}

for (const form of ['generated', 'interpreted', 'built'] as const) {
  describe(form, () => {
    for (const [where, bytes] of [
      ['in the component', ALONE],
      ['in one that it calls', CALLED],
    ] as const) {
      for (const [name, code] of [
        ['unreachable', 'unreachable'],
        ['outside', 'memory-out-of-bounds'],
      ] as const) {
        test(`${name}, ${where}`, async () => {
          const instance = await start(bytes, form);
          await assert.rejects(fn(instance.promised, name)() as Promise<unknown>, { code });
          await assert.rejects(fn(instance.promised, name)() as Promise<unknown>, { code: 'store-dead' });
        });
      }
    }
  });
}
