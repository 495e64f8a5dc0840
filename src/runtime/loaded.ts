/** Loaded components: their decoded data, and their core modules as compiled, found by where they begin. */
import type { Component as ComponentData } from '../types/definition.ts';

const data = new WeakMap<object, ComponentData>();
const compiled = new WeakMap<Uint8Array, ReadonlyMap<number, WebAssembly.Module>>();

/** Remembers the data behind a loaded component. */
export function setData(component: object, decoded: ComponentData): void {
  data.set(component, decoded);
}

/** The data behind a loaded component, or undefined for anything else. */
export function dataOf(value: unknown): ComponentData | undefined {
  return typeof value === 'object' && value !== null ? data.get(value) : undefined;
}

/** Remembers the compiled core modules of a binary, by the offset at which each begins. */
export function setModules(bytes: Uint8Array, modules: ReadonlyMap<number, WebAssembly.Module>): void {
  compiled.set(bytes, modules);
}

/** The compiled core module that begins at `start`. */
export function moduleOf(bytes: Uint8Array, start: number): WebAssembly.Module | undefined {
  return compiled.get(bytes)?.get(start);
}
