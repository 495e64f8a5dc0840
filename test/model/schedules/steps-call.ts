/** Steps that call a neighbour, and those that end what was called. */

import { CopyEnd } from '../stream.ts';
import { Subtask, type Waitable } from '../waitable.ts';
import { elementOf, type Held, type Note, type Scene } from './scene.ts';
import { type Command, defaultReturn, type Operand, plainResult } from './schedule.ts';
import type { Idea, Theme } from './steps.ts';
import {
  ENDS,
  type Family,
  FUNCS,
  type Func,
  hasBuiltIn,
  hasParamsPointer,
  hasResultPointer,
  LIST,
  neighbours,
  SIGNATURES,
  type SignatureName,
  STRINGS,
} from './world.ts';

function command(op: string, ...args: Operand[]): Command {
  return { op, args };
}

/** What a schedule remembers of results that will hold handles. */
export type TakeNote = (note: Note) => void;

export function calls(scene: Scene, theme: Theme, family: Family, note: TakeNote): Idea[] {
  const { random, inst } = scene;
  const ideas: Idea[] = [];
  for (const peer of neighbours(family, inst.number)) {
    // A component that calls itself is rarer than one that calls others.
    const weight = theme.calls * (peer === inst.number ? 0.15 : 0.4);
    ideas.push([weight, () => call(scene, peer, random.weighted(callable(scene, family, peer)), note)]);
  }
  ideas.push([theme.calls * 0.12, () => hostWait(scene)]);
  return ideas;
}

/** Functions for which there are arguments; those that need some more often, since they seldom can be called. */
function callable(scene: Scene, family: Family, peer: number): readonly (readonly [number, Func])[] {
  const signatures = (Object.keys(SIGNATURES) as SignatureName[]).filter(
    // Who cannot drop a borrow should not get one.
    (each) => paramsFor(scene, each) !== undefined && (each !== 'borrow' || hasBuiltIn(family, peer, 'thing.drop')),
  );
  return FUNCS.filter((func) => signatures.includes(func.signature)).map((func) => {
    const simple = func.signature === 'plain' || func.signature === 'u32' || func.signature === 'values';
    return [(simple ? 1 : 2) * (func.flavour === 'callback' ? 1.5 : 1), func] as const;
  });
}

function hostWait(scene: Scene): readonly Command[] {
  const label = scene.names.label();
  if (scene.mustReturn || scene.random.chance(0.7))
    return [scene.naming(1, 'call-async.u32', 0, 0, label, scene.piece())];
  return [command('call.u32', 0, 0, label)];
}

function call(scene: Scene, peer: number, func: Func, note: TakeNote): readonly Command[] {
  const { random } = scene;
  const { signature } = func;
  const async = func.flavour !== 'sync' && random.chance(scene.mustReturn ? 0.96 : 0.65);
  const params = paramsFor(scene, signature);
  if (params === undefined) return [];
  const label = scene.names.label();
  const op = `${async ? 'call-async' : 'call'}.${signature}`;
  const result = scene.piece();
  const before: Command[] = [];
  let args: Operand[] = [label, ...params];
  if (hasParamsPointer(signature, async)) {
    const at = scene.piece() & ~7;
    const [low = 0, high = 0, ...rest] = params;
    before.push(command('poke', at, label, 0, low, high), command('poke', at + 16, ...rest));
    args = [at];
  }
  if (hasResultPointer(signature, async)) {
    args.push(result & ~7);
    if (signature !== 'u32' && signature !== 'values')
      note({ instance: scene.inst.number, pointer: (result & ~7) + 4 });
  }
  return [...before, scene.naming(1, op, peer + 1, FUNCS.indexOf(func), ...args)];
}

/** Core arguments behind the label, if there is what they need. */
function paramsFor(scene: Scene, signature: SignatureName): Operand[] | undefined {
  const { random } = scene;
  const { at, text } = random.pick(STRINGS);
  switch (signature) {
    case 'plain':
    case 'u32':
      return [];
    case 'values':
      return [random.below(100), random.below(3), at, new TextEncoder().encode(text).length, LIST.at, random.below(5)];
    case 'own': {
      const own = scene.resources('thing', (handle) => handle.own && handle.numLends === 0);
      return own.length === 0 ? undefined : [scene.ref(random.pick(own)[0])];
    }
    case 'borrow': {
      const things = scene.resources('thing');
      return things.length === 0 ? undefined : [scene.ref(random.pick(things)[0]), scene.ref(random.pick(things)[0])];
    }
    case 'stream':
    case 'future': {
      const ends = movable(scene).filter(([, end]) => end.kind === `${signature}-read` && elementOf(end) === 'u32');
      return ends.length === 0 ? undefined : [scene.ref(random.pick(ends)[0])];
    }
    case 'ends': {
      const ends = movable(scene).filter(([, end]) => endsTag(end) > 0);
      if (ends.length === 0) return [0, 0];
      const [index, end] = random.pick(ends);
      return [endsTag(end), scene.ref(index)];
    }
    default:
      return signature satisfies never;
  }
}

function movable(scene: Scene): Held<CopyEnd>[] {
  return scene.ends((end) => end.readable && end.state === 'idle' && !end.inWaitableSet);
}

/** The case of the signature `ends` that an end is, or 0. */
function endsTag(end: CopyEnd): number {
  return 1 + ENDS.findIndex(([, what, element]) => end.kind === `${what}-read` && element === elementOf(end));
}

// ---- how a task ends

/** What a thread does that is to end soon. */
export function ending(scene: Scene, func: Func, resolved: boolean): readonly Command[] {
  const { task, random } = scene;
  const borrowed = scene.resources(
    'thing',
    (handle) => !handle.own && handle.borrowScope === task && handle.numLends === 0,
  );
  const lowered = func.flavour === 'sync' || func.flavour === 'blocking';
  if (!resolved && borrowed.length > 0) return borrowed.map(([index]) => command('thing.drop', scene.ref(index)));
  if (lowered) return finishLowered(scene, func);
  if (!resolved) {
    if (task.state === 'cancel-delivered' && random.chance(0.75)) return [command('task.cancel')];
    return [returning(scene, func.signature)];
  }
  return func.flavour === 'callback' ? [waitMore(scene) ?? command('finish', 0)] : [command('finish', 0)];
}

/** Whether a set may get an event: it has one, or something in it is under way. */
export function mayExpectEvent(scene: Scene): boolean {
  return scene.sets((set) => set.elems.some(isUnderWay)).length > 0;
}

/** Whether a waitable has an event or may get one. */
export function isUnderWay(waitable: Waitable): boolean {
  if (waitable.hasPendingEvent) return true;
  return waitable instanceof CopyEnd ? waitable.copying : waitable instanceof Subtask && !waitable.resolved;
}

/** Waits between calls of its callback, or ends. */
export function waiting(scene: Scene): Command {
  return waitMore(scene) ?? command('finish', 1);
}

function waitMore(scene: Scene): Command | undefined {
  const { random } = scene;
  const worth = scene.sets((set) => set.elems.some(isUnderWay));
  const sets = worth.length > 0 && random.chance(0.9) ? worth : scene.sets();
  if (sets.length > 0 && random.chance(0.6)) return command('finish', 2, scene.ref(random.pick(sets)[0]));
  return random.chance(0.5) ? command('finish', 1) : undefined;
}

/** A synchronous lift returns a core value, or the address of what it returns. */
function finishLowered(scene: Scene, { signature }: Func): readonly Command[] {
  const { random, label } = scene;
  const nothing = command('finish', plainResult(signature, label));
  if (SIGNATURES[signature].result === undefined || random.chance(0.3)) return [nothing];
  const flat = resultFor(scene, signature);
  if (flat === undefined || flat.length === 1) return [nothing];
  const at = scene.piece() & ~7;
  return [command('poke', at, ...flat), command('finish', at)];
}

function returning(scene: Scene, signature: SignatureName): Command {
  const flat = scene.random.chance(0.2) ? undefined : resultFor(scene, signature);
  return flat === undefined ? defaultReturn(signature, scene.label) : command(`task.return.${signature}`, ...flat);
}

function resultFor(scene: Scene, signature: SignatureName): Operand[] | undefined {
  const { random, label } = scene;
  const { at, text } = random.pick(STRINGS);
  switch (signature) {
    case 'plain':
      return [];
    case 'u32':
    case 'borrow':
      return [label + 1000];
    case 'values':
      return [at, new TextEncoder().encode(text).length, label, 1];
    case 'own':
    case 'stream':
    case 'future': {
      const params = paramsFor(scene, signature);
      return params === undefined ? undefined : [1, ...params];
    }
    case 'ends':
      return paramsFor(scene, 'ends');
    default:
      return signature satisfies never;
  }
}
