/** Links the guests of `make.ts` and calls them with calls written as text, the way of `tenon invoke`. */
import { readFileSync } from 'node:fs';
import { findTarget } from '../../../src/cli/call-target.ts';
import { Component, ComponentError, type Instance, Linker, type LinkOptions, Trap } from '../../../src/index.ts';
import { parseWaveCall } from '../../../src/wave/parse.ts';
import { printWave } from '../../../src/wave/print.ts';
import { composed, type FlowGuest, flowGuest } from './make.ts';

const loaded = new Map<string, Promise<Component>>();

/** A component, loaded once for each file. */
function load(path: string): Promise<Component> {
  let component = loaded.get(path);
  if (component === undefined) {
    component = Component.load(new Uint8Array(readFileSync(path)));
    loaded.set(path, component);
  }
  return component;
}

/** An instance whose functions are called as text. */
export interface Linked {
  readonly component: Component;
  readonly instance: Instance;
  /** The instances that it is linked to. */
  readonly parts: readonly Instance[];
}

/** How guests come together. */
export type Join = (options: LinkOptions, first: FlowGuest, ...others: readonly FlowGuest[]) => Promise<Linked>;

/** Each guest is an instance in a store of its own; the first one's imports are the others' exports. */
export const apart: Join = async (options, first, ...others) => {
  const linker = new Linker();
  const parts: Instance[] = [];
  for (const name of others) {
    const component = await load(await flowGuest(name));
    const part = (await new Linker().link(component, options)).instantiate();
    linker.instance(part);
    parts.push(part);
  }
  const component = await load(await flowGuest(first));
  return { component, instance: (await linker.link(component, options)).instantiate(), parts };
};

/** One component that has them all inside, in one store. */
export const together: Join = async (options, first, ...others) => {
  const component = await load(await composed(first, ...others));
  return { component, instance: await component.instantiate({}, options), parts: [] };
};

/** Makes a call such as `sum([1, 2])` and answers its result as text, or what its trap is. */
export async function answerOf({ component, instance }: Linked, call: string): Promise<string> {
  const target = findTarget('the guest', component, call);
  const scope = target.interface === undefined ? instance.promised : instance.promised[target.interface];
  const fn = (scope as Record<string, (...args: readonly unknown[]) => Promise<unknown>>)[target.name]!;
  const { result } = target.type;
  try {
    const value = await fn(...parseWaveCall(call, target.type));
    if (result === undefined) return '';
    return printWave(result.kind === 'result' ? { tag: 'ok', val: value } : value, result);
  } catch (error) {
    if (error instanceof ComponentError && result !== undefined)
      return printWave({ tag: 'err', val: error.payload }, result);
    if (!(error instanceof Trap)) throw error;
    return `trap: ${originOf(error).reason}`;
  }
}

/** Whoever waits for a component that trapped has a trap that names that one as its cause. */
function originOf(trap: Trap): Trap {
  return trap.code === 'store-dead' && trap.cause instanceof Trap ? originOf(trap.cause) : trap;
}
