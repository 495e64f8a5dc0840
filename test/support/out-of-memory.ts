/** A program that instantiates a component of 16 GiB until there is no memory, and goes on. Run by `limits-amounts.test.ts`. */
import '../../src/node.ts';
import { Component, LimitError, Linker } from '../../src/index.ts';
import { parseText } from '../../src/text/text.ts';

const load = (text: string): Promise<Component> => Component.load(parseText(text).bytes);
const linker = new Linker();

const component = (memory: string): string => `(component
  (core module $m (memory ${memory}) (func (export "f") (result i32) (i32.const 7)))
  (core instance $m (instantiate $m))
  (func (export "f") (result u32) (canon lift (core func $m "f"))))`;

const huge = await load(component('i64 262144'));
const unlimited = await linker.link(huge);
const limited = await linker.link(huge, { limits: { cpu: 10_000 } });
const other = (await linker.link(await load(component('1')))).instantiate();

for (const pre of [unlimited, limited]) {
  const kept: unknown[] = [];
  try {
    for (let i = 0; i < 100; i++) kept.push(pre.instantiate().exports['f']);
  } catch (error) {
    if (error instanceof LimitError) console.log(error.name, error.code, error.limit);
    else console.log(String(error));
  }
}
console.log((other.exports['f'] as () => number)());
