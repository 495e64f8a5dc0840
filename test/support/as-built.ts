/**
 * Loaded before a test file (`node --import`), it gives every component that a Linker links the form that `tenon build` writes: the same
 * tests then hold for built modules. What is asked of the in-process form alone (the interpreter, flavours, limits, components for imports)
 * stays as it is; how many were built stands in `BUILT`, and is printed at the end of the process.
 */

import type { Component } from '../../src/runtime/component.ts';
import { fuse } from '../../src/runtime/fuse.ts';
import { Linker } from '../../src/runtime/linker.ts';
import { dataOf } from '../../src/runtime/loaded.ts';
import { built } from './built.ts';

const offersOf = new WeakMap<Linker, Map<string, unknown>>();
const { define, link } = Linker.prototype;
let count = 0;

Linker.prototype.define = function (this: Linker, name, value) {
  const offers = offersOf.get(this) ?? new Map<string, unknown>();
  offersOf.set(this, offers.set(name, value));
  return define.call(this, name, value);
};

Linker.prototype.link = async function (this: Linker, component, options = {}) {
  const { mode = 'generated', flavour = 'plain', limits, ...others } = options;
  const offers = offersOf.get(this) ?? new Map<string, unknown>();
  const isOwn = mode !== 'generated' || flavour !== 'plain' || limits?.memory !== undefined;
  if (isOwn || dataOf(component) === undefined || [...offers.values()].some((value) => dataOf(value) !== undefined))
    return link.call(this, component, options);
  count++;
  const { link: linkBuilt } = await built(component as Component);
  return linkBuilt(Object.fromEntries(offers), { fuse, ...others });
} as typeof link;

process.on('exit', () => {
  if (count > 0) process.stderr.write(`${count} components were built\n`);
});
