import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseText } from '../text/parse.ts';
import type { Component } from '../types/definition.ts';
import { decodeComponent } from './decode.ts';
import { type ModuleRange, moduleRanges } from './module-ranges.ts';

function decoded(component: Component): ModuleRange[] {
  return component.definitions.flatMap((d) => {
    if (d.kind === 'component') return decoded(d.component);
    return d.kind === 'core module' ? [{ start: d.start, end: d.end }] : [];
  });
}

const { bytes } = parseText(`(component
  (core module (func (export "f")))
  (component (core module (memory 1)) (component (core module)))
  (type (func))
  (core module (table 1 funcref)))`);

test('the ranges are those that decoding gives', () => {
  const ranges = moduleRanges(bytes);
  assert.equal(ranges.length, 4);
  assert.deepEqual(ranges, decoded(decodeComponent(bytes)));
});

test('of a damaged component, those before the damage; of anything else, none', () => {
  const whole = moduleRanges(bytes);
  for (let length = 0; length < bytes.length; length++) {
    const ranges = moduleRanges(bytes.slice(0, length));
    assert.deepEqual(ranges, whole.slice(0, ranges.length));
  }
  assert.deepEqual(moduleRanges(new TextEncoder().encode('no component')), []);
  const { start, end } = whole[0]!;
  assert.deepEqual(moduleRanges(bytes.slice(start, end)), []);
});
