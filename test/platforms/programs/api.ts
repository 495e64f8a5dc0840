/** What modules that `tenon build` writes give their host: instances, errors, traps, waiting, and where core modules come from. */
import assert from 'node:assert/strict';
import { ComponentError, LinkError, Trap, UsageError, ValueError } from 'tenon/runtime';
import * as add from '../built/add/add.js';
import * as nested from '../built/nested/nested.js';
import * as work from '../built/work/work.js';

const host = {
  later: (value: number) => Promise.resolve(value + 1),
  name(of: string) {
    if (of === '') throw new ComponentError(7);
    return `<${of}>`;
  },
};
const imports = { 'test:work/host@1.0.0': host };

// ---- functions without imports

const { exports, promised } = await add.instantiate();
assert.equal(exports.add(1, 2), 3);
assert.equal(exports.add(0xffff_ffff, 1), 0);
assert.equal(await promised.add(3, 4), 7);
assert.throws(
  () => exports.add(1, -1),
  (error) => error instanceof ValueError && error.code === 'wrong-value' && error.message.includes('"b"'),
);

// ---- values and errors of both sides

const one = await work.instantiate(imports);
const { api } = one.exports;
assert.equal(api, one.exports['test:work/api@1.0.0']);
assert.equal(api.name('Grüße 😀'), '<Grüße 😀>');
assert.throws(
  () => api.name(''),
  (error) => error instanceof ComponentError && error.payload === 7,
);
assert.equal((await nested.instantiate()).exports.size('Grüße 😀'), 12);

// ---- waiting

assert.equal(await one.promised.api.wait(5), 7);
assert.throws(
  () => api.wait(5),
  (error) => error instanceof Trap && error.code === 'would-block' && error.path === 'test:work/api@1.0.0#wait',
);
assert.equal(one.alive, false);
assert.throws(
  () => api.next(),
  (error) => error instanceof Trap && error.code === 'store-dead',
);

// ---- instances of their own

const pre = await work.link(imports);
const [two, three] = [pre.instantiate(), pre.instantiate()];
assert.equal(two.exports.api.next(), 1);
assert.equal(two.exports.api.next(), 2);
assert.equal(three.exports.api.next(), 1);
assert.throws(
  () => two.exports.api.boom(),
  (error) => error instanceof Trap && error.code === 'unreachable' && error instanceof WebAssembly.RuntimeError,
);
assert.equal(three.exports.api.next(), 2);
three[Symbol.dispose]();
assert.equal(three.alive, false);

// ---- what does not fit

const unchecked = work.instantiate as (imports?: unknown) => Promise<unknown>;
await assert.rejects(
  unchecked({ 'test:work/host@1.0.0': { later: 3 } }),
  (error) =>
    error instanceof LinkError &&
    error.code === 'import-mismatch' &&
    error.mismatches.map((m) => m.path).join() === 'test:work/host@1.0.0#later,test:work/host@1.0.0#name',
);
await assert.rejects(unchecked(), (error) => error instanceof LinkError && error.code === 'missing-import');
await assert.rejects(unchecked(3), (error) => error instanceof UsageError && error.code === 'bad-imports');

// ---- core modules from elsewhere

const asked: string[] = [];
async function read(name: string, url: URL): Promise<Uint8Array<ArrayBuffer>> {
  asked.push(name);
  if (url.protocol !== 'file:') return new Uint8Array(await (await fetch(url)).arrayBuffer());
  const { readFile } = await import('node:fs/promises');
  return new Uint8Array(await readFile(url));
}
const given = await add.instantiate({}, { modules: read });
assert.equal(given.exports.add(20, 22), 42);
assert.deepEqual(asked.toSorted(), ['add.core.wasm', 'add.trap.wasm']);
const modules: Record<string, WebAssembly.Module> = {};
for (const name of ['add.core.wasm', 'add.trap.wasm']) {
  const url = new URL(`../built/add/${name}`, import.meta.url);
  modules[name] = await WebAssembly.compile(await read(name, url));
}
assert.equal((await add.instantiate({}, { modules })).exports.add(2, 2), 4);
await assert.rejects(
  add.instantiate({}, { modules: {} }),
  (error) => error instanceof UsageError && error.code === 'core-module' && error.message.includes('add.core.wasm'),
);

console.log('api');
