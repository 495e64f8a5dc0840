/** Carries a schedule out on the model. */
import { canonLift, type FuncInst } from '../call.ts';
import { ResourceType } from '../resource.ts';
import { type Choices, ComponentInstance, type HostAct, Store } from '../state.ts';
import type { OnCancel, OnResolve } from '../thread.ts';
import { ModelTrap, type TrapName } from '../trap.ts';
import type { Value } from '../values.ts';
import { funcType, Guest } from './guest.ts';
import { type Director, HOST_VALUES, type HostStep } from './schedule.ts';
import { type Func, funcNamed, HOST_WAIT } from './world.ts';

/** How a schedule ended. Labels of the host's calls that have not ended are `pending`. */
export interface Outcome {
  readonly trap: TrapName | undefined;
  /** Another trap that may be told as well. */
  readonly orElse?: TrapName;
  readonly pending: readonly number[];
}

/** What the host means to do, in this order, about the call of a label. */
interface Intention {
  readonly kind: HostAct;
  readonly label: number;
  readonly act: () => void;
}

interface HostCall {
  readonly onCancel: OnCancel;
  cancelled: boolean;
}

/** Instances, and the host's side of them. */
export class World {
  readonly store: Store;
  readonly director: Director;
  readonly instances: readonly ComponentInstance[];
  readonly #guests: readonly Guest[];
  readonly #resources = new Map<string, ResourceType>();
  readonly #calls = new Map<number, HostCall>();
  /** Calls of the host's own function that have not ended, by their label. */
  readonly waits = new Map<number, OnResolve>();
  readonly unresolved = new Set<number>();
  readonly #intentions: Intention[] = [];

  constructor(director: Director, choices: Choices, saw?: (situation: string) => void) {
    this.director = director;
    this.store = new Store(choices, saw);
    const numbers = Array.from({ length: director.schedule.instances }, (_, number) => number);
    this.instances = numbers.map((number) => new ComponentInstance(this.store, number));
    this.#guests = this.instances.map((inst) => {
      const local = new ResourceType(`local-${inst.number}`, inst);
      return new Guest(inst, director, (peer, name) => this.#callee(peer, name), this.#resources, local);
    });
    const [parent] = this.#guests;
    if (parent === undefined) throw new Error('a schedule has an instance at least');
    this.#resources.set('thing', new ResourceType('thing', parent.inst, (args) => parent.dtor(args)));
  }

  #lifted(instance: number, func: Func): FuncInst {
    const guest = this.#guests[instance];
    if (guest === undefined) throw new Error(`there is no instance ${instance}`);
    const { flavour, signature } = func;
    const opts = {
      async: flavour === 'callback' || flavour === 'stackful',
      callback: flavour === 'callback' ? guest.callback.bind(guest) : undefined,
      postReturn: hasPostReturn(func) ? guest.postReturn.bind(guest) : undefined,
      encoding: 'utf8',
    } as const;
    const ft = funcType(flavour, signature);
    const lifted = { core: guest.core(func), ft, opts, inst: guest.inst, resources: this.#resources };
    return (onStart, onResolve) => canonLift(lifted, onStart, onResolve);
  }

  #callee(peer: number | typeof HOST_WAIT, name: string): { callee: FuncInst; ft: ReturnType<typeof funcType> } {
    if (peer === HOST_WAIT) return { callee: this.#hostWait(), ft: funcType('callback', 'u32') };
    const func = funcNamed(name);
    return { callee: this.#lifted(peer, func), ft: funcType(func.flavour, func.signature) };
  }

  /** The host's function: it starts at once, and ends when the host says so or it is asked to cancel. */
  #hostWait(): FuncInst {
    return (onStart, onResolve) => {
      this.store.announced = undefined;
      const [label] = onStart();
      this.waits.set(Number(label), onResolve);
      return () => {
        this.waits.delete(Number(label));
        onResolve(undefined);
      };
    };
  }

  /** Does one step of the host, at once or, where it calls or cancels, some time before all has settled. */
  step(step: HostStep): void {
    switch (step.kind) {
      case 'settle':
        this.settle();
        break;
      case 'call': {
        const act = (): void => this.#call(step.instance, funcNamed(step.func), step.label);
        if (step.promised) this.#intend({ kind: 'call', label: step.label, act });
        else {
          // A synchronous call cannot wait until a stack has been switched.
          this.settle();
          this.store.hostWaits = true;
          act();
          this.store.hostWaits = false;
        }
        break;
      }
      case 'cancel':
        this.director.cancelled(step.label);
        if (this.#forget(step.label)) break;
        this.#intend({ kind: 'cancel', label: step.label, act: () => this.#cancel(step.label) });
        break;
      case 'resolve': {
        const onResolve = this.waits.get(step.label);
        this.waits.delete(step.label);
        onResolve?.([step.label + 1]);
        break;
      }
      default:
        step satisfies never;
    }
  }

  /** A call that has not been made when it is cancelled may never be. */
  #forget(label: number): boolean {
    const at = this.#intentions.findIndex(({ kind, label: of }) => kind === 'call' && of === label);
    if (at < 0 || !this.store.choices.hostForgets(label)) return false;
    this.#intentions.splice(at, 1);
    return true;
  }

  #intend(intention: Intention): void {
    if (this.store.choices.hostActsAtOnce) intention.act();
    else this.#intentions.push(intention);
  }

  /** Lets everything go on that can. */
  settle(): void {
    for (;;) {
      const [first] = this.#intentions;
      const ready = this.store.readyThreads();
      if (first !== undefined && (ready.length === 0 || this.store.choices.hostActs(first.kind, first.label, ready))) {
        this.#intentions.shift();
        first.act();
      } else if (!this.store.tick()) break;
    }
    this.director.settled();
  }

  #cancel(label: number): void {
    const call = this.#calls.get(label);
    if (call === undefined || call.cancelled || !this.unresolved.has(label)) return;
    call.cancelled = true;
    call.onCancel();
  }

  #call(instance: number, func: Func, label: number): void {
    this.store.announced = () => label;
    this.unresolved.add(label);
    const values: readonly Value[] = func.signature === 'values' ? HOST_VALUES : [];
    const onCancel = this.#lifted(instance, func)(
      () => [label, ...values],
      (results) => {
        this.unresolved.delete(label);
        if (results === undefined) this.store.saw('host call: cancelled');
        else this.director.ended(label, describeResult(results[0]));
      },
    );
    this.#calls.set(label, { onCancel, cancelled: false });
  }
}

/** Functions with aggregates clean up after a synchronous return. */
export function hasPostReturn({ flavour, signature }: Func): boolean {
  return signature === 'values' && (flavour === 'sync' || flavour === 'blocking');
}

/** A result as traces have it. */
export function describeResult(value: unknown): string {
  if (value === undefined) return '';
  return Array.isArray(value)
    ? value.map((part) => (typeof part === 'string' ? JSON.stringify(part) : part)).join(' ')
    : String(value);
}

/** Carries out all of the host's steps, and lets everything go on at the end; or as many as there are until a trap. */
export function runModel(director: Director, choices: Choices, saw?: (situation: string) => void): Outcome {
  const world = new World(director, choices, saw);
  try {
    for (const [i, step] of director.schedule.host.entries()) {
      director.record(['host', i]);
      world.step(step);
    }
    world.settle();
  } catch (error) {
    if (!(error instanceof ModelTrap)) throw error;
    const { trap, orElse } = error;
    return { trap, ...(orElse === undefined ? {} : { orElse }), pending: [...world.unresolved] };
  }
  return { trap: undefined, pending: [...world.unresolved] };
}
