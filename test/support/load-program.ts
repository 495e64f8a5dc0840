/** `Component.load<World>` and what may be given to `instantiate`: components, and the program that links them. */

/** Interfaces of every kind of version, functions of the world itself, a core module, and an interface of types alone. */
export const LOADED = `(component
  (import "test:load/plain" (instance $plain (export "f" (func (param "x" u32) (result u32)))))
  (import "test:load/major@1.2.3" (instance $major (export "f" (func (param "x" u32) (result u32)))))
  (import "test:load/minor@0.3.1" (instance $minor (export "f" (func (param "x" u32) (result u32)))))
  (import "test:load/patch@0.0.4" (instance $patch (export "f" (func (param "x" u32) (result u32)))))
  (import "test:load/early@1.0.0-rc.1" (instance $early (export "f" (func (param "x" u32) (result u32)))))
  (import "test:load/two@1.0.0" (instance $one (export "f" (func (param "x" u32) (result u32)))))
  (import "test:load/two@2.0.0" (instance $two (export "g" (func (param "x" string) (result u32)))))
  (import "test:load/types@1.0.0" (instance (type $t u32) (export "t" (type (eq $t)))))
  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
  (import "log-it" (func $log (param "line" u32)))
  (import "code" (core module))
  (import "inner" (component (export "f" (func (result u32)))))
  ${['plain', 'major', 'minor', 'patch', 'early', 'one']
    .map((name) => `(alias export $${name} "f" (func $${name}-f)) (export "${name}" (func $${name}-f))`)
    .join('\n  ')}
  (alias export $two "g" (func $two-g)) (export "two" (func $two-g))
  (alias export $random "get-random-u64" (func $get)) (export "get" (func $get))
  (export "log" (func $log)))`;

/** Given where a component is imported. */
export const INNER = `(component
  (core module $M (func (export "f") (result i32) (i32.const 1)))
  (core instance $m (instantiate $M))
  (func (export "f") (result u32) (canon lift (core func $m "f"))))`;

/** Takes counters of another component. */
export const COUNTING = `(component
  (import "test:classes/counters" (instance $counters
    (export "counter" (type $counter (sub resource)))
    (export "[constructor]counter" (func (param "start" u32) (result (own $counter))))
    (export "[method]counter.value" (func (param "self" (borrow $counter)) (result u32)))
    (export "[static]counter.sum" (func (param "one" (borrow $counter)) (param "other" (borrow $counter)) (result u32)))
    (export "fresh" (func (param "start" u32) (result (own $counter))))
    (export "take" (func (param "given" (own $counter)) (result u32)))))
  (core func $fresh (canon lower (func $counters "fresh")))
  (core func $take (canon lower (func $counters "take")))
  (core module $M
    (import "c" "fresh" (func $fresh (param i32) (result i32)))
    (import "c" "take" (func $take (param i32) (result i32)))
    (func (export "twice") (param i32) (result i32)
      (i32.add (call $take (call $fresh (local.get 0))) (call $take (call $fresh (local.get 0))))))
  (core instance $m (instantiate $M (with "c" (instance (export "fresh" (func $fresh)) (export "take" (func $take))))))
  (func (export "twice") (param "x" u32) (result u32) (canon lift (core func $m "twice"))))`;

export const LOAD_PROGRAM = `
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { componentTypes } from 'tenon/bindgen';
import { Component, createWasi, type Instance, LinkError, Linker, ValueError } from 'tenon';
import type { World as Classes } from './classes.d.ts';
import type { World as Counting } from './counting.d.ts';
import type { World } from './loaded.d.ts';

const component = await Component.load<World>(readFileSync('loaded.wasm'));
const code = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
const inner = await Component.load(readFileSync('inner.wasm'));
const seen: number[] = [];

// Every import by its own name. What is given in place knows its types.
const given = {
  'test:load/plain': { f: (x: number) => x + 1 },
  'test:load/major@1.2.3': { f: (x: number) => x + 2 },
  'test:load/minor@0.3.1': { f: (x: number) => x + 3 },
  'test:load/patch@0.0.4': { f: (x: number) => x + 4 },
  'test:load/early@1.0.0-rc.1': { f: (x: number) => x + 5 },
  'test:load/two@1.0.0': { f: (x: number) => x + 6 },
  'test:load/two@2.0.0': { g: (x: string) => x.length },
  'wasi:random/random@0.2.0': { getRandomU64: () => 7 },
  logIt: (line: number) => void seen.push(line),
  code,
  inner,
};
const { exports } = await component.instantiate(given);
assert.deepEqual(
  [exports.plain(1), exports.major(1), exports.minor(1), exports.patch(1), exports.early(1), exports.one(1), exports.two('abc')],
  [2, 3, 4, 5, 6, 7, 3],
);
exports.log(5);
assert.deepEqual(seen, [5]);
await component.instantiate({ ...given, 'test:load/plain': { f: (x) => x.valueOf() } }, { flavour: 'counted' });
// @ts-expect-error
await component.instantiate(given, { flavor: 'counted' });

// Without versions, with compatible ones, functions by their names in WIT and as the default of a module.
const wasi = createWasi({ random: 'system' });
const others = await component.instantiate({
  'test:load/plain': { f: (x) => x.valueOf() },
  'test:load/major@1.9.0': { f: (x) => x.valueOf() + 10 },
  'test:load/minor': { f: (x) => x.valueOf() + 20 },
  'test:load/patch': { f: (x) => x.valueOf() },
  'test:load/early': { f: (x) => x.valueOf() },
  'test:load/two': { f: (x) => x.valueOf(), g: (x) => x.length },
  'log-it': { default: (line) => void seen.push(line.valueOf()) },
  code,
  inner,
  ...wasi,
});
assert.deepEqual([others.exports.major(1), others.exports.minor(1), others.exports.two('ab')], [11, 21, 2]);
others.exports.log(6);
assert.deepEqual(seen, [5, 6]);
const random: bigint = others.exports.get();
assert.ok(random >= 0n);

// What is missing, misnamed or of another type.
const { 'test:load/plain': plain, ...rest } = given;
void plain;
// @ts-expect-error
await assert.rejects(component.instantiate(rest), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...rest, 'test:load/plane': { f: (x: number) => x } }), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({}), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate(), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...rest, 'test:load/plain': 5 }), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...rest, 'test:load/plain': { g: (x: number) => x } }), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...given, logIt: 'log' }), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...given, inner: 5 }), LinkError);
const perhaps: { 'test:load/plain'?: { f: (x: number) => number } } = {};
// @ts-expect-error
await assert.rejects(component.instantiate({ ...rest, ...perhaps }), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...rest, 'test:load/plain': perhaps['test:load/plain'] }), LinkError);
const { 'test:load/major@1.2.3': major, 'test:load/minor@0.3.1': minor, 'test:load/early@1.0.0-rc.1': early, ...fewer } = given;
await component.instantiate({ ...fewer, 'test:load/major@1.0.0': major, 'test:load/minor@0.3.9': minor, 'test:load/early': early });
// @ts-expect-error
await assert.rejects(component.instantiate({ ...given, 'test:load/major@1.2.3': undefined }), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...fewer, 'test:load/major@2.0.0': major, 'test:load/minor@0.3.9': minor, 'test:load/early': early }), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...fewer, 'test:load/major@1.0.0': major, 'test:load/minor@0.4.0': minor, 'test:load/early': early }), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...fewer, 'test:load/major@1.0.0': major, 'test:load/minor@0.3.9': minor, 'test:load/early@1.0.0-rc.2': early }), LinkError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...fewer, 'test:load/major@1.0.0': {}, 'test:load/minor@0.3.9': minor, 'test:load/early': early }), LinkError);
const { 'test:load/two@1.0.0': one, 'test:load/two@2.0.0': two, ...neither } = given;
// One object for both has to have both.
// @ts-expect-error
await assert.rejects(component.instantiate({ ...neither, 'test:load/two': one }), LinkError);
await component.instantiate({ ...neither, 'test:load/two': { ...one, ...two } });

// What an instance exports is typed, by every name of an interface, and absent names are absent.
// @ts-expect-error
assert.throws(() => exports.missing(), TypeError);
// @ts-expect-error
assert.equal(others.promised.missing, undefined);
const later: Promise<number> = others.promised.major(1);
assert.equal(await later, 11);

// One component's exports are another's imports.
const classes = await Component.load<Classes>(readFileSync('classes.wasm'));
class Thing {
  label(): string {
    return '';
  }
  wait(): number {
    return 0;
  }
  static open(): Thing {
    return new Thing();
  }
}
class Token {
  n(): number {
    return 0;
  }
}
const counters = await classes.instantiate({
  Token,
  add: (one, other) => one.valueOf() + other.valueOf(),
  'test:classes/host': { Thing, same: (thing) => thing, weigh: () => 1, all: (things) => things },
});
const counting = await Component.load<Counting>(readFileSync('counting.wasm'));
const linked = await counting.instantiate({ 'test:classes/counters': counters.exports.counters });
assert.equal(linked.exports.twice(4), 8);
const pre = await new Linker().instance(counters).link(counting);
assert.equal(pre.instantiate().exports.twice(5), 10);
// @ts-expect-error
await assert.rejects(counting.instantiate({ 'test:classes/counters': linked.exports }), LinkError);
// @ts-expect-error
assert.throws(() => pre.instantiate().exports.twice('5'), ValueError);

// A component of one world is none of another.
// @ts-expect-error
const counted: Component<Counting> = component;
void counted;

// A component of a world is a component, and without a world everything may be given and nothing is known.
const untyped: Component = component;
const instance: Instance = await untyped.instantiate({ anything: 5, ...given });
assert.equal((instance.exports['plain'] as (x: number) => number)(1), 2);
// @ts-expect-error
assert.equal(instance.exports.plain(1), 2);
assert.match(componentTypes(component), /interface World/);
console.log('loaded');
`;

/** What is wrong is told where it stands, and imports that are missing by their names. */
export const WRONG_PROGRAM = `
import { Component } from 'tenon';
import type { World } from './loaded.d.ts';
const component = await Component.load<World>('loaded.wasm');
void component.instantiate({ 'test:load/plain': { f: (x) => x }, 'test:load/major@1.9.0': { f: (x) => x } });
void component.instantiate({ 'test:load/plain': { f: (x) => 'x' } });
void component.instantiate({ 'test:load/major@1.9.0': { f: (x) => 'x' } });
`;
