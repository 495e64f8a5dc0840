/** A live edge goes through a table slot: what stands behind it can be replaced while the caller lives on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeComponent } from '../../src/binary/decode.ts';
import { makePlan } from '../../src/link/planner.ts';
import { bind } from '../../src/runtime/bind.ts';
import { GENERATED_BORDERS } from '../../src/runtime/borders.ts';
import { FULL_KIT } from '../../src/runtime/full-kit.ts';
import { Instance } from '../../src/runtime/instance.ts';
import { Instantiation } from '../../src/runtime/instantiate.ts';
import { memoryWidth } from '../../src/runtime/memories.ts';
import { prepare } from '../../src/runtime/prepare.ts';
import { Store } from '../../src/runtime/store.ts';
import { assemble } from '../support/assemble.ts';
import { fn, instance } from '../support/component.ts';

const part = (result: number): string => `
(component
  (core module $M (func (export "f") (result i32) (i32.const ${result})))
  (core instance $m (instantiate $M))
  (func (export "f") (result u32) (canon lift (core func $m "f"))))`;

const CALLER = `
(component
  (import "f" (func $f (result u32)))
  (core func $lowered (canon lower (func $f)))
  (core module $M
    (import "h" "f" (func $f (result i32)))
    (func (export "call") (result i32) (call $f)))
  (core instance $m (instantiate $M (with "h" (instance (export "f" (func $lowered))))))
  (func (export "call") (result u32) (canon lift (core func $m "call"))))`;

/** Links CALLER to `f` step by step, as a Linker does, and keeps the instantiation at hand. */
function linkTo(f: unknown): { run: Instantiation; call: () => unknown } {
  const data = decodeComponent(assemble(CALLER));
  const plan = makePlan(data, new Map(), memoryWidth);
  const modules = (ref: { start?: number; end?: number }): WebAssembly.Module =>
    new WebAssembly.Module(data.bytes.subarray(ref.start, ref.end));
  const prepared = prepare(plan, bind({ ...plan, exported: [] }, new Map([['f', f]])), {
    mode: 'generated',
    flavour: 'plain',
    borders: GENERATED_BORDERS,
    kit: FULL_KIT,
  });
  const run = new Instantiation(prepared, new Store(), modules as never);
  run.run();
  return { run, call: fn(new Instance(run).exports, 'call') };
}

test('the part behind an edge is replaced; the caller does not notice', async () => {
  const one = await instance(part(1));
  const two = await instance(part(2));
  const first = linkTo(one.exports['f']);
  const second = linkTo(two.exports['f']);
  assert.equal(first.call(), 1);
  const [edge] = first.run.edges;
  const [other] = second.run.edges;
  assert.ok(edge !== undefined && other !== undefined, 'one edge each');
  edge.table.set(0, other.table.get(0));
  assert.equal(first.call(), 2);
});
