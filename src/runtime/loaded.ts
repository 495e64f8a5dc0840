/** Loaded components: their decoded data, their plan, and their core modules as compiled, found by where they begin. */
import type { Plan } from '../link/plan.ts';
import { makePlan } from '../link/planner.ts';
import type { Component as ComponentData } from '../types/definition.ts';
import { memoryWidth } from './memories.ts';

interface Loaded {
  /** Decodes it, where it has not been decoded. */
  readonly decode: () => ComponentData;
  data: ComponentData | undefined;
  /** With nothing given for imports of components. */
  plan: Plan | undefined;
}

const loaded = new WeakMap<object, Loaded>();
const compiled = new WeakMap<Uint8Array, ReadonlyMap<number, WebAssembly.Module>>();
/** What still compiles. */
const compiling = new WeakMap<object, Promise<void>>();

/** Remembers what is behind a loaded component; the plan, if it is known. */
export function setLoaded(component: object, decode: () => ComponentData, plan?: Plan): void {
  loaded.set(component, { decode, data: undefined, plan });
}

function loadedOf(value: unknown): Loaded | undefined {
  return typeof value === 'object' && value !== null ? loaded.get(value) : undefined;
}

/** Whether it is a loaded component. */
export function isLoaded(value: unknown): boolean {
  return loadedOf(value) !== undefined;
}

/** The data behind a loaded component, or undefined for anything else. */
export function dataOf(value: unknown): ComponentData | undefined {
  const one = loadedOf(value);
  if (one === undefined) return undefined;
  one.data ??= one.decode();
  return one.data;
}

const NONE: ReadonlyMap<string, ComponentData> = new Map();

/** The plan of a loaded component for which no components are given: made once. */
export function planOf(component: object): Plan | undefined {
  const one = loaded.get(component);
  if (one === undefined) return undefined;
  one.plan ??= makePlan(dataOf(component)!, NONE, memoryWidth);
  return one.plan;
}

/** Core modules of a component are still being compiled. */
export function setCompiling(component: object, until: Promise<void>): void {
  compiling.set(component, until);
}

/** Resolves once the core modules of a component are compiled; undefined where they are. */
export function compilingOf(component: object): Promise<void> | undefined {
  return compiling.get(component);
}

/** Remembers the compiled core modules of a binary, by the offset at which each begins. */
export function setModules(bytes: Uint8Array, modules: ReadonlyMap<number, WebAssembly.Module>): void {
  compiled.set(bytes, modules);
}

/** The compiled core module that begins at `start`. */
export function moduleOf(bytes: Uint8Array, start: number): WebAssembly.Module | undefined {
  return compiled.get(bytes)?.get(start);
}
