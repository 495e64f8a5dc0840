/**
 * Objects of the host that fail when they are looked at: getters that throw, proxies that refuse, disposals that fail. The guest
 * that asked for them has a `catch_all` around the call, and catches nothing.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Imports, type Instance, Trap, type TrapCode } from '../../src/index.ts';
import { fn } from '../support/component.ts';
import { once } from '../support/party.ts';

const MODES = ['generated', 'interpreted'] as const;

/** Calls `f` under a `catch_all`: answers 1, or 2 if that caught something. */
const guarded = (result: string, core: string, call: string): string => `(component
  (import "f" (func $f ${result}))
  (core module $Memory
    (memory (export "m") 1)
    (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
  (core instance $x (instantiate $Memory))
  (core func $l (canon lower (func $f) (memory (core memory $x "m")) (realloc (core func $x "r"))))
  (core module $M
    (import "" "f" (func $f ${core}))
    (func (export "g") (result i32)
      (block $caught
        (try_table (catch_all $caught) ${call} (return (i32.const 1))))
      (i32.const 2)))
  (core instance $m (instantiate $M (with "" (instance (export "f" (func $l))))))
  (func (export "g") (result u32) (canon lift (core func $m "g"))))`;

const spilled = (type: string): string => guarded(`(result ${type})`, '(param i32)', '(call $f (i32.const 16))');
const flat = guarded('(result u32)', '(result i32)', '(drop (call $f))');

const fail = (): never => {
  throw new Error('no');
};

function refusing(): unknown {
  return new Proxy(() => {}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail });
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function withGetter(object: object, key: PropertyKey): unknown {
  return Object.defineProperty(object, key, { get: fail, enumerable: true });
}

const either = '(result u32 (error u32))';

/** The guest, the host function, and how the call ends. */
const CASES: Readonly<Record<string, [text: string, f: () => unknown, code: TrapCode]>> = {
  'a number that refuses': [flat, refusing, 'host-value'],
  'a number whose valueOf throws': [flat, () => ({ valueOf: fail }), 'host-value'],
  'a text that refuses': [spilled('string'), refusing, 'host-value'],
  'a list that refuses': [spilled('(list u32)'), refusing, 'host-value'],
  'a revoked list': [spilled('(list u32)'), revoked, 'host-value'],
  'a list whose length throws': [spilled('(list u32)'), () => withGetter({}, 'length'), 'host-value'],
  'a list of numbers, one of which throws': [spilled('(list u32)'), () => withGetter([1], 0), 'host-value'],
  'a list of texts, one of which throws': [spilled('(list string)'), () => withGetter(['x'], 0), 'host-value'],
  'a tuple that refuses': [spilled('(tuple u32 u32)'), refusing, 'host-value'],
  'a tuple, one part of which throws': [spilled('(tuple u32 u32)'), () => withGetter([1, 2], 1), 'host-value'],
  'an option that refuses': [spilled('(option u32)'), refusing, 'host-value'],
  'a result that refuses': [spilled(either), refusing, 'host-value'],
  'an error whose payload throws': [
    spilled(either),
    () => {
      throw withGetter({}, 'payload');
    },
    'host-error',
  ],
  'an error whose message throws': [
    flat,
    () => {
      throw withGetter(new Error('x'), 'message');
    },
    'host-error',
  ],
};

const RESOURCE = `(component
  (import "thing" (type $t (sub resource)))
  (import "give" (func $give (result (own $t))))
  (core func $l (canon lower (func $give)))
  (core func $drop (canon resource.drop $t))
  (core module $M
    (import "" "give" (func $give (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "g") (result i32)
      (block $caught
        (try_table (catch_all $caught) (call $drop (call $give)) (return (i32.const 1))))
      (i32.const 2)))
  (core instance $m (instantiate $M (with "" (instance (export "give" (func $l)) (export "drop" (func $drop))))))
  (func (export "g") (result u32) (canon lift (core func $m "g"))))`;

function trapped(guest: Instance, code: TrapCode): void {
  assert.throws(fn(guest.exports, 'g'), (error: unknown) => {
    assert.ok(error instanceof Trap, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
  assert.equal(guest.alive, false);
}

for (const mode of MODES) {
  describe(`what a host function answers, ${mode}`, () => {
    const make = async (text: string, imports: Imports) => (await once(text)).instantiate(imports, { mode });
    for (const [name, [text, f, code]] of Object.entries(CASES)) {
      test(name, async () => trapped(await make(text, { f }), code));
    }
    test('nothing is asked of an answer that nobody wants', async () => {
      const guest = await make(guarded('', '', '(call $f)'), { f: refusing });
      assert.equal(fn(guest.exports, 'g')(), 1);
    });
    test('an object whose disposal throws', async () => {
      class Thing {
        [Symbol.dispose](): void {
          fail();
        }
      }
      trapped(await make(RESOURCE, { thing: Thing, give: () => new Thing() }), 'host-error');
    });
    test('an object that is no such thing, and refuses to say what it is', async () => {
      class Thing {}
      trapped(
        await make(RESOURCE, { thing: Thing, give: () => new Proxy({}, { getPrototypeOf: fail }) }),
        'host-value',
      );
    });
  });
}
