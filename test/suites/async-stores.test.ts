/** Asynchronous calls between components of stores of their own: how the end of one, or a wait for nobody, reaches the other. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Instance, Linker, Trap } from '../../src/index.ts';
import { component, fn } from '../support/component.ts';
import { CALLER, callee } from '../support/waiting.ts';

async function pair(blocking: boolean): Promise<{ inner: Instance; outer: Instance }> {
  const options = { trapOnDeadlock: true };
  const inner = (await new Linker().link(await component(callee(blocking)), options)).instantiate();
  const linker = new Linker().instance(inner);
  return { inner, outer: (await linker.link(await component(CALLER), options)).instantiate() };
}

async function failureOf(call: unknown): Promise<Trap> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof Trap, String(error));
    return error;
  }
  return assert.fail('the call has ended well');
}

for (const blocking of [false, true]) {
  describe(blocking ? 'a callee on stacks of its own' : 'a callee without a stack', () => {
    test('its trap ends its caller, who is told why', async () => {
      const { inner, outer } = await pair(blocking);
      const trap = await failureOf(fn(outer.promised, 'later')());
      assert.equal(trap.code, 'store-dead');
      assert.match(trap.reason, /it trapped before: wasm `unreachable` instruction executed/);
      assert.ok(trap.cause instanceof Trap);
      assert.equal(trap.cause.code, 'unreachable');
      assert.deepEqual([inner.alive, outer.alive], [false, false]);
    });

    test('a wait for nobody says who waits for whom', async () => {
      const { inner, outer } = await pair(blocking);
      const trap = await failureOf(fn(outer.promised, 'forever')());
      assert.equal(trap.code, 'deadlock');
      assert.equal(trap.path, 'forever');
      assert.match(trap.reason, /: forever waits for .* \(the result of test:stores\/callee#forever\)/);
      assert.match(trap.reason, /: test:stores\/callee#forever waits for .* \(which is empty\)/);
      assert.deepEqual([inner.alive, outer.alive], [false, false]);
    });
  });
}
