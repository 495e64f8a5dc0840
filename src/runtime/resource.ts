/**
 * Resource types at run time, and the objects by which the host holds handles. A guest's resource is held through a
 * `GuestHandle` (the classes that instances export extend it); a host's resource is an object of the host's own class.
 * Specification: CanonicalABI.md, "Resource State"; Explainer, "Handle types".
 */
import type { BorderEnv, BorderResource } from '../abi/js/border.ts';
import { UsageError, ValueError } from '../error/error.ts';
import { makeTrap } from '../error/trap.ts';
import { remember, type Undo } from './borrow-log.ts';
import { CLOSED, control, ENTRY_REP, ENTRY_SCOPE, ENTRY_STATE, ENTRY_TYPE } from './control.ts';
import type { Store } from './store.ts';
import { addHandle, findHandle, freeHandle, LEND, OWN } from './table.ts';

let nextNumber = 1;

/** Runs a destructor, now or when its instance may be entered (`entrance.ts`). */
type DtorRunner = (resource: GuestResource, rep: number) => void;

/** A resource type defined by a guest: fresh for each instantiation of the defining component. */
export class GuestResource {
  readonly kind = 'guest';
  readonly number: number = nextNumber++;
  readonly name: string;
  #store: Store;
  /** The slot of the component instance that implements it. */
  readonly slot: number;
  readonly dtor: ((rep: number) => void) | undefined;
  readonly runDtor: DtorRunner;
  /** The class that host code sees; exported instances replace it by one with methods. */
  handleClass: typeof GuestHandle;
  /** The same for objects that promised calls give: their methods answer promises. */
  promisedClass: typeof GuestHandle;

  constructor(
    name: string,
    store: Store,
    slot: number,
    dtor: ((rep: number) => void) | undefined,
    runDtor: DtorRunner,
  ) {
    this.name = name;
    this.#store = store;
    this.slot = slot;
    this.dtor = dtor;
    this.runDtor = runDtor;
    this.handleClass = GuestHandle;
    this.promisedClass = GuestHandle;
  }

  get store(): Store {
    return this.#store;
  }

  /**
   * Makes it the type of a fresh instantiation, in another store. No table has an entry of it by then: those of its store are empty, and
   * other stores never knew it. Handles that the host has kept know the store of before.
   */
  renew(store: Store): void {
    this.#store = store;
    this.handleClass = GuestHandle;
    this.promisedClass = GuestHandle;
  }
}

/** A resource type implemented by a class of the host. */
export class HostResource {
  readonly kind = 'host';
  readonly number: number = nextNumber++;
  readonly name: string;
  readonly hostClass: HostClass;
  /** By rep. */
  readonly objects: (object | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(name: string, hostClass: HostClass) {
    this.name = name;
    this.hostClass = hostClass;
  }

  /** Keeps an object and gives the number that stands for it in guests' tables. */
  add(object: object): number {
    const rep = this.#free.pop() ?? this.objects.length;
    this.objects[rep] = object;
    return rep;
  }

  get(rep: number): object {
    const object = this.objects[rep];
    if (object === undefined) throw makeTrap('unknown-handle', { reason: `unknown ${this.name} resource` });
    return object;
  }

  take(rep: number): object {
    const object = this.get(rep);
    this.objects[rep] = undefined;
    this.#free.push(rep);
    return object;
  }
}

// biome-ignore lint/complexity/noBannedTypes: any class or constructor function of the host.
export type HostClass = Function;

export type RuntimeResource = GuestResource | HostResource;

const hostResources = new WeakMap<HostClass, HostResource>();
const hostNumbers = new Map<number, WeakRef<HostResource>>();

/** The host's resource type with this number in handle tables. */
export function hostResourceByNumber(number: number): HostResource | undefined {
  return hostNumbers.get(number)?.deref();
}

/** The resource type of a host class: the same for the same class, so that handles pass between components that were given it. */
export function hostResourceOf(hostClass: HostClass, name: string): HostResource {
  let resource = hostResources.get(hostClass);
  if (resource === undefined) {
    resource = new HostResource(name, hostClass);
    hostResources.set(hostClass, resource);
    hostNumbers.set(resource.number, new WeakRef(resource));
  }
  return resource;
}

/** What a `GuestHandle` holds. */
export class HandleState {
  readonly resource: GuestResource;
  /** The store of the instantiation that gave it. */
  readonly store: Store;
  readonly rep: number;
  readonly kind: 'own' | 'borrow';
  /** False once moved, dropped, or (a borrow) past its call. */
  live = true;
  /** Borrows of it that calls under way hold. */
  lends = 0;
  constructor(resource: GuestResource, rep: number, kind: 'own' | 'borrow') {
    this.resource = resource;
    this.store = resource.store;
    this.rep = rep;
    this.kind = kind;
  }
}

/** Drops a handle's resource: runs its destructor now, or when its instance may be entered. */
function dropRep({ resource, store, rep }: HandleState): void {
  if (resource.dtor !== undefined && resource.store === store && store.alive) resource.runDtor(resource, rep);
}

const finalizers = /* @__PURE__ */ new FinalizationRegistry<HandleState>((state) => {
  if (!state.live) return;
  state.live = false;
  try {
    dropRep(state);
  } catch {
    // A destructor that traps ends its store; there is nobody left to tell.
  }
});

/** A handle to a guest's resource. Drop it with `Symbol.dispose` (or `using`); forgotten ones are dropped when collected. */
export class GuestHandle implements Disposable {
  readonly #state: HandleState;

  constructor(state: unknown) {
    if (!(state instanceof HandleState)) {
      throw new UsageError('no-constructor', 'this resource has no constructor; the component makes its objects');
    }
    this.#state = state;
    if (state.kind === 'own' && state.resource.dtor !== undefined) finalizers.register(this, state, this);
  }

  /** The state behind `value` if it is a handle. */
  static stateOf(value: unknown): HandleState | undefined {
    return typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** Forgets the finalizer of a handle that was moved or dropped. */
  static settle(value: object): void {
    finalizers.unregister(value);
  }

  /** Drops the handle; does nothing if it was moved or dropped before. Throws a UsageError while a call borrows it. */
  [Symbol.dispose](): void {
    const state = this.#state;
    if (!state.live || state.kind === 'borrow') return;
    if (state.lends > 0) {
      throw new UsageError('handle-borrowed', `this ${state.resource.name} is borrowed by a call that has not ended`);
    }
    state.live = false;
    finalizers.unregister(this);
    dropRep(state);
  }
}

/** The host's view of a rep that it now owns or has borrowed. */
function wrap(
  resource: GuestResource,
  rep: number,
  kind: 'own' | 'borrow',
  promised: boolean,
): { object: GuestHandle; state: HandleState } {
  const state = new HandleState(resource, rep, kind);
  const cls = promised ? resource.promisedClass : resource.handleClass;
  return { object: new cls(state), state };
}

/** A live table entry of `resource`; traps where the index is unknown or of another type. */
export function expectHandle(slot: number, index: number, resource: RuntimeResource): number {
  const entry = findHandle(slot, index);
  if (control.i32[entry + (ENTRY_TYPE >> 2)] !== resource.number) {
    const expected = resource.kind === 'guest' ? 'guest-defined resource' : 'host-defined resource';
    throw makeTrap('wrong-handle-type', {
      reason: `handle index ${index >>> 0} used with the wrong type, expected ${expected} but found a different guest-defined resource`,
    });
  }
  return entry;
}

/** Takes an own handle out of a table and gives its rep. Specification: `lift_own`. */
export function takeOwn(slot: number, index: number, resource: RuntimeResource): number {
  const entry = expectHandle(slot, index, resource);
  const state = control.i32[entry + (ENTRY_STATE >> 2)] ?? 0;
  if (state >= LEND) throw makeTrap('handle-borrowed');
  if ((state & OWN) === 0)
    throw makeTrap('not-owned', { reason: `handle index ${index >>> 0} is a borrow and cannot be moved` });
  const rep = control.i32[entry + (ENTRY_REP >> 2)] ?? 0;
  freeHandle(slot, index, entry);
  return rep;
}

/** Lends a handle for a call and gives its rep; `giveBack` ends the lend. Specification: `lift_borrow`. */
export function lend(slot: number, index: number, resource: RuntimeResource): { rep: number; giveBack: () => void } {
  const entry = expectHandle(slot, index, resource);
  const s = control.i32;
  const state = entry + (ENTRY_STATE >> 2);
  s[state] = (s[state] ?? 0) + LEND;
  const giveBack = (): void => {
    const now = findHandle(slot, index) + (ENTRY_STATE >> 2);
    control.i32[now] = (control.i32[now] ?? 0) - LEND;
  };
  return { rep: s[entry + (ENTRY_REP >> 2)] ?? 0, giveBack };
}

const SCOPE_SIZE = 16;

/**
 * Gives a guest a borrow handle for a call; `end` traps if the guest still holds it, and takes it back from a guest that was not called.
 * Specification: `lower_borrow`.
 */
export function giveBorrow(slot: number, resource: RuntimeResource, rep: number): { index: number; end: Undo } {
  const scope = control.allocate(SCOPE_SIZE);
  const index = addHandle(slot, resource.number, rep, 0, scope);
  control.i32[scope >> 2] = 1;
  const end: Undo = (refused) => {
    if (refused === true) freeHandle(slot, index, findHandle(slot, index));
    else if ((control.i32[scope >> 2] ?? 0) > 0) throw makeTrap('borrows-remain');
    control.release(scope, SCOPE_SIZE);
  };
  return { index, end };
}

/** Gives a guest a borrow handle that counts in the task's own scope, whose address `scope` is. */
export function giveBorrowIn(slot: number, resource: RuntimeResource, rep: number, scope: number): number {
  const index = addHandle(slot, resource.number, rep, 0, scope);
  control.i32[scope >> 2] = (control.i32[scope >> 2] ?? 0) + 1;
  return index;
}

function stateFor(resource: GuestResource, value: unknown, path: string): HandleState {
  const state = GuestHandle.stateOf(value);
  if (state === undefined || state.resource !== resource || state.store !== resource.store) {
    throw new ValueError('wrong-resource', `${path} is not a ${resource.name} of this instance`, {
      expected: `a ${resource.name} that this instance gave out`,
      found: state === undefined ? describe(value) : `a ${state.resource.name} of another instance`,
    });
  }
  if (!resource.store.alive) throw resource.store.deadTrap(path);
  if (!state.live) {
    throw new ValueError(
      'handle-gone',
      `${path} is a ${resource.name} that was dropped or moved before, or whose borrow has ended`,
    );
  }
  return state;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== '' ? `an object of class ${name}` : 'an object';
}

class GuestBorder implements BorderResource {
  readonly #resource: GuestResource;
  readonly #env: BorderEnv;
  readonly #promised: boolean;
  constructor(resource: GuestResource, env: BorderEnv, promised: boolean) {
    this.#resource = resource;
    this.#env = env;
    this.#promised = promised;
  }
  liftOwn(index: number): object {
    return wrap(this.#resource, takeOwn(this.#env.slot, index, this.#resource), 'own', this.#promised).object;
  }
  liftBorrow(index: number): object {
    const { rep, giveBack } = lend(this.#env.slot, index, this.#resource);
    const { object, state } = wrap(this.#resource, rep, 'borrow', this.#promised);
    remember(this.#env, () => {
      state.live = false;
      giveBack();
    });
    return object;
  }
  // The host may keep the object: that its borrow has ended must be known however the call ends.
  readonly number = Number.NaN;
  readonly objects: readonly object[] = [];
  check(value: unknown, path: string, kind: 'own' | 'borrow'): HandleState {
    const state = stateFor(this.#resource, value, path);
    if (kind === 'borrow') return state;
    if (state.kind === 'borrow')
      throw new ValueError('handle-borrowed', `${path} is only borrowed and cannot be moved`);
    if (state.lends > 0) throw new ValueError('handle-borrowed', `${path} is borrowed by a call that has not ended`);
    return state;
  }
  lowerOwn(value: unknown, path: string): number {
    const state = this.check(value, path, 'own');
    state.live = false;
    GuestHandle.settle(value as object);
    return addHandle(this.#env.slot, this.#resource.number, state.rep, OWN, 0);
  }
  lowerBorrow(value: unknown, path: string): number {
    const state = stateFor(this.#resource, value, path);
    state.lends++;
    if (this.#env.slot === this.#resource.slot) {
      remember(this.#env, () => {
        state.lends--;
      });
      return state.rep;
    }
    const { index, end } = giveBorrow(this.#env.slot, this.#resource, state.rep);
    remember(this.#env, (refused) => {
      state.lends--;
      end(refused);
    });
    return index;
  }
}

class HostBorder implements BorderResource {
  readonly #resource: HostResource;
  readonly #env: BorderEnv;
  readonly number: number;
  readonly objects: readonly (object | undefined)[];
  constructor(resource: HostResource, env: BorderEnv) {
    this.#resource = resource;
    this.#env = env;
    this.number = resource.number;
    this.objects = resource.objects;
  }
  liftOwn(index: number): object {
    return this.#resource.take(takeOwn(this.#env.slot, index, this.#resource));
  }
  liftBorrow(index: number): object {
    const { rep, giveBack } = lend(this.#env.slot, index, this.#resource);
    remember(this.#env, giveBack);
    return this.#resource.get(rep);
  }
  check(value: unknown, path: string): object {
    const { hostClass, name } = this.#resource;
    if (typeof value === 'object' && value !== null && value instanceof hostClass) return value;
    throw new ValueError('wrong-resource', `${path} is not a ${name}`, {
      expected: `an object of class ${hostClass.name}`,
      found: describe(value),
    });
  }
  lowerOwn(value: unknown, path: string): number {
    const rep = this.#resource.add(this.check(value, path));
    return addHandle(this.#env.slot, this.#resource.number, rep, OWN, 0);
  }
  lowerBorrow(value: unknown, path: string): number {
    const rep = this.#resource.add(this.check(value, path));
    const { index, end } = giveBorrow(this.#env.slot, this.#resource, rep);
    remember(this.#env, (refused) => {
      this.#resource.take(rep);
      end(refused);
    });
    return index;
  }
}

/** Throws a ValueError unless the host may give the object to a guest. */
export function checkRep(resource: RuntimeResource, value: unknown, path: string): void {
  if (resource.kind === 'host') {
    if (typeof value !== 'object' || value === null || !(value instanceof resource.hostClass))
      throw new ValueError('wrong-resource', `${path} is not a ${resource.name}`, {
        expected: `an object of class ${resource.hostClass.name}`,
        found: describe(value),
      });
    return;
  }
  const state = stateFor(resource, value, path);
  if (state.kind === 'borrow' || state.lends > 0)
    throw new ValueError('handle-borrowed', `${path} is borrowed and cannot be moved`);
}

/** Takes an object of the host's for a guest: gives the number that stands for it in tables. */
export function repFromHost(resource: RuntimeResource, value: unknown, path: string): number {
  checkRep(resource, value, path);
  if (resource.kind === 'host') return resource.add(value as object);
  const state = stateFor(resource, value, path);
  state.live = false;
  GuestHandle.settle(value as object);
  return state.rep;
}

/** The object that the host sees of a resource that it now owns. */
export function repToHost(resource: RuntimeResource, rep: number): object {
  return resource.kind === 'host' ? resource.take(rep) : wrap(resource, rep, 'own', false).object;
}

/** The conversions of one resource type at one border function. */
export function borderOf(resource: RuntimeResource, env: BorderEnv, promised: boolean): BorderResource {
  return resource.kind === 'guest' ? new GuestBorder(resource, env, promised) : new HostBorder(resource, env);
}

/** `canon resource.drop`: gives the rep whose destructor must run, or undefined. Specification: `canon_resource_drop`. */
export function dropHandle(slot: number, index: number, resource: RuntimeResource): number | undefined {
  const entry = expectHandle(slot, index, resource);
  const s = control.i32;
  const state = s[entry + (ENTRY_STATE >> 2)] ?? 0;
  const rep = s[entry + (ENTRY_REP >> 2)] ?? 0;
  if (state >= LEND) throw makeTrap('handle-borrowed');
  if ((state & OWN) !== 0) {
    freeHandle(slot, index, entry);
    return rep;
  }
  const scope = (s[entry + (ENTRY_SCOPE >> 2)] ?? 0) >> 2;
  if (scope !== 0) s[scope] = (s[scope] ?? 0) - 1;
  freeHandle(slot, index, entry);
  return undefined;
}

/** Whether an instance may be entered: no suspended stack holds it. */
export function isClosed(slot: number): boolean {
  return control.i32[(slot + CLOSED) >> 2] !== 0;
}
