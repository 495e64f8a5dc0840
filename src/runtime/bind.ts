/**
 * Finds, for everything that a plan imports, what was given for it, and lists every mismatch in one error. Names of interfaces
 * match by semver-compatible versions both ways, or without a version; functions and classes by their JavaScript names.
 */
import { memberName, toCamel, toPascal } from '../abi/js/names.ts';
import { LinkError, type Mismatch } from '../error/error.ts';
import type { Plan, PlanFunc, PlanItem, PlanResource } from '../link/plan.ts';
import { describeFunc } from '../types/describe.ts';
import { sameFuncType } from '../types/equal.ts';
import { tryParseExternName } from '../types/extern-name.ts';
import { compareSemver, compatKey, parseSemver, splitVersion } from '../types/semver.ts';
import type { FuncType, ResourceType } from '../types/value-type.ts';
import { distance } from '../util/distance.ts';
import { type AnyFunction, constructorCaller, methodCaller } from './host-function.ts';
import { takesLent } from './lend-mark.ts';
import { type LiveFunc, liveClass, liveFunction } from './live.ts';
import { GuestHandle, type HostClass, hostResourceOf, type RuntimeResource } from './resource.ts';

export { memberName };

/** What an imported function is bound to. */
export type Binding =
  | { readonly kind: 'host'; readonly fn: (...args: unknown[]) => unknown; readonly lends?: boolean }
  | { readonly kind: 'live'; readonly live: LiveFunc };

/** Everything that a plan's imports are bound to, by path joined with NUL. */
export interface Bindings {
  readonly functions: ReadonlyMap<string, Binding>;
  readonly resources: ReadonlyMap<PlanResource, RuntimeResource>;
  readonly modules: ReadonlyMap<string, WebAssembly.Module>;
}

/** The key of an import path. */
export function pathKey(path: readonly string[]): string {
  return path.join('\0');
}

/** An import path as people write it: `ns:pkg/iface@1.0.0#func`. */
export function showPath(path: readonly string[]): string {
  return path.join('#');
}

/** What is offered under names. */
export type Offers = ReadonlyMap<string, unknown>;

/** Finds the offer for an import name: exact, then semver-compatible (highest), then without a version. */
export function findOffer(offers: Offers, name: string): { readonly value: unknown } | undefined {
  if (offers.has(name)) return { value: offers.get(name) };
  const { name: base, version } = splitVersion(name);
  if (version === undefined) {
    const camel = toCamel(name);
    return offers.has(camel) ? { value: offers.get(camel) } : undefined;
  }
  const key = compatKey(name);
  const compatible = [...offers.keys()]
    .filter((n) => n.startsWith(`${base}@`) && compatKey(n) === key)
    .sort((a, b) => compareVersions(b, a));
  const [best] = compatible;
  if (best !== undefined) return { value: offers.get(best) };
  return offers.has(base) ? { value: offers.get(base) } : undefined;
}

function compareVersions(a: string, b: string): number {
  const left = splitVersion(a).version;
  const right = splitVersion(b).version;
  if (left === undefined || right === undefined) return 0;
  try {
    return compareSemver(parseSemver(left), parseSemver(right));
  } catch {
    return 0;
  }
}

class Binder {
  readonly functions = new Map<string, Binding>();
  readonly resources = new Map<PlanResource, RuntimeResource>();
  readonly modules = new Map<string, WebAssembly.Module>();
  readonly mismatches: Mismatch[] = [];
  readonly #offers: Offers;
  readonly #used: ReadonlySet<string>;

  readonly #fuses: boolean;

  constructor(offers: Offers, used: ReadonlySet<string>, fuses: boolean) {
    this.#offers = offers;
    this.#used = used;
    this.#fuses = fuses;
  }

  top(name: string, item: PlanItem): void {
    const offer = findOffer(this.#offers, name);
    if (item.kind === 'component') return;
    if (item.kind === 'instance') this.#instance([name], item.exports, offer?.value, offer !== undefined);
    else {
      // A world's own resources have their methods in the class, beside the world's functions.
      const world = Object.fromEntries(this.#offers);
      const annotated = name.startsWith('[');
      const own = (): unknown => this.#member(world, name, item);
      const value = annotated ? own() : (unwrapDefault(offer?.value) ?? own());
      this.#item([name], item, value, annotated ? world : undefined);
    }
  }

  #instance(path: readonly string[], exports: ReadonlyMap<string, PlanItem>, value: unknown, given: boolean): void {
    const object = isObject(value) ? value : undefined;
    if (object === undefined && given) {
      this.#wrong(path, 'an object with the functions of the interface', typeName(value));
      return;
    }
    // Resource types first: function types mention them.
    for (const pass of ['type', 'rest'] as const) {
      for (const [name, item] of exports) {
        if ((item.kind === 'type') !== (pass === 'type')) continue;
        if (item.kind === 'instance')
          this.#instance(
            [...path, name],
            item.exports,
            object && lookup(object, name),
            object !== undefined && name in object,
          );
        else
          this.#item(
            [...path, name],
            item,
            object === undefined ? undefined : this.#member(object, name, item),
            object,
          );
      }
    }
  }

  /** What an interface object holds for a WIT name: of a live instance the function itself, where it can be fused. */
  #member(object: Members, name: string, item: PlanItem): unknown {
    const branded = lookup(object, name);
    return this.#fuses && liveFunction(branded) !== undefined ? branded : member(object, name, item, branded);
  }

  #item(path: readonly string[], item: PlanItem, value: unknown, owner: object | undefined): void {
    switch (item.kind) {
      case 'func':
        this.#func(path, item.func, value, owner);
        return;
      case 'type':
        if (item.type.kind === 'resource') this.#resource(path, item.type.resource, value);
        return;
      case 'module':
        if (value instanceof WebAssembly.Module) this.modules.set(pathKey(path), value);
        else this.#missing(path, 'a WebAssembly.Module', value);
        return;
      default:
        return;
    }
  }

  /** Elsewhere than where it was named first, a resource is only used: no class is asked for. */
  #resource(path: readonly string[], resource: PlanResource, value: unknown): void {
    const { origin } = resource;
    if (this.resources.has(resource) || origin.kind === 'defined' || pathKey(origin.path) !== pathKey(path)) return;
    const live = this.#fuses ? liveClass(value) : undefined;
    if (live !== undefined) this.resources.set(resource, live);
    else if (typeof value === 'function' && !(this.#fuses && value.prototype instanceof GuestHandle)) {
      this.resources.set(resource, hostResourceOf(value as HostClass, path.at(-1) ?? 'resource'));
    } else this.#missing(path, 'a class', value);
  }

  #func(path: readonly string[], func: PlanFunc, value: unknown, owner: object | undefined): void {
    const live = this.#fuses ? liveFunction(value) : undefined;
    if (live !== undefined) {
      const same = (a: ResourceType, b: ResourceType): boolean =>
        this.resources.get(a as PlanResource) === live.types.resource(b);
      if (sameFuncType(func.type, live.type, same)) this.functions.set(pathKey(path), { kind: 'live', live });
      else this.#wrong(path, describeFunc(func.type), describeFunc(live.type));
      return;
    }
    if (typeof value !== 'function') {
      if (!this.#used.has(pathKey(path)) && value === undefined) return;
      this.#missing(path, describeFunc(func.type), value);
      return;
    }
    this.functions.set(pathKey(path), {
      kind: 'host',
      fn: caller(path.at(-1) ?? '', value as AnyFunction, owner, func.type),
      lends: takesLent(value as AnyFunction),
    });
  }

  #missing(path: readonly string[], expected: string, value: unknown): void {
    if (value !== undefined) {
      this.#wrong(path, expected, typeName(value));
      return;
    }
    const [name = ''] = path;
    this.mismatches.push({
      path: showPath(path),
      problem: 'missing',
      expected,
      found: undefined,
      near: near(path, this.#offers),
      versions: [...this.#offers.keys()].filter((n) => n !== name && splitVersion(n).name === splitVersion(name).name),
    });
  }

  #wrong(path: readonly string[], expected: string, found: string): void {
    this.mismatches.push({ path: showPath(path), problem: 'wrong-type', expected, found, near: [], versions: [] });
  }
}

type Members = Record<string, unknown>;

function isObject(value: unknown): value is Members {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** World-level functions may be given as `{ default: fn }`, as jco's import objects have them. */
function unwrapDefault(value: unknown): unknown {
  return isObject(value) && typeof value !== 'function' && 'default' in value ? value['default'] : value;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'undefined' ? 'nothing' : `a value of type ${typeof value}`;
}

/** What `object` has under `key`, itself or by a class of the host; what every object of the language inherits does not count. */
function lookup(object: Members, key: string): unknown {
  if (!(key in Object.prototype) && !(key in Function.prototype)) return object[key];
  for (let at: object = object; ; ) {
    const next: object | null = Object.getPrototypeOf(at);
    // The last of the chain is the language's own, unless it is the object itself.
    if ((next === null && at !== object) || at === Function.prototype) return undefined;
    if (Object.hasOwn(at, key)) return key === 'constructor' && isClassOf(object[key], at) ? undefined : object[key];
    if (next === null) return undefined;
    at = next;
  }
}

function isClassOf(value: unknown, prototype: object): boolean {
  return typeof value === 'function' && value.prototype === prototype;
}

/** What an interface object of the host holds for a WIT name; `exact` is what it has under the name itself. */
function member(object: Members, name: string, item: PlanItem, exact: unknown): unknown {
  if (item.kind === 'type') return lookup(object, toPascal(name)) ?? exact;
  if (item.kind === 'module') return exact ?? lookup(object, toCamel(name));
  const parsed = tryParseExternName(name);
  if (!parsed.ok) return exact;
  const extern = parsed.value;
  switch (extern.kind) {
    case 'label':
      // The name itself first: others may be the same in camel case.
      return exact ?? lookup(object, memberName(name));
    case 'constructor':
      return lookup(object, toPascal(extern.resource));
    case 'method': {
      const cls = lookup(object, toPascal(extern.resource));
      return isObject(cls) && isObject(cls['prototype'])
        ? lookup(cls['prototype'], memberName(extern.name))
        : undefined;
    }
    case 'static': {
      const cls = lookup(object, toPascal(extern.resource));
      return isObject(cls) ? lookup(cls, memberName(extern.name)) : undefined;
    }
    default:
      return exact;
  }
}

/** The function that a border calls for a host function, constructor, method or static. */
function caller(name: string, fn: AnyFunction, owner: object | undefined, type: FuncType): AnyFunction {
  const parsed = tryParseExternName(name);
  if (!parsed.ok) return fn;
  const extern = parsed.value;
  // Functions of an async type are given their call, too.
  const count = type.params.length + (type.async ? 1 : 0);
  switch (extern.kind) {
    case 'constructor':
      return constructorCaller(fn, count);
    case 'method':
      return methodCaller(memberName(extern.name), count);
    case 'static':
      return fn.bind((owner as Members)[toPascal(extern.resource)]);
    default:
      return owner === undefined ? fn : fn.bind(owner);
  }
}

/** Offered names that look like the one asked for. */
function near(path: readonly string[], offers: Offers): readonly string[] {
  const [name = '', inner] = path;
  const offer = findOffer(offers, name);
  const candidates =
    inner !== undefined && offer !== undefined && isObject(offer.value) ? Object.keys(offer.value) : [...offers.keys()];
  const wanted =
    inner !== undefined && offer !== undefined
      ? toCamel(inner.replace(/^\[.*\]/, '').replace('.', '-'))
      : splitVersion(name).name;
  return candidates.filter((c) => distance(splitVersion(c).name.toLowerCase(), wanted.toLowerCase()) <= 2).slice(0, 3);
}

function message(mismatches: readonly Mismatch[]): string {
  const lines = mismatches.map((m) => {
    let line = `  ${m.path}: expected ${m.expected}, found ${m.found ?? 'nothing'}`;
    if (m.versions.length > 0) line += `; other versions given: ${m.versions.join(', ')}`;
    if (m.near.length > 0) line += `; near: ${m.near.join(', ')}`;
    return line;
  });
  return `${mismatches.length === 1 ? '1 import is' : `${mismatches.length} imports are`} not satisfied:\n${lines.join('\n')}`;
}

/** What binding needs of a plan: its imports, and what calls them. */
export interface Bindable extends Pick<Plan, 'imports' | 'canons'> {
  readonly exported: Iterable<PlanFunc>;
}

/** Functions of the plan that something calls: others may stay without a binding. */
function usedFunctions({ imports, canons, exported }: Bindable): ReadonlySet<string> {
  const used = new Set<string>();
  const use = (func: PlanFunc): void => {
    if (func.kind === 'import') used.add(pathKey(func.path));
  };
  for (const canon of canons) if (canon.kind === 'lower') use(canon.func);
  for (const func of exported) use(func);
  for (const [name, item] of imports) if (item.kind === 'func') used.add(name);
  return used;
}

/**
 * Binds a plan's imports. Where `fuses` is false, what live instances export is for the host like anything else: functions and classes.
 * Throws one LinkError (`missing-import`) that lists every mismatch.
 */
export function bind(plan: Bindable, offers: Offers, fuses = true): Bindings {
  const binder = new Binder(offers, usedFunctions(plan), fuses);
  const { imports } = plan;
  for (const [name, item] of imports) if (item.kind === 'type') binder.top(name, item);
  for (const [name, item] of imports) if (item.kind === 'instance') binder.top(name, item);
  for (const [name, item] of imports) if (item.kind !== 'type' && item.kind !== 'instance') binder.top(name, item);
  if (binder.mismatches.length > 0) {
    const missing = binder.mismatches.every((m) => m.problem === 'missing');
    throw new LinkError(
      missing ? 'missing-import' : 'import-mismatch',
      message(binder.mismatches),
      {},
      binder.mismatches,
    );
  }
  return binder;
}
