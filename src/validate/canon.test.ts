import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeComponent } from '../binary/decode.ts';
import { parseComponentText } from '../text/parse.ts';
import type { Canon, CanonOption, Definition } from '../types/definition.ts';
import type { ValueType } from '../types/value-type.ts';
import { at, canon, check, func, importOf, prim, rejection, type } from './fixture.ts';
import { flattenFunc, flattenType } from './flatten.ts';
import { typeInfo } from './type-info.ts';
import { validateComponent } from './validate.ts';

const U8: ValueType = { kind: 'u8' };
const F32: ValueType = { kind: 'f32' };
const U64: ValueType = { kind: 'u64' };

test('built-ins get the core types of the specification', () => {
  const stream = type({ kind: 'stream', element: undefined });
  const future = type({ kind: 'future', element: undefined });
  const async: CanonOption = { kind: 'async', offset: 0 };
  const cases: [Canon, string[], string[]][] = [
    [{ kind: 'task.cancel' }, [], []],
    [{ kind: 'subtask.cancel', async: true }, ['i32'], ['i32']],
    [{ kind: 'task.return', result: prim('f64'), options: [] }, ['f64'], []],
    [{ kind: 'context.get', type: 'i64', slot: 1 }, [], ['i64']],
    [{ kind: 'context.set', type: 'i64', slot: 0 }, ['i64'], []],
    [{ kind: 'stream.new', type: 0 }, [], ['i64']],
    [{ kind: 'stream.read', type: 0, options: [async] }, ['i32', 'i32', 'i32'], ['i32']],
    [{ kind: 'future.write', type: 1, options: [] }, ['i32', 'i32'], ['i32']],
    [{ kind: 'future.cancel-read', type: 1, async: false }, ['i32'], ['i32']],
    [{ kind: 'stream.drop-readable', type: 0 }, ['i32'], []],
    [{ kind: 'waitable.join' }, ['i32', 'i32'], []],
    [{ kind: 'waitable-set.new' }, [], ['i32']],
    [{ kind: 'thread.index' }, [], ['i32']],
    [{ kind: 'thread.yield-then-resume', cancellable: false }, ['i32'], ['i32']],
    [{ kind: 'thread.resume-later' }, ['i32'], []],
  ];
  const { coreFuncs } = check([stream, future, ...cases.map(([definition]) => canon(definition))]);
  assert.deepEqual(
    coreFuncs.map(({ params, results }) => [params, results]),
    cases.map(([, params, results]) => [params, results]),
  );
});

test('resource built-ins: only the defining component may see the representation', () => {
  const local = type({ kind: 'resource', rep: 'i64', dtor: undefined });
  const { coreFuncs } = check([
    local,
    canon({ kind: 'resource.new', type: 0 }),
    canon({ kind: 'resource.rep', type: 0 }),
    canon({ kind: 'resource.drop', type: 0 }),
  ]);
  assert.deepEqual(
    coreFuncs.map((one) => [...one.params, '>', ...one.results].join(' ')),
    ['i64 > i32', 'i32 > i64', 'i32 >'],
  );
  const imported = importOf('r', { kind: 'type', bound: 'sub-resource' });
  check([imported, canon({ kind: 'resource.drop', type: 0 })]);
  for (const kind of ['resource.new', 'resource.rep'] as const)
    assert.equal(rejection([imported, canon({ kind, type: 0 })]).code, 'not-local-resource');
});

test('context slots and types', () => {
  const get = (kind: 'i32' | 'i64', slot: number) => canon({ kind: 'context.get', type: kind, slot });
  check([get('i32', 0), get('i32', 1)]);
  assert.match(rejection([get('i32', 2)]).message, /must be less than 2/);
  assert.match(rejection([get('i32', 0), get('i64', 0)]).message, /must have the same type/);
});

test('gates of built-ins', () => {
  const stream = type({ kind: 'stream', element: undefined });
  const cases: [Definition[], string][] = [
    [[canon({ kind: 'thread.index' })], 'threading'],
    [[canon({ kind: 'waitable-set.new' })], 'async'],
    [[canon({ kind: 'error-context.drop' })], 'error-context'],
    [[canon({ kind: 'subtask.cancel', async: true })], 'more-async-builtins'],
    [[stream, canon({ kind: 'stream.read', type: 0, options: [] })], 'more-async-builtins'],
  ];
  for (const [definitions, feature] of cases) {
    check(definitions);
    const error = rejection(definitions, { features: { [feature]: false } });
    assert.equal(error.code, 'feature-disabled');
    assert.ok(error.message.includes(feature), error.message);
  }
});

test('lowering asks for the options that values need', () => {
  const lower = (...options: CanonOption[]) => canon({ kind: 'lower', func: 0, options });
  const imported = importOf('f', { kind: 'func', index: 0 });
  check([func({ a: prim('u8') }, prim('u64')), imported, lower()]);
  assert.match(rejection([func({ a: prim('string') }), imported, lower()]).message, /`memory` is required/);
  assert.match(
    rejection([func({}), imported, lower({ kind: 'memory', offset: 7, index: 0 })]).message,
    /unknown memory 0/,
  );
  const encodings = (['utf8', 'utf8'] as const).map((encoding) => ({ kind: 'encoding', offset: 0, encoding }) as const);
  assert.match(rejection([func({}), imported, lower(...encodings)]).message, /`utf8` conflicts with option `utf8`/);
  assert.match(
    rejection([func({}), imported, lower({ kind: 'async', offset: 0 })]).message,
    /requires an async function type/,
  );
});

test('a result or task.return with a borrow is refused', () => {
  const resource = importOf('r', { kind: 'type', bound: 'sub-resource' });
  const borrow = type({ kind: 'borrow', index: 0 });
  const error = rejection([resource, borrow, canon({ kind: 'task.return', result: at(1), options: [] })]);
  assert.equal(error.code, 'borrow-not-allowed');
});

test('flattening joins the cases of variants', () => {
  const variant: ValueType = {
    kind: 'variant',
    cases: [
      { name: 'a', type: F32 },
      { name: 'b', type: { kind: 'u32' } },
      { name: 'c', type: { kind: 'tuple', types: [U64, F32] } },
      { name: 'd', type: undefined },
    ],
  };
  assert.deepEqual(flattenType(variant, 'i32'), ['i32', 'i64', 'f32']);
  assert.deepEqual(flattenType({ kind: 'option', type: F32 }, 'i32'), ['i32', 'f32']);
  assert.deepEqual(flattenType({ kind: 'result', ok: F32, err: U8 }, 'i32'), ['i32', 'i32']);
  assert.deepEqual(flattenType({ kind: 'string' }, 'i64'), ['i64', 'i64']);
  assert.equal(flattenType({ kind: 'fixed-list', element: U8, length: 17 }, 'i32'), undefined);
});

test('functions spill at the limits of the specification', () => {
  const of = (count: number, result?: ValueType) => ({
    kind: 'func' as const,
    async: true,
    params: Array.from({ length: count }, (_, i) => ({ name: `p${i}`, type: U8 })),
    result,
  });
  const params = (count: number, context: Parameters<typeof flattenFunc>[2]) =>
    flattenFunc(of(count), 'i32', context).params.length;
  assert.equal(params(16, { kind: 'lift', async: false, callback: false }), 16);
  assert.equal(params(17, { kind: 'lift', async: false, callback: false }), 1);
  assert.equal(params(4, { kind: 'lower', async: true }), 4);
  assert.equal(params(5, { kind: 'lower', async: true }), 1);
  const pair: ValueType = { kind: 'tuple', types: [U8, U8] };
  const lifted = flattenFunc(of(0, pair), 'i64', { kind: 'lift', async: false, callback: false });
  assert.deepEqual([lifted.params, lifted.results, lifted.spillsResult], [[], ['i64'], true]);
  const lowered = flattenFunc(of(0, pair), 'i32', { kind: 'lower', async: false });
  assert.deepEqual([lowered.params, lowered.results], [['i32'], []]);
  const async = flattenFunc(of(1, U8), 'i32', { kind: 'lower', async: true });
  assert.deepEqual([async.params, async.results], [['i32', 'i32'], ['i32']]);
});

test('sizes in memory follow the element size of the specification', () => {
  const bytes = (type: ValueType) => typeInfo(type).bytes;
  assert.equal(bytes({ kind: 'tuple', types: [U8, U64, U8] }), 24);
  assert.equal(bytes({ kind: 'option', type: U64 }), 16);
  assert.equal(bytes({ kind: 'enum', labels: Array.from({ length: 257 }, (_, i) => `e${i}`) }), 2);
  assert.equal(bytes({ kind: 'flags', labels: Array.from({ length: 17 }, (_, i) => `f${i}`) }), 4);
  assert.equal(bytes({ kind: 'fixed-list', element: { kind: 'tuple', types: [U64, U8] }, length: 3 }), 48);
  assert.equal(bytes({ kind: 'string' }), 16);
});

test('what is lifted has exactly the plain function type', () => {
  const lifted = (type: string) =>
    decodeComponent(
      parseComponentText(`(component
        (core module $M ${type} (func (export "f") (type $f) unreachable))
        (core instance $m (instantiate $M))
        (func (result u32) (canon lift (core func $m "f"))))`),
    );
  validateComponent(lifted('(type $f (func (result i32)))'));
  for (const type of [
    '(type $f (sub (func (result i32))))',
    '(rec (type $f (func (result i32))) (type (struct)))',
    '(type $p (sub (func (result i32)))) (type $f (sub final $p (func (result i32))))',
  ])
    assert.throws(() => validateComponent(lifted(type)), /core function 0 is not plainly `\(func \(result i32\)\)`/);
});
