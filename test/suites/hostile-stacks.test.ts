/**
 * A hostile component cannot reach the host: stacks without end, exceptions of core wasm that leave a component, start functions,
 * and a host function that fails in odd ways. Nobody who stands between catches any of it.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ComponentError, type Imports, type Instance, Linker, Trap, type TrapCode } from '../../src/index.ts';
import { fn } from '../support/component.ts';
import { EDGES, type Edge, once } from '../support/party.ts';
import { watchHost } from '../support/untouched.ts';

const MODES = ['generated', 'interpreted'] as const;
type Mode = (typeof MODES)[number];

const untouched = watchHost();
after(untouched);

const trap =
  (code: TrapCode) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Trap, `a trap, not ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  };

/** Fails in every way that core wasm has. `guarded` calls `ping` under a `catch_all`. */
const fails = (head: string): string => `${head}
  (import "ping" (func $ping))
  (core func $lowered (canon lower (func $ping)))
  (core module $M
    (import "" "ping" (func $ping))
    (memory 1)
    (table 1 funcref)
    (type $void (func))
    (tag $e (param i32))
    (global $survived (mut i32) (i32.const 0))
    (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
    (func (export "recurse") (drop (call $deep (i32.const 0))))
    (func (export "throws") (throw $e (i32.const 5)))
    (func (export "boom") unreachable)
    (func (export "divide") (drop (i32.div_u (i32.const 1) (global.get $survived))))
    (func (export "outside") (drop (i32.load (i32.const -4))))
    (func (export "indirect") (call_indirect (type $void) (i32.const 0)))
    (func (export "bounce") (call $ping))
    (func (export "guarded")
      (block $caught
        (try_table (catch_all $caught) (call $ping) (return)))
      (global.set $survived (i32.const 1)))
    (func (export "idle")))
  (core instance $m (instantiate $M (with "" (instance (export "ping" (func $lowered))))))
  ${['recurse', 'throws', 'boom', 'divide', 'outside', 'indirect', 'bounce', 'guarded', 'idle']
    .map((name) => `(func (export "${name}") (canon lift (core func $m "${name}")))`)
    .join('\n  ')})`;

const nested = (failure: string): string => `(component
(import "ping" (func $ping))
${fails('(component $Fails')}
(instance $lower (instantiate $Fails (with "ping" (func $ping))))
(instance $upper (instantiate $Fails (with "ping" (func $lower "${failure}"))))
(export "lower" (instance $lower))
(export "upper" (instance $upper)))`;

const FAILURES: Readonly<Record<string, TrapCode>> = {
  recurse: 'stack-exhausted',
  throws: 'uncaught-exception',
  boom: 'unreachable',
  divide: 'core-trap',
  outside: 'core-trap',
  indirect: 'core-trap',
};

interface Pair {
  readonly upper: Record<string, unknown>;
  readonly stores: readonly Instance[];
}

/** `ping` of `upper` is the failing function of another guest; over the host's edge the host calls it. */
async function pair(edge: Edge, mode: Mode, failure: string): Promise<Pair> {
  const idle = { ping: () => undefined };
  if (edge === 'nested') {
    const guest = await (await once(nested(failure))).instantiate(idle, { mode });
    return { upper: guest.exports['upper'] as Record<string, unknown>, stores: [guest] };
  }
  const component = await once(fails('(component'));
  const lower = await component.instantiate(idle, { mode });
  const ping = edge === 'live' ? lower.exports[failure] : () => fn(lower.exports, failure)();
  const upper = (await new Linker().define('ping', ping).link(component, { mode })).instantiate();
  return { upper: upper.exports, stores: [upper, lower] };
}

async function alone(mode: Mode, imports: Imports = { ping: () => undefined }): Promise<Instance> {
  return (await once(fails('(component'))).instantiate(imports, { mode });
}

for (const mode of MODES) {
  describe(`a guest that fails, ${mode}`, () => {
    for (const [failure, code] of Object.entries(FAILURES)) {
      test(`${failure} leaves an export as a trap`, async () => {
        const [guest, other] = [await alone(mode), await alone(mode)];
        assert.throws(fn(guest.exports, failure), trap(code));
        assert.equal(guest.alive, false);
        assert.throws(fn(guest.exports, 'idle'), trap('store-dead'));
        fn(other.exports, 'bounce')();
        untouched();
      });
      for (const edge of EDGES) {
        test(`${failure} passes the catch_all of its caller, ${edge}`, async () => {
          const { upper, stores } = await pair(edge, mode, failure);
          const other = await alone(mode);
          assert.throws(fn(upper, 'guarded'), trap(code));
          for (const store of stores) assert.equal(store.alive, false);
          fn(other.exports, 'bounce')();
          untouched();
        });
      }
      test(`${failure} in a promised call`, async () => {
        const guest = await alone(mode);
        await assert.rejects(fn(guest.promised, failure)() as Promise<unknown>, trap(code));
        assert.equal(guest.alive, false);
      });
    }
  });

  describe(`guests and host that call each other without end, ${mode}`, () => {
    test('one guest', async () => {
      const holder: { again?: () => unknown } = {};
      const guest = await alone(mode, { ping: () => holder.again?.() });
      holder.again = fn(guest.exports, 'bounce');
      assert.throws(holder.again, trap('stack-exhausted'));
      assert.equal(guest.alive, false);
      const other = await alone(mode);
      fn(other.exports, 'bounce')();
    });
    test('two guests, under a catch_all each', async () => {
      const holder: { again?: () => unknown } = {};
      const lower = await alone(mode, { ping: () => holder.again?.() });
      const component = await once(fails('(component'));
      const pre = await new Linker().define('ping', lower.exports['guarded']).link(component, { mode });
      const upper = pre.instantiate();
      holder.again = fn(upper.exports, 'guarded');
      assert.throws(holder.again, trap('stack-exhausted'));
      assert.deepEqual([upper.alive, lower.alive], [false, false]);
      fn((await alone(mode)).exports, 'bounce')();
    });
    test('a host that swallows the end of the stack', async () => {
      const holder: { again?: () => unknown } = {};
      const ping = (): void => {
        try {
          holder.again?.();
        } catch {
          // Swallowed.
        }
      };
      const guest = await alone(mode, { ping });
      holder.again = fn(guest.exports, 'bounce');
      assert.throws(holder.again, (error: unknown) => error instanceof Trap);
      assert.equal(guest.alive, false);
      fn((await alone(mode)).exports, 'bounce')();
    });
  });

  describe(`what a host function throws passes a catch_all, ${mode}`, () => {
    const tag = new WebAssembly.Tag({ parameters: [] });
    const refusing = new Proxy(
      {},
      {
        get() {
          throw new Error('no');
        },
        getPrototypeOf() {
          throw new Error('no');
        },
      },
    );
    const thrown: Readonly<Record<string, [value: unknown, code: TrapCode]>> = {
      'an error': [new Error('no'), 'host-error'],
      'a string': ['no', 'host-error'],
      undefined: [undefined, 'host-error'],
      null: [null, 'host-error'],
      'a symbol': [Symbol('no'), 'host-error'],
      'an object without a prototype': [Object.create(null), 'host-error'],
      'an object that refuses every question': [refusing, 'host-error'],
      'an error of a WIT result that is not there': [new ComponentError(1), 'host-error'],
      'a trap by its looks': [Object.create(Trap.prototype, { code: { value: 'unreachable' } }), 'host-error'],
      'an exception of core wasm': [new WebAssembly.Exception(tag, []), 'host-error'],
      // biome-ignore lint/suspicious/noThenProperty: that is the attack.
      'an error with a thenable payload': [Object.assign(new Error('no'), { then() {} }), 'host-error'],
    };
    for (const [what, [value, code]] of Object.entries(thrown)) {
      test(what, async () => {
        const ping = (): void => {
          throw value;
        };
        const guest = await alone(mode, { ping });
        assert.throws(fn(guest.exports, 'guarded'), trap(code));
        assert.equal(guest.alive, false);
        const promised = await alone(mode, { ping });
        await assert.rejects(fn(promised.promised, 'guarded')() as Promise<unknown>, trap(code));
        untouched();
      });
    }
  });
}

/** A component whose core module runs `body` when it starts. */
const starts = (body: string, head = '(component'): string => `${head}
  (import "ping" (func $ping))
  (core func $lowered (canon lower (func $ping)))
  (core module $M
    (import "" "ping" (func $ping))
    (tag $e)
    (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
    (func $start ${body})
    (start $start))
  (core instance $m (instantiate $M (with "" (instance (export "ping" (func $lowered)))))))`;

const inside = (body: string): string => `(component
(import "ping" (func $ping))
${starts(body, '(component $Starts')}
(instance $s (instantiate $Starts (with "ping" (func $ping)))))`;

describe('a start function', () => {
  const bodies: readonly [name: string, body: string, code: TrapCode][] = [
    ['traps', 'unreachable', 'unreachable'],
    ['throws', '(throw $e)', 'uncaught-exception'],
    ['recurses', '(drop (call $deep (i32.const 0)))', 'stack-exhausted'],
  ];
  for (const mode of MODES) {
    for (const [where, text] of [
      ['at the root', starts],
      ['of a nested component', inside],
    ] as const) {
      for (const [name, body, code] of bodies) {
        test(`that ${name}, ${where}, ${mode}`, async () => {
          const other = await alone(mode);
          const component = await once(text(body));
          await assert.rejects(component.instantiate({ ping: () => undefined }, { mode }), trap(code));
          fn(other.exports, 'bounce')();
          untouched();
        });
      }
      test(`calls what it imports, ${where}, ${mode}`, async () => {
        let calls = 0;
        const component = await once(text('(call $ping)'));
        const guest = await component.instantiate({ ping: () => void calls++ }, { mode });
        assert.equal(calls, 1);
        assert.equal(guest.alive, true);
      });
      test(`calls a host that fails, or that would have it wait, ${where}, ${mode}`, async () => {
        const component = await once(text('(call $ping)'));
        const fail = (): never => {
          throw new Error('not now');
        };
        await assert.rejects(component.instantiate({ ping: fail }, { mode }), trap('host-error'));
        await assert.rejects(component.instantiate({ ping: async () => {} }, { mode }), trap('would-block'));
        fn((await alone(mode)).exports, 'bounce')();
      });
    }
  }
});
