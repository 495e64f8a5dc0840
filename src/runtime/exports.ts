/**
 * The objects by which a host calls an instance: `exports` (synchronous) and `promised` (the same functions as promises), with a
 * class for each resource. Names of guests are defined, never assigned, on objects without a prototype.
 */
import type { PlanFunc, PlanItem, PlanResource } from '../link/plan.ts';
import { type ExportName, exportNames } from './export-names.ts';
import { brandClass, brandFunction, type LiveFunc } from './live.ts';
import { GuestHandle, GuestResource, HandleState, type HostClass, type RuntimeResource } from './resource.ts';

export type AnyFunction = (...args: unknown[]) => unknown;

/** How the exports of an instance find what they are made of. */
export interface ExportSource {
  resource(resource: PlanResource): RuntimeResource;
  /** The functions for the host; `live` is undefined where an import is exported again. */
  func(
    func: PlanFunc,
    path: readonly string[],
  ): { call: AnyFunction; promised: AnyFunction; live: LiveFunc | undefined };
}

export type Namespace = Record<string, unknown>;

export interface ExportObjects {
  readonly exports: Namespace;
  readonly promised: Namespace;
}

/** Defines a property that the engine may treat specially; never runs a setter. */
function define(target: object, name: PropertyKey, value: unknown, enumerable = true): void {
  Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true });
}

function emptyNamespace(): Namespace {
  return Object.create(null) as Namespace;
}

/** A class for a guest's resource; `construct` is found when the component exports a constructor. */
function makeClass(name: string, construct: { fn: AnyFunction | undefined }): typeof GuestHandle {
  const stateOf = (args: readonly unknown[]): unknown => {
    if (args[0] instanceof HandleState || construct.fn === undefined) return args[0];
    // The border wraps the handle that the constructor gave; its state moves to the object under construction.
    const made = construct.fn(...args) as GuestHandle;
    GuestHandle.settle(made);
    return GuestHandle.stateOf(made);
  };
  const cls = class extends GuestHandle {
    constructor(...args: unknown[]) {
      super(stateOf(args));
    }
  };
  define(cls, 'name', name, false);
  return cls;
}

interface Classes {
  readonly call: HostClass;
  readonly promised: HostClass;
  readonly construct: { fn: AnyFunction | undefined };
  readonly constructPromised: { fn: AnyFunction | undefined };
}

class Builder {
  readonly objects: ExportObjects = { exports: emptyNamespace(), promised: emptyNamespace() };
  readonly #source: ExportSource;
  readonly #classes = new Map<RuntimeResource, Classes>();

  constructor(source: ExportSource) {
    this.#source = source;
  }

  root(exports: ReadonlyMap<string, PlanItem>): void {
    this.#fill(exports, [], this.objects);
    const names = exportNames(exports);
    for (const [name, item] of exports) if (item.kind === 'instance') this.#aliases(name, names.get(name)!);
  }

  /** Interfaces are reached by full name, without the version, and by the interface's own name in camel case. */
  #aliases(name: string, { aliases }: ExportName): void {
    for (const alias of aliases) {
      for (const target of [this.objects.exports, this.objects.promised]) {
        if (!(alias in target)) define(target, alias, target[name], false);
      }
    }
  }

  #fill(exports: ReadonlyMap<string, PlanItem>, path: readonly string[], into: ExportObjects): void {
    const names = exportNames(exports);
    for (const [name, item] of exports) {
      if (item.kind === 'type' && item.type.kind === 'resource')
        this.#exportClass(names.get(name)!.pascal, item.type.resource, into);
    }
    for (const [name, item] of exports) {
      if (item.kind === 'func') this.#exportFunction(names.get(name)!, item.func, [...path, name], into);
      else if (item.kind === 'instance') {
        const inner: ExportObjects = { exports: emptyNamespace(), promised: emptyNamespace() };
        this.#fill(item.exports, [...path, name], inner);
        const { own } = names.get(name)!;
        for (const key of ['exports', 'promised'] as const) {
          define(into[key], own, inner[key]);
          if (own !== name) define(into[key], name, inner[key], false);
        }
      }
    }
  }

  #exportClass(name: string, planResource: PlanResource, into: ExportObjects): void {
    const resource = this.#source.resource(planResource);
    const { call, promised } = this.#classesOf(resource, name);
    define(into.exports, name, call);
    define(into.promised, name, promised);
  }

  #classesOf(resource: RuntimeResource, name: string): Classes {
    let classes = this.#classes.get(resource);
    if (classes !== undefined) return classes;
    const construct = { fn: undefined };
    const constructPromised = { fn: undefined };
    if (resource instanceof GuestResource) {
      const known = resource.handleClass !== GuestHandle;
      const call = known ? resource.handleClass : makeClass(name, construct);
      const promised = known ? resource.promisedClass : makeClass(name, constructPromised);
      resource.handleClass = call;
      resource.promisedClass = promised;
      classes = { call, promised, construct, constructPromised };
      brandClass(call, resource);
      brandClass(promised, resource);
    } else {
      classes = { call: resource.hostClass, promised: resource.hostClass, construct, constructPromised };
    }
    this.#classes.set(resource, classes);
    return classes;
  }

  #exportFunction(names: ExportName, func: PlanFunc, path: readonly string[], into: ExportObjects): void {
    const name = path.at(-1) ?? '';
    const { member } = names;
    const { call, promised, live } = this.#source.func(func, path);
    if (live !== undefined) {
      brandFunction(call, live);
      brandFunction(promised, live);
    }
    define(into.exports, name, call, false);
    define(into.promised, name, promised, false);
    if (names.kind === 'label') {
      // Where two names are one in camel case, each still has its own, and the first has both.
      if (member !== name && member in into.exports) return;
      define(into.exports, member, call);
      define(into.promised, member, promised);
      return;
    }
    const cls = into.exports[names.resource];
    const promisedCls = into.promised[names.resource];
    // The classes of a host's own resource are the host's: nothing is added to them.
    if (!isHandleClass(cls) || !isHandleClass(promisedCls)) return;
    switch (names.kind) {
      case 'constructor':
        for (const classes of this.#classes.values()) {
          if (classes.call !== cls) continue;
          classes.construct.fn = call;
          classes.constructPromised.fn = call;
        }
        return;
      case 'method':
        defineMethod(cls.prototype, member, call);
        defineMethod(promisedCls.prototype, member, promised);
        return;
      case 'static': {
        // A class's `prototype` cannot be redefined.
        const own = member === 'prototype' ? 'prototype_' : member;
        define(cls, own, call);
        define(promisedCls, own, promised);
        return;
      }
    }
  }
}

function isHandleClass(value: unknown): value is { prototype: object } {
  return typeof value === 'function' && value.prototype instanceof GuestHandle;
}

/** A method passes its object as the first argument, `self`. */
function defineMethod(prototype: object, name: string, fn: AnyFunction): void {
  const method = {
    method(this: unknown, ...args: unknown[]): unknown {
      return fn(this, ...args);
    },
  }.method;
  define(method, 'name', name, false);
  define(prototype, name, method, false);
}

/** Builds the export objects of an instance. */
export function buildExports(exports: ReadonlyMap<string, PlanItem>, source: ExportSource): ExportObjects {
  const builder = new Builder(source);
  builder.root(exports);
  return builder.objects;
}
