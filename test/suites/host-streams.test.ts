/** Streams and futures between the host and a component that fails: what is cut off is an error, never an end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Component, type Instance, Trap, ValueError } from '../../src/node.ts';
import { assemble } from '../support/assemble.ts';

/** `pass` and `later` hand what the host gives back to it; `fail` traps. */
const PASS = `(component
  (core module $M
    (func (export "pass") (param i32) (result i32) (local.get 0))
    (func (export "fail") (unreachable)))
  (core instance $m (instantiate $M))
  (func (export "pass") (param "value" (stream u8)) (result (stream u8)) (canon lift (core func $m "pass")))
  (func (export "later") (param "value" (future u8)) (result (future u8)) (canon lift (core func $m "pass")))
  (func (export "fail") (canon lift (core func $m "fail"))))`;

interface Passing {
  pass(value: unknown): ReadableStream<Uint8Array>;
  later(value: unknown): Promise<number>;
  fail(): void;
}

async function passing(): Promise<{ instance: Instance; exports: Passing }> {
  const instance = await (await Component.load(assemble(PASS))).instantiate();
  return { instance, exports: instance.exports as unknown as Passing };
}

async function drain(stream: ReadableStream<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of stream) all.push(...chunk);
  return all;
}

test('a stream ends where its source ends', async () => {
  const { exports, instance } = await passing();
  assert.deepEqual(await drain(exports.pass([1, 2])), [1, 2]);
  assert.ok(instance.alive);
});

test('a wrong chunk fails whoever reads', async () => {
  const { exports, instance } = await passing();
  const chunks = async function* () {
    yield [1];
    yield 'x';
  };
  await assert.rejects(
    drain(exports.pass(chunks())),
    (error) => error instanceof Trap && /a wrong value/.test(error.message),
  );
  assert.ok(!instance.alive);
});

test('a read under way fails with the trap of the component', async () => {
  const { exports } = await passing();
  const read = drain(exports.pass(new ReadableStream()));
  setTimeout(() => assert.throws(() => exports.fail(), Trap));
  await assert.rejects(read, (error) => error instanceof Trap && error.code === 'unreachable');
});

test('a read after the trap fails', async () => {
  const { exports } = await passing();
  const stream = exports.pass(new ReadableStream());
  assert.throws(() => exports.fail(), Trap);
  await assert.rejects(drain(stream), (error) => error instanceof Trap && error.code === 'unreachable');
});

test('a future with a wrong value fails whoever waits for it', async () => {
  const { exports, instance } = await passing();
  assert.equal(await exports.later(3), 3);
  assert.equal(await exports.later(Promise.resolve(3)), 3);
  // What is known at once is refused at once.
  assert.throws(() => exports.later('x'), ValueError);
  assert.ok(instance.alive);
  await assert.rejects(
    exports.later(Promise.resolve('x')),
    (error) => error instanceof Trap && error.code === 'host-value',
  );
  assert.ok(!instance.alive);
});

test('a future fails with the component', async () => {
  const { exports } = await passing();
  const value = exports.later(new Promise(() => {}));
  assert.throws(() => exports.fail(), Trap);
  await assert.rejects(value, (error) => error instanceof Trap && error.code === 'unreachable');
});
