import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodeWriter } from '../util/code-writer.ts';
import { decodeComponent } from './decode.ts';
import { binary } from './fixture.ts';
import { decodeNames } from './names.ts';

function namesOf(...sections: readonly ((w: CodeWriter) => void)[]) {
  const customs = sections.map((write) => [0, (w: CodeWriter) => write(w.name('component-name'))] as const);
  const { component, items } = decodeNames(decodeComponent(binary(...customs)));
  return { component, items: Object.fromEntries([...items].map(([sort, names]) => [sort, Object.fromEntries(names)])) };
}

const component = (w: CodeWriter): CodeWriter => w.byte(0).sized((s) => s.name('outer'));
const funcs = (w: CodeWriter): CodeWriter => w.byte(1).sized((s) => s.byte(1).u(2).u(0).name('f').u(300).name('g'));
const coreModules = (w: CodeWriter): CodeWriter => w.byte(1).sized((s) => s.byte(0, 0x11).u(1).u(0).name('main'));

test('names of the component and of its definitions by sort', () => {
  assert.deepEqual(
    namesOf((w) => coreModules(funcs(component(w)))),
    { component: 'outer', items: { func: { 0: 'f', 300: 'g' }, 'core module': { 0: 'main' } } },
  );
});

test('a component without the section has no names', () => {
  assert.deepEqual(namesOf(), { component: undefined, items: {} });
});

test('what is before the damage counts, and the next section too', () => {
  const cut = (w: CodeWriter): CodeWriter => w.byte(1).sized((s) => s.byte(5).u(9).u(1).name('one').byte(0xff));
  assert.deepEqual(
    namesOf(
      (w) => cut(component(w)),
      funcs,
      (w) => w.byte(0xff, 0xfe, 1),
    ),
    { component: 'outer', items: { instance: { 1: 'one' }, func: { 0: 'f', 300: 'g' } } },
  );
});

test('the first name stays; unknown subsections and sorts are passed over', () => {
  const other = (w: CodeWriter): CodeWriter => w.byte(1).sized((s) => s.byte(1).u(1).u(0).name('late'));
  const unknown = (w: CodeWriter): CodeWriter =>
    w
      .byte(9)
      .sized((s) => s.byte(1, 2, 3))
      .byte(1)
      .sized((s) => s.byte(0x2a));
  assert.deepEqual(
    namesOf((w) => component(other(funcs(unknown(w)))), component),
    { component: 'outer', items: { func: { 0: 'f', 300: 'g' } } },
  );
});

test('a nested component has its own names', () => {
  const inner = binary([0, (w) => component(w.name('component-name'))]);
  const decoded = decodeComponent(binary([4, (w) => w.raw(inner)]));
  assert.equal(decodeNames(decoded).component, undefined);
  const [nested] = decoded.definitions;
  assert.ok(nested?.kind === 'component');
  assert.equal(decodeNames(nested.component).component, 'outer');
});
