/** What a plan's canons tell about its component instances before anything runs. */
import type { Canon } from '../types/definition.ts';
import type { PlanCanon, PlanResource } from './plan.ts';

/** Whether a built-in may block the thread that calls it. */
export function mayBlock(canon: Canon): boolean {
  switch (canon.kind) {
    case 'waitable-set.wait':
    case 'thread.yield':
    case 'thread.suspend':
    case 'subtask.cancel':
      return true;
    case 'stream.read':
    case 'stream.write':
    case 'future.read':
    case 'future.write':
      return !canon.options.some(({ kind }) => kind === 'async');
    default:
      return switches(canon);
  }
}

/** Built-ins that may find at once what they would wait for, and that toolchains import whether or not they are called. */
const MAY_BE_READY: ReadonlySet<Canon['kind']> = new Set(['waitable-set.wait', 'thread.yield', 'subtask.cancel']);

/** Whether a built-in is for code that waits on its own stack: of no use where none can suspend. */
export function mustSuspend(canon: Canon): boolean {
  return mayBlock(canon) && !MAY_BE_READY.has(canon.kind);
}

/** Whether a built-in gives control to another thread before its caller's caller has it back. */
function switches(canon: Canon): boolean {
  switch (canon.kind) {
    case 'subtask.cancel':
    case 'thread.suspend-then-resume':
    case 'thread.yield-then-resume':
    case 'thread.suspend-then-promote':
    case 'thread.yield-then-promote':
      return true;
    default:
      return false;
  }
}

/** Edges from callees to their callers, along which a property spreads. */
class Spread {
  readonly #has: boolean[];
  readonly #callers: number[][];

  constructor(instances: number) {
    this.#has = new Array<boolean>(instances).fill(false);
    this.#callers = Array.from({ length: instances }, () => []);
  }

  edge(callee: number, caller: number): void {
    this.#callers[callee]?.push(caller);
  }

  from(seeds: Iterable<number>): readonly boolean[] {
    const queue = [...seeds];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (this.#has[next] === true) continue;
      this.#has[next] = true;
      queue.push(...(this.#callers[next] ?? []));
    }
    return this.#has;
  }
}

interface Calls {
  readonly callee: number;
  readonly caller: number;
  readonly async: boolean;
}

/** Calls between component instances, destructors included, and who calls the host (or what is not in the plan). */
function callsOf(canons: readonly PlanCanon[]): { readonly calls: readonly Calls[]; readonly host: readonly number[] } {
  const calls: Calls[] = [];
  const host: number[] = [];
  for (const canon of canons) {
    const caller = canon.instance;
    if (canon.kind === 'lower') {
      if (canon.func.kind === 'import') host.push(caller);
      else calls.push({ callee: canon.func.instance, caller, async: canon.options.shape.async });
    } else if (canon.kind === 'resource.drop') {
      const { origin } = canon.resource;
      if (origin.kind === 'defined') calls.push({ callee: origin.instance, caller, async: false });
      else host.push(caller);
    }
  }
  return { calls, host };
}

/**
 * Which component instances may have to wait: those that call a host function, a built-in that blocks, or synchronously a function of an
 * async type or of an instance that may; and those that start a call whose threads may have to end before they go on.
 */
export function whoMaySuspend(instances: number, canons: readonly PlanCanon[]): readonly boolean[] {
  const { calls, host } = callsOf(canons);
  const blocking = new Set(host);
  const switching = new Set<number>();
  for (const canon of canons) {
    if (canon.kind === 'builtin') {
      if (mayBlock(canon.canon)) blocking.add(canon.instance);
      if (switches(canon.canon)) switching.add(canon.instance);
    } else if (canon.kind === 'lower' && canon.func.type.async && !canon.options.shape.async)
      blocking.add(canon.instance);
  }
  const sync = new Spread(instances);
  for (const { callee, caller, async } of calls) if (!async) sync.edge(callee, caller);
  const suspends = sync.from(blocking);
  // A synchronous call that blocks keeps control from whoever started its caller.
  for (const { callee, caller, async } of calls) if (!async && suspends[callee] === true) switching.add(caller);
  const any = new Spread(instances);
  for (const { callee, caller } of calls) any.edge(callee, caller);
  const hands = any.from(switching);
  for (const { callee, caller } of calls) if (hands[callee] === true) blocking.add(caller);
  const again = new Spread(instances);
  for (const { callee, caller, async } of calls) if (!async) again.edge(callee, caller);
  return again.from(blocking);
}

/** Whose memory a component instance may see or change while one of its functions runs. */
export class Sight {
  readonly #callees = new Map<number, Set<number>>();
  /** Instances that copy to or from whoever holds the other end. */
  readonly #copying = new Set<number>();
  readonly #known = new Map<number, ReadonlySet<number>>();

  constructor(canons: readonly PlanCanon[]) {
    for (const canon of canons)
      if (canon.kind === 'builtin' && /^(stream|future)\.(read|write)$/.test(canon.canon.kind))
        this.#copying.add(canon.instance);
    for (const { caller, callee } of callsOf(canons).calls) {
      const callees = this.#callees.get(caller) ?? new Set();
      this.#callees.set(caller, callees.add(callee));
    }
  }

  /** Whether it may be the other's, who has called it: it is the same, calls it back, or copies. */
  includes(instance: number, caller: number): boolean {
    const reached = this.#reached(instance);
    return reached.has(caller) || [...reached].some((each) => this.#copying.has(each));
  }

  #reached(instance: number): ReadonlySet<number> {
    let reached = this.#known.get(instance);
    if (reached !== undefined) return reached;
    const all = new Set([instance]);
    // What is added while it is walked is walked as well.
    for (const each of all) for (const callee of this.#callees.get(each) ?? []) all.add(callee);
    reached = all;
    this.#known.set(instance, reached);
    return reached;
  }
}

/** Which component instances have anything to do with concurrency. */
export function whoIsConcurrent(
  instances: number,
  canons: readonly PlanCanon[],
  asyncLifts: ReadonlySet<number>,
): readonly boolean[] {
  const is = new Array<boolean>(instances).fill(false);
  for (const instance of asyncLifts) is[instance] = true;
  for (const canon of canons) {
    if (canon.kind === 'builtin' || (canon.kind === 'lower' && canon.func.type.async)) is[canon.instance] = true;
  }
  return is;
}

/** Which component instances use `context.get` or `context.set`. */
export function usesContext(instances: number, canons: readonly PlanCanon[]): readonly boolean[] {
  const uses = new Array<boolean>(instances).fill(false);
  for (const canon of canons) {
    if (canon.kind === 'context.get' || canon.kind === 'context.set') uses[canon.instance] = true;
  }
  return uses;
}

/** Which component instances call anything outside of themselves: only those can be called again while they run. */
export function callsOut(instances: number, canons: readonly PlanCanon[]): readonly boolean[] {
  const calls = new Array<boolean>(instances).fill(false);
  for (const canon of canons) {
    const drops = canon.kind === 'resource.drop' && !isOwn(canon.resource, canon.instance);
    if (canon.kind === 'lower' || drops) calls[canon.instance] = true;
  }
  return calls;
}

function isOwn({ origin }: PlanResource, instance: number): boolean {
  return origin.kind === 'defined' && origin.instance === instance;
}
