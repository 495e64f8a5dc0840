/** Loads components written in the text format, for tests. */
import { afterEach } from 'node:test';
import { Component, type Imports, type Instance, type LinkOptions } from '../../src/index.ts';
import { assemble } from './assemble.ts';

/** Assembles and loads a component. */
export async function component(text: string): Promise<Component> {
  return Component.load(assemble(text));
}

/** Assembles, loads and instantiates a component. */
export async function instance(text: string, imports: Imports = {}, options: LinkOptions = {}): Promise<Instance> {
  const made = await (await component(text)).instantiate(imports, options);
  tracked?.push(made);
  return made;
}

let tracked: Instance[] | undefined;

/** Disposes of the instances that {@link instance} made, after each test of the file: what the next one counts is its own. */
export function disposeAfterEach(): void {
  const made: Instance[] = [];
  tracked = made;
  afterEach(async () => {
    for (const each of made.splice(0)) each[Symbol.dispose]();
    await turns();
  });
}

type Call = (...args: unknown[]) => unknown;

/** A function of an export object, by path. */
export function fn(exports: Record<string, unknown>, ...path: string[]): Call {
  let value: unknown = exports;
  for (const name of path) value = (value as Record<string, unknown>)[name];
  if (typeof value !== 'function') throw new Error(`no function at ${path.join('.')}`);
  return value as Call;
}

/** A promise and what settles it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  return Promise.withResolvers<T>();
}

/** Lets everything that is ready in microtasks and the event loop run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Several turns of the event loop: what becomes of something that nobody waits for. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

/** A ReadableStream of chunks. */
export function streamOf(chunks: Iterable<unknown>): ReadableStream {
  const each = chunks[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = each.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}
