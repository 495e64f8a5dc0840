/**
 * The objects by which a host calls an instance: `exports` (synchronous) and `promised` (the same functions as promises). Names of guests
 * are defined, never assigned, on objects without a prototype. Classes of resources: `classes.ts`.
 */
import type { ExportShape, FunctionPlace } from '../link/export-shape.ts';
import type { PlanFunc, PlanResource } from '../link/plan.ts';
import { brandFunction, type LiveFunc } from './live.ts';

export type AnyFunction = (...args: unknown[]) => unknown;

/** A function for the host; `live` is undefined where an import is exported again. */
export interface ExportedFunction {
  readonly call: AnyFunction;
  readonly promised: AnyFunction;
  readonly live: LiveFunc | undefined;
}

export type Namespace = Record<string, unknown>;

export interface ExportObjects {
  readonly exports: Namespace;
  readonly promised: Namespace;
}

/** Makes the classes of exported resources, in one instance. */
export interface ClassMaker {
  exportClass(name: string, resource: PlanResource, into: ExportObjects): void;
  /** Adds a constructor, method or static to its class. */
  addMember(place: Exclude<FunctionPlace, { kind: 'function' }>, func: ExportedFunction, into: ExportObjects): void;
}

/** Defines a property that the engine may treat specially; never runs a setter. */
export function define(target: object, name: PropertyKey, value: unknown, enumerable = true): void {
  Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true });
}

function emptyNamespace(): Namespace {
  return Object.create(null) as Namespace;
}

function defineBoth(into: ExportObjects, name: string, call: unknown, promised: unknown, enumerable: boolean): void {
  define(into.exports, name, call, enumerable);
  define(into.promised, name, promised, enumerable);
}

function exportFunction(name: string, place: FunctionPlace | undefined, func: ExportedFunction, into: ExportObjects) {
  const { call, promised, live } = func;
  if (live !== undefined) {
    brandFunction(call, live);
    brandFunction(promised, live);
  }
  defineBoth(into, name, call, promised, false);
  // Where two names are one in camel case, each still has its own, and the first has both.
  if (place?.kind === 'function' && (place.name === name || !(place.name in into.exports)))
    defineBoth(into, place.name, call, promised, true);
}

/** Builds the export objects of an instance. `classes` may be left out where no resource is exported. */
export function buildExports(
  shape: readonly ExportShape[],
  makeFunction: (func: PlanFunc, path: string) => ExportedFunction,
  classes: ClassMaker | undefined,
): ExportObjects {
  const into: ExportObjects = { exports: emptyNamespace(), promised: emptyNamespace() };
  const aliases: (readonly [name: string, inner: ExportObjects])[] = [];
  for (const item of shape) {
    if (item.kind === 'class') classes?.exportClass(item.name, item.resource, into);
    else if (item.kind === 'func') {
      const func = makeFunction(item.func, item.path);
      exportFunction(item.name, item.place, func, into);
      if (item.place !== undefined && item.place.kind !== 'function') classes?.addMember(item.place, func, into);
    } else {
      const inner = buildExports(item.exports, makeFunction, classes);
      defineBoth(into, item.name, inner.exports, inner.promised, true);
      for (const name of item.names) aliases.push([name, inner]);
    }
  }
  for (const [name, inner] of aliases)
    if (!(name in into.exports)) defineBoth(into, name, inner.exports, inner.promised, false);
  return into;
}
