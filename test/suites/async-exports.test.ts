/** Calls of functions of an async type from the host: what cancels them, and what is left of an instance that has ended. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Imports, Trap } from '../../src/index.ts';
import { fn, instance, turn } from '../support/component.ts';

/** `f` waits on an empty set until it is cancelled, which it tells the host; `boom` traps. */
const WAITS = `
(component
  (import "begun" (func $begun))
  (import "cancelled" (func $cancelled))
  (core func $begun (canon lower (func $begun)))
  (core func $cancelled (canon lower (func $cancelled)))
  (core func $new (canon waitable-set.new))
  (core func $cancel (canon task.cancel))
  (core module $M
    (import "" "begun" (func $begun)) (import "" "cancelled" (func $cancelled))
    (import "" "new" (func $new (result i32))) (import "" "cancel" (func $cancel))
    (func (export "f") (result i32)
      (call $begun)
      (i32.or (i32.const 2) (i32.shl (call $new) (i32.const 4))))
    (func (export "callback") (param i32 i32 i32) (result i32)
      (if (i32.ne (local.get 0) (i32.const 6)) (then unreachable))
      (call $cancelled) (call $cancel) (i32.const 0))
    (func (export "boom") unreachable))
  (core instance $m (instantiate $M (with "" (instance
    (export "begun" (func $begun)) (export "cancelled" (func $cancelled))
    (export "new" (func $new)) (export "cancel" (func $cancel))))))
  (func (export "f") async (result u32)
    (canon lift (core func $m "f") async (callback (core func $m "callback"))))
  (func (export "boom") (canon lift (core func $m "boom"))))`;

const waits = (imports: Imports = {}) => instance(WAITS, { begun() {}, cancelled() {}, ...imports });

describe('a call that the host cancels', () => {
  test('while the guest waits: the guest is asked to end', async () => {
    let cancelled = 0;
    const guest = await waits({ cancelled: () => cancelled++ });
    const abort = new AbortController();
    const call = fn(guest.exports, 'f')({ signal: abort.signal }) as Promise<unknown>;
    assert.equal(cancelled, 0);
    abort.abort();
    await assert.rejects(call, { name: 'AbortError' });
    assert.equal(cancelled, 1);
  });

  test('while the guest runs for the first time: it is asked as soon as it waits', async () => {
    const abort = new AbortController();
    let cancelled = 0;
    const guest = await waits({ begun: () => abort.abort(), cancelled: () => cancelled++ });
    await assert.rejects(fn(guest.exports, 'f')({ signal: abort.signal }) as Promise<unknown>, { name: 'AbortError' });
    assert.equal(cancelled, 1);
    assert.equal(guest.alive, true);
  });

  test('before it calls: the guest knows nothing of it', async () => {
    let begun = 0;
    const guest = await waits({ begun: () => begun++ });
    const signal = AbortSignal.abort();
    await assert.rejects(fn(guest.exports, 'f')({ signal }) as Promise<unknown>, { name: 'AbortError' });
    assert.equal(begun, 0);
  });
});

describe('an instance that has ended amid a call', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  /** Ends instances with a call under way, and counts which are still there. */
  async function remaining(end: (guest: Awaited<ReturnType<typeof waits>>) => void): Promise<number> {
    const refs: WeakRef<object>[] = [];
    for (let i = 0; i < 5; i++) {
      const begun = (): void => {};
      // What the instance imports lives as long as it does.
      refs.push(new WeakRef(begun));
      const guest = await waits({ begun });
      const call = fn(guest.exports, 'f')() as Promise<unknown>;
      end(guest);
      await assert.rejects(call, Trap);
    }
    for (let i = 0; i < 5; i++) {
      await turn();
      collect();
    }
    return refs.filter((ref) => ref.deref() !== undefined).length;
  }

  // The last one may still be on a stack.
  test('is not kept once it was disposed', async () => {
    assert.ok((await remaining((guest) => guest[Symbol.dispose]())) <= 1);
  });

  test('is not kept once it has trapped', async () => {
    assert.ok((await remaining((guest) => assert.throws(() => fn(guest.exports, 'boom')(), Trap))) <= 1);
  });
});
