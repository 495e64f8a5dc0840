/**
 * Calls of functions of an async type between components, by adapters in core wasm: no task is made for one that completes at once, and
 * one that something asks for amid its call is as if it had been there from the beginning.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Trap } from '../../src/error/trap.ts';
import { Component } from '../../src/runtime/component.ts';
import type { Instance } from '../../src/runtime/instance.ts';
import { Linker } from '../../src/runtime/linker.ts';
import { taskCount } from '../../src/runtime/task.ts';
import { parseText } from '../../src/text/text.ts';

interface Case {
  /** The value type, and its core type. */
  readonly type: string;
  readonly core: string;
  /** Core wasm of the callee before `task.return`, and after. */
  readonly before?: string;
  readonly after?: string;
  /** What its core function answers: a callback code. */
  readonly answer?: string;
  /** What its `task.return` is of. */
  readonly returns?: string;
  /** Where the caller wants the result of an asynchronous call. */
  readonly at?: number;
}

const ASK = '(drop (call $index))';

function text({
  type,
  core,
  before = '',
  after = '',
  answer = '(i32.const 0)',
  returns = type,
  at = 4096,
}: Case): string {
  const given = returns === 'string' ? '(local.get 0) (local.get 1)' : '(local.get 0)';
  return `(component
    (component $B
      (core module $Mem (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
      (core instance $mem (instantiate $Mem))
      (core func $return (canon task.return (result ${returns}) (memory (core memory $mem "mem"))))
      (core func $index (canon thread.index))
      (core func $set (canon waitable-set.new))
      (core module $M
        (import "" "return" (func $return (param ${core})))
        (import "" "index" (func $index (result i32)))
        (import "" "set" (func $set (result i32)))
        (func (export "f") (param ${core}) (result i32)
          ${before} (call $return ${given}) ${after} ${answer})
        (func (export "cb") (param i32 i32 i32) (result i32) ${ASK} (i32.const 0)))
      (core instance $m (instantiate $M (with "" (instance
        (export "return" (func $return)) (export "index" (func $index)) (export "set" (func $set))))))
      (func (export "f") async (param "a" ${type}) (result ${type})
        (canon lift (core func $m "f") async (callback (core func $m "cb"))
          (memory (core memory $mem "mem")) (realloc (core func $mem "realloc")))))
    (component $A
      (import "f" (func $f async (param "a" ${type}) (result ${type})))
      (core module $Mem (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 2048)))
      (core instance $mem (instantiate $Mem))
      (core func $async (canon lower (func $f) async (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))
      (core func $sync (canon lower (func $f) (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))
      (core module $M
        (import "" "mem" (memory 1))
        (import "" "async" (func $async (param ${core} i32) (result i32)))
        ${
          core.includes(' ')
            ? `(import "" "sync" (func $sync (param ${core} i32)))`
            : `(import "" "sync" (func $sync (param ${core}) (result ${core})))`
        }
        (func (export "async") (param ${core}) (result i32)
          ${core.includes(' ') ? '(call $async (local.get 0) (local.get 1)' : '(call $async (local.get 0)'} (i32.const ${at})))
        (func (export "value") (result ${core.includes(' ') ? 'i32' : core})
          ${core.includes(' ') ? '' : `(${core}.load `}(i32.const 4096)${core.includes(' ') ? '' : ')'})
        (func (export "sync") (param ${core}) (result ${core.includes(' ') ? 'i32' : core})
          ${
            core.includes(' ')
              ? '(call $sync (local.get 0) (local.get 1) (i32.const 4096)) (i32.const 4096)'
              : '(call $sync (local.get 0))'
          }))
      (core instance $m (instantiate $M (with "" (instance
        (export "mem" (memory $mem "mem")) (export "async" (func $async)) (export "sync" (func $sync))))))
      (func (export "async") (param "a" ${type}) (result u32)
        (canon lift (core func $m "async") (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))
      (func (export "value") (result ${type})
        (canon lift (core func $m "value") ${type === 'string' ? '(memory (core memory $mem "mem"))' : ''}))
      (func (export "sync") (param "a" ${type}) (result ${type})
        (canon lift (core func $m "sync") (memory (core memory $mem "mem")) (realloc (core func $mem "realloc")))))
    (instance $b (instantiate $B))
    (instance $a (instantiate $A (with "f" (func $b "f"))))
    (export "async" (func $a "async")) (export "value" (func $a "value")) (export "sync" (func $a "sync")))`;
}

type Calls = Record<'async' | 'value' | 'sync', (a?: unknown) => Promise<unknown>>;

async function start(one: Case): Promise<{ readonly calls: Calls; readonly instance: Instance }> {
  const component = await Component.load(parseText(text(one)).bytes);
  const instance = (await new Linker().link(component)).instantiate();
  return { calls: instance.promised as unknown as Calls, instance };
}

const VALUES: readonly (Pick<Case, 'type' | 'core'> & { readonly value: unknown })[] = [
  { type: 'u32', core: 'i32', value: 4_000_000_000 },
  { type: 's8', core: 'i32', value: -7 },
  { type: 'bool', core: 'i32', value: true },
  { type: 's64', core: 'i64', value: -5_000_000_000n },
  { type: 'f32', core: 'f32', value: 1.5 },
  { type: 'f64', core: 'f64', value: Math.PI },
  { type: 'char', core: 'i32', value: '😀' },
  { type: 'string', core: 'i32 i32', value: 'grüezi' },
];

/** Subtask.State.RETURNED */
const RETURNED = 2;

describe('a call that completes at once', () => {
  const when: readonly [name: string, parts: Partial<Case>, tasks: number][] = [
    ['and nothing asks for its task', {}, 0],
    ['and something asks for its task before it returns', { before: ASK }, 1],
    ['and something asks for its task after it has returned', { after: ASK }, 1],
    ['and something asks for its task twice', { before: ASK, after: ASK }, 1],
  ];
  for (const [name, parts, tasks] of when) {
    for (const { type, core, value } of VALUES) {
      test(`${name}: ${type}`, async () => {
        const { calls, instance } = await start({ type, core, ...parts });
        // The first asks for what is around it as well: the caller's task.
        const before = taskCount();
        assert.equal(await calls.async(value), RETURNED);
        const perCall = taskCount() - before;
        assert.equal(await calls.value(), value);
        const between = taskCount();
        assert.equal(await calls.sync(value), value);
        assert.equal(taskCount() - between, perCall);
        assert.equal(perCall, tasks === 0 ? 0 : 2, 'its task, and then also that of its caller');
        assert.equal(instance.stats.interpreted, 0);
      });
    }
  }

  test('has no task, however often', async () => {
    const { calls } = await start({ type: 'u32', core: 'i32' });
    const before = taskCount();
    for (let i = 0; i < 10_000; i++) await calls.sync(i);
    assert.equal(taskCount(), before);
  });
});

describe('a call that returns, and then waits', () => {
  for (const { type, core, value } of VALUES) {
    test(`its caller has the result at once: ${type}`, async () => {
      // Yields once; the callback ends it.
      const { calls } = await start({ type, core, answer: '(i32.const 1)' });
      assert.equal(await calls.async(value), RETURNED);
      assert.equal(await calls.value(), value);
      assert.equal(await calls.sync(value), value);
    });
  }
});

/**
 * `get` is lent a thing of its own component; before its `task.return` it runs `before`, and answers `answer`. `run` makes a thing, has it
 * lent, runs `after`, drops it and answers what `get` said. Through `Middle`, the thing is a third component's.
 */
function lending(before: string, answer: string, drop: string, through: 'direct' | 'middle'): string {
  const imported = `
      (export "thing" (type $thing (sub resource)))
      (export "make" (func (param "rep" u32) (result (own $thing))))
      (export "get" (func async (param "self" (borrow $thing)) (result u32)))`;
  return `(component
    (component $B
      (type $thing' (resource (rep i32)))
      (export $thing "thing" (type $thing'))
      (core func $new (canon resource.new $thing'))
      (core func $return (canon task.return (result u32)))
      (core func $index (canon thread.index))
      (core module $M
        (import "" "new" (func $new (param i32) (result i32)))
        (import "" "return" (func $return (param i32)))
        (import "" "index" (func $index (result i32)))
        (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
        (func (export "get") (param i32) (result i32) ${before} (call $return (local.get 0)) ${answer})
        (func (export "cb") (param i32 i32 i32) (result i32) (i32.const 0)))
      (core instance $m (instantiate $M (with "" (instance
        (export "new" (func $new)) (export "return" (func $return)) (export "index" (func $index))))))
      (func (export "make") (param "rep" u32) (result (own $thing)) (canon lift (core func $m "make")))
      (func (export "get") async (param "self" (borrow $thing)) (result u32)
        (canon lift (core func $m "get") async (callback (core func $m "cb")))))
    (component $Middle
      (import "b" (instance $b ${imported}))
      (alias export $b "thing" (type $thing))
      (export $shown "thing" (type $thing))
      (core func $get (canon lower (func $b "get")))
      (core func $return (canon task.return (result u32)))
      (core func $drop (canon resource.drop $thing))
      (core module $M
        (import "" "get" (func $get (param i32) (result i32)))
        (import "" "return" (func $return (param i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "get") (param i32) (result i32) (local $r i32)
          (local.set $r (call $get (local.get 0)))
          ${drop}
          (call $return (local.get $r)) (i32.const 0))
        (func (export "cb") (param i32 i32 i32) (result i32) unreachable))
      (core instance $m (instantiate $M (with "" (instance
        (export "get" (func $get)) (export "return" (func $return)) (export "drop" (func $drop))))))
      (func (export "get") async (param "self" (borrow $shown)) (result u32)
        (canon lift (core func $m "get") async (callback (core func $m "cb")))))
    (component $A
      (import "make" (instance $make (export "thing" (type $thing (sub resource)))
        (export "make" (func (param "rep" u32) (result (own $thing))))))
      (alias export $make "thing" (type $thing))
      (import "get" (func $get async (param "self" (borrow $thing)) (result u32)))
      (core func $drop (canon resource.drop $thing))
      (core module $Mem (memory (export "mem") 1))
      (core instance $mem (instantiate $Mem))
      (core func $make (canon lower (func $make "make")))
      (core func $sync (canon lower (func $get)))
      (core func $async (canon lower (func $get) async (memory (core memory $mem "mem"))))
      (core module $M
        (import "" "mem" (memory 1))
        (import "" "make" (func $make (param i32) (result i32)))
        (import "" "sync" (func $sync (param i32) (result i32)))
        (import "" "async" (func $async (param i32 i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "sync") (result i32) (local $h i32) (local $r i32)
          (local.set $h (call $make (i32.const 42)))
          (local.set $r (call $sync (local.get $h)))
          (call $drop (local.get $h)) (local.get $r))
        (func (export "async") (result i32) (local $h i32) (local $r i32)
          (local.set $h (call $make (i32.const 42)))
          (local.set $r (call $async (local.get $h) (i32.const 4096)))
          (call $drop (local.get $h))
          (i32.add (i32.mul (i32.const 100) (local.get $r)) (i32.load (i32.const 4096)))))
      (core instance $m (instantiate $M (with "" (instance (export "mem" (memory $mem "mem"))
        (export "make" (func $make)) (export "sync" (func $sync)) (export "async" (func $async)) (export "drop" (func $drop))))))
      (func (export "sync") (result u32) (canon lift (core func $m "sync")))
      (func (export "async") (result u32) (canon lift (core func $m "async"))))
    (instance $b (instantiate $B))
    ${through === 'middle' ? '(instance $g (instantiate $Middle (with "b" (instance $b))))' : '(alias export $b "get" (func $get))'}
    ${through === 'middle' ? '(alias export $g "get" (func $get))' : ''}
    (instance $a (instantiate $A (with "make" (instance $b)) (with "get" (func $get))))
    (export "sync" (func $a "sync")) (export "async" (func $a "async")))`;
}

describe('what is lent', () => {
  const run = async (wat: string): Promise<Record<'sync' | 'async', () => Promise<unknown>>> => {
    const component = await Component.load(parseText(wat).bytes);
    return (await new Linker().link(component)).instantiate().promised as never;
  };
  const cases: readonly [name: string, before: string, answer: string][] = [
    ['and nothing asks for the task', '', '(i32.const 0)'],
    ['and something asks for the task', ASK, '(i32.const 0)'],
    ['and the task yields once it has returned', '', '(i32.const 1)'],
  ];
  for (const [name, before, answer] of cases) {
    test(`is given back when the call ends, ${name}`, async () => {
      const calls = await run(lending(before, answer, '', 'direct'));
      for (let i = 0; i < 3; i++) assert.equal(await calls.sync(), 42);
      for (let i = 0; i < 3; i++) assert.equal(await calls.async(), RETURNED * 100 + 42);
    });

    test(`the same of a third component's, ${name}`, async () => {
      const calls = await run(lending(before, answer, '(call $drop (local.get 0))', 'middle'));
      for (let i = 0; i < 3; i++) assert.equal(await calls.sync(), 42);
      for (let i = 0; i < 3; i++) assert.equal(await calls.async(), RETURNED * 100 + 42);
    });
  }

  test('a borrow that is held when the task returns is a trap', async () => {
    const calls = await run(lending('', '(i32.const 0)', '', 'middle'));
    await assert.rejects(calls.sync(), (error) => error instanceof Trap && error.code === 'borrows-remain');
  });

  test('what a call under way was lent cannot be dropped', async () => {
    const waits = '(if (i32.eqz (i32.const 0)) (then (return (i32.const 1))))';
    const calls = await run(lending(waits, '(i32.const 0)', '', 'direct'));
    await assert.rejects(calls.async(), (error) => error instanceof Trap && error.code === 'handle-borrowed');
  });
});

describe('what traps', () => {
  const trap = async (one: Partial<Case>, reason: RegExp): Promise<void> => {
    for (const how of ['async', 'sync'] as const) {
      const { calls } = await start({ type: 'u32', core: 'i32', ...one });
      await assert.rejects(calls[how](1), (error) => error instanceof Trap && reason.test(error.reason), how);
    }
  };

  test('a result that was returned already', () => trap({ after: '(call $return (local.get 0))' }, /returned already/));
  test('the same, its task asked for', () =>
    trap({ after: `${ASK} (call $return (local.get 0))` }, /returned already/));
  test('an end without a result', () => trap({ before: '(return (i32.const 0))' }, /without returning a result/));
  test('a result of another type', () => trap({ returns: 's32' }, /task.return called with s32.*u32/));
  test('an unknown callback code', () => trap({ answer: '(i32.const 9)' }, /callback code/));
  test('a set that is none', () => trap({ answer: '(i32.const 0x72)' }, /./));
  test('a character that is none', async () => {
    const { calls } = await start({ type: 'char', core: 'i32', before: '(local.set 0 (i32.const 0xd800))' });
    await assert.rejects(calls.async('a'), Trap);
  });

  for (const at of [4097, 65_533, -4]) {
    test(`a place for the result at ${at}`, async () => {
      const { calls } = await start({ type: 'u32', core: 'i32', at });
      await assert.rejects(calls.async(1), Trap);
    });
  }
});
