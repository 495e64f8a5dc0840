/** Fresh instances of components that are loaded and linked: a rate, and the slowest in a hundred. */
import { readFileSync } from 'node:fs';
import type { NamedExtern } from '../../src/types/extern-type.ts';
import { sharedFile } from '../guest.ts';
import { type Contender, type Effort, once } from '../measure.ts';
import { jcoPresent, jcoWasi, transpiled } from '../peers/jco.ts';
import { loadTenon } from '../peers/tenon.ts';
import { atMost, type Claim, fasterThanJco, JCO, type Row, type Settings } from '../row.ts';

const NOT_POOLED = 'tenon, not pooled';
const REASON = 'instances are not pooled yet; measured is what InstancePre does without a pool';

function effort(quick: boolean): Effort {
  return { ...(quick ? { warmUp: 30, rounds: 100 } : { warmUp: 200, rounds: 1000 }), budget: 0, asTheyAre: true };
}

async function micros(run: () => unknown): Promise<number> {
  return (await once(run)) * 1000;
}

/** Functions and classes that do nothing, for imports that instantiation does not call. */
function stubs(imports: readonly NamedExtern[], given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const missing = imports.filter(({ name }) => !hasInterface(given, name));
  return Object.fromEntries(missing.map(({ name, type }) => [name, stub(type)]));
}

function hasInterface(given: Readonly<Record<string, unknown>>, name: string): boolean {
  const base = name.replace(/@.*/, '');
  return Object.keys(given).some((key) => key.replace(/@.*/, '') === base);
}

type Stub = Record<string, unknown>;

function stub(type: NamedExtern['type']): Stub {
  const object: Stub = {};
  if (type.kind !== 'instance') return object;
  const camel = (name: string): string => name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase());
  const pascal = (name: string): string => camel(`-${name}`);
  for (const [name, item] of type.exports) {
    if (item.kind === 'type') object[pascal(name)] = class {};
  }
  for (const [name, item] of type.exports) {
    if (item.kind !== 'func') continue;
    const member = /^\[(\w+)\]([\w-]+)(?:\.([\w-]+))?$/.exec(name);
    if (member === null) object[camel(name)] = (): void => {};
    else if (member[3] !== undefined) {
      const cls = object[pascal(member[2]!)] as { prototype: Stub } & Stub;
      const place = member[1] === 'method' ? cls.prototype : cls;
      place[camel(member[3])] = (): void => {};
    }
  }
  return object;
}

async function contenders(settings: Settings, file: string): Promise<readonly Contender[]> {
  const tenon = await loadTenon(settings.form);
  const bytes = new Uint8Array(readFileSync(sharedFile(file)));
  const component = await tenon.Component.load(bytes);
  const wasi = tenon.createWasi();
  const given = { ...wasi, ...stubs(component.imports, wasi) };
  const pre = await new tenon.Linker().defineAll(given).link(component);
  const list: Contender[] = [{ name: NOT_POOLED, sample: () => micros(() => pre.instantiate()) }];
  if (settings.peers && jcoPresent) {
    const { instantiate, core } = await transpiled(bytes, false);
    const imports = await jcoWasi();
    list.push({ name: JCO, every: 10, sample: () => micros(() => instantiate(core, imports)) });
  }
  return list;
}

function rows(name: string, file: string): readonly Row[] {
  const row = (what: string, stands: 'mean' | 'p99', claims: readonly Claim[]): Row => ({
    name: `fresh instance of ${name}, ${what}`,
    unit: 'µs',
    claims,
    notYet: REASON,
    stands,
    effort,
    contenders: (settings) => contenders(settings, file),
  });
  return [row('mean', 'mean', [atMost(100, 'µs'), fasterThanJco(20)]), row('p99', 'p99', [atMost(1000, 'µs')])];
}

export const instanceRows: readonly Row[] = [
  ...rows('rust-http2', 'corpus/rust-http2.wasm'),
  ...rows('rust-hello-p2', 'corpus/rust-hello-p2.wasm'),
];
