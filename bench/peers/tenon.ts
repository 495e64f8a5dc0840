/** Tenon itself, from its sources or as the built package. */
import type { Imports, Instance } from '../../src/node.ts';
import type { Form } from '../row.ts';

export type Tenon = typeof import('../../src/node.ts');

export function loadTenon(form: Form): Promise<Tenon> {
  const entry = form === 'source' ? '../../src/node.ts' : '../../dist/node.js';
  return import(entry) as Promise<Tenon>;
}

// biome-ignore lint/suspicious/noExplicitAny: rows know the signatures of their guests.
export type AnyFunction = (...args: any[]) => any;
export type Exports = Record<string, AnyFunction>;

/** An instance whose functions a row calls. */
export async function tenonInstance(
  form: Form,
  component: Uint8Array<ArrayBuffer>,
  imports: Imports = {},
): Promise<Instance> {
  const { Component } = await loadTenon(form);
  const instance = await (await Component.load(component)).instantiate(imports);
  if (instance.stats.interpreted !== 0) throw new Error('a call was interpreted');
  return instance;
}

export async function tenonExports(
  form: Form,
  component: Uint8Array<ArrayBuffer>,
  imports: Imports = {},
): Promise<Exports> {
  return (await tenonInstance(form, component, imports)).exports as Exports;
}
