/** The classes by which a host makes and calls the resources of an instance. */
import type { FunctionPlace } from '../link/export-shape.ts';
import type { PlanResource } from '../link/plan.ts';
import {
  type AnyFunction,
  type ClassMaker,
  define,
  type ExportedFunction,
  type ExportObjects,
  type Namespace,
} from './exports.ts';
import { brandClass } from './live.ts';
import { GuestHandle, GuestResource, HandleState, type HostClass, type RuntimeResource } from './resource.ts';

/** What a class constructs with; found when the component exports a constructor. */
interface Constructor {
  fn: AnyFunction | undefined;
}

/** A class for a guest's resource. */
function makeClass(name: string, construct: Constructor): typeof GuestHandle {
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
  readonly construct: Constructor;
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

class Maker implements ClassMaker {
  readonly #resourceOf: (resource: PlanResource) => RuntimeResource;
  readonly #classes = new Map<RuntimeResource, Classes>();

  constructor(resourceOf: (resource: PlanResource) => RuntimeResource) {
    this.#resourceOf = resourceOf;
  }

  exportClass(name: string, planned: PlanResource, into: ExportObjects): void {
    const { call, promised } = this.#classesOf(this.#resourceOf(planned), name);
    define(into.exports, name, call);
    define(into.promised, name, promised);
  }

  #classesOf(resource: RuntimeResource, name: string): Classes {
    let classes = this.#classes.get(resource);
    if (classes !== undefined) return classes;
    const construct: Constructor = { fn: undefined };
    if (resource instanceof GuestResource) {
      const known = resource.handleClass !== GuestHandle;
      const call = known ? resource.handleClass : makeClass(name, construct);
      const promised = known ? resource.promisedClass : makeClass(name, construct);
      resource.handleClass = call;
      resource.promisedClass = promised;
      classes = { call, promised, construct };
      brandClass(call, resource);
      brandClass(promised, resource);
    } else classes = { call: resource.hostClass, promised: resource.hostClass, construct };
    this.#classes.set(resource, classes);
    return classes;
  }

  addMember(
    place: Exclude<FunctionPlace, { kind: 'function' }>,
    { call, promised }: ExportedFunction,
    into: { readonly exports: Namespace; readonly promised: Namespace },
  ): void {
    const cls = into.exports[place.of];
    const promisedCls = into.promised[place.of];
    // The classes of a host's own resource are the host's: nothing is added to them.
    if (!isHandleClass(cls) || !isHandleClass(promisedCls)) return;
    switch (place.kind) {
      case 'constructor':
        for (const classes of this.#classes.values()) if (classes.call === cls) classes.construct.fn = call;
        return;
      case 'method':
        defineMethod(cls.prototype, place.name, call);
        defineMethod(promisedCls.prototype, place.name, promised);
        return;
      case 'static':
        define(cls, place.name, call);
        define(promisedCls, place.name, promised);
        return;
    }
  }
}

/** Makes the classes of one instance. */
export function classMaker(resourceOf: (resource: PlanResource) => RuntimeResource): ClassMaker {
  return new Maker(resourceOf);
}
