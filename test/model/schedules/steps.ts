/** Steps that a guest may sensibly take: each idea has a weight and makes the commands. */

import type { CopyEnd } from '../stream.ts';
import { SUBTASK } from '../waitable.ts';
import { elementOf, type Held, type Scene } from './scene.ts';
import type { Command, Operand } from './schedule.ts';
import { isUnderWay } from './steps-call.ts';
import { ELEMENTS, LIST, STRING_ARRAY, STRINGS, THREAD_TABLE } from './world.ts';

/** How likely, and what. */
export type Idea = readonly [weight: number, make: () => readonly Command[]];

/** How much of what there is in a schedule. */
export interface Theme {
  readonly streams: number;
  readonly futures: number;
  readonly sets: number;
  readonly calls: number;
  readonly cancels: number;
  readonly threads: number;
  readonly resources: number;
  readonly backpressure: number;
  readonly others: number;
  /** Of steps that use what a step must not use. */
  readonly mischief: number;
}

function command(op: string, ...args: Operand[]): Command {
  return { op, args };
}

export function sensible(scene: Scene, theme: Theme, calm: boolean): Idea[] {
  return [
    ...newEnds(scene, theme),
    ...copies(scene, theme, calm),
    ...sets(scene, theme, calm),
    ...resources(scene, theme, calm),
    ...others(scene, theme),
    ...(calm ? [] : [...subtasks(scene, theme), ...threads(scene, theme)]),
  ];
}

// ---- streams and futures

function newEnds(scene: Scene, theme: Theme): Idea[] {
  if (scene.ends().length > 9) return [];
  return (['stream', 'future'] as const).map((what): Idea => {
    const weight = what === 'stream' ? theme.streams : theme.futures;
    const few = scene.ends((end) => end.kind.startsWith(what)).length < 4;
    return [
      weight * (few ? 0.5 : 0.1),
      () => [
        scene.naming(
          2,
          `${what}.new.${scene.random.weighted(ELEMENT_WEIGHTS.filter(([, name]) => name in ELEMENTS[what]))}`,
        ),
      ],
    ];
  });
}

const ELEMENT_WEIGHTS: readonly (readonly [number, string])[] = [
  [1, 'none'],
  [2, 'u8'],
  [3, 'u32'],
  [2, 'thing'],
  [1.5, 'string'],
];

/** Whether the other end is in the same instance, where only numbers may go from one to the other. */
export function meetsItself(scene: Scene, end: CopyEnd): boolean {
  const element = elementOf(end);
  if (element !== 'thing' && element !== 'string') return false;
  return scene.ends((other) => other !== end && other.shared === end.shared && other.copying).length > 0;
}

function copies(scene: Scene, theme: Theme, calm: boolean): Idea[] {
  const { random } = scene;
  const ideas: Idea[] = [];
  for (const held of scene.ends()) {
    const [index, end] = held;
    const what = end.kind.startsWith('stream') ? 'stream' : 'future';
    const weight = what === 'stream' ? theme.streams : theme.futures;
    const suffix = `${elementOf(end)}`;
    const op = end.readable ? 'read' : 'write';
    if (end.state === 'idle' && !meetsItself(scene, end))
      ideas.push([weight * copyWeight(scene, end), () => copy(scene, held, calm)]);
    if (end.state === 'copying' && !end.hasSyncWaiter) {
      const async = calm || end.inWaitableSet || random.chance(0.6);
      ideas.push([
        theme.cancels * 0.4,
        () => [command(`${what}.cancel-${op}${async ? '-async' : ''}.${suffix}`, scene.ref(index))],
      ]);
    }
    const mayDrop = end.state === 'done' || (end.state === 'idle' && end.kind !== 'future-write');
    if (mayDrop)
      ideas.push([
        weight * (end.state === 'done' ? 0.8 : 0.12),
        () => [command(`${what}.drop-${end.readable ? 'readable' : 'writable'}.${suffix}`, scene.ref(index))],
      ]);
  }
  return ideas;
}

/** More where the other end waits, less where there is nothing to write. */
function copyWeight(scene: Scene, end: CopyEnd): number {
  const lacks =
    !end.readable && elementOf(end) === 'thing' && scene.resources('thing', (handle) => handle.own).length === 0;
  return (end.shared.hasPending ? 3 : 0.7) * (lacks ? 0.1 : 1);
}

/** A read or write, with what makes its buffer before. */
function copy(scene: Scene, [index, end]: Held<CopyEnd>, calm: boolean): readonly Command[] {
  const { random } = scene;
  const what = end.kind.startsWith('stream') ? 'stream' : 'future';
  const element = elementOf(end);
  const mayWait = !calm && !end.inWaitableSet && (!scene.mustReturn || end.shared.hasPending || random.chance(0.03));
  const async = !(mayWait && random.chance(0.3));
  const op = `${what}.${end.readable ? 'read' : 'write'}${async ? '-async' : ''}.${element}`;
  const { count, pointer, before } = buffer(scene, end, element);
  const args: Operand[] = [scene.ref(index), pointer];
  if (what === 'stream') args.push(count);
  return [...before, command(op, ...args)];
}

interface BufferPlan {
  readonly pointer: number;
  readonly count: number;
  readonly before: readonly Command[];
}

function buffer(scene: Scene, end: CopyEnd, element: string): BufferPlan {
  const { random } = scene;
  const single = end.kind.startsWith('future');
  const piece = scene.piece();
  if (element === 'thing' && !end.readable) {
    const own = scene.resources('thing', (handle) => handle.own && handle.numLends === 0);
    const given = own.slice(0, single ? 1 : random.below(own.length + 1)).map(([index]) => scene.ref(index));
    // A future of what is not there is written all the same, and traps when it is read.
    return {
      pointer: piece,
      count: given.length,
      before: [command('poke', piece, ...(given.length > 0 ? given : [0]))],
    };
  }
  if (element === 'string' && !end.readable) return { pointer: STRING_ARRAY, count: random.below(5), before: [] };
  const most = { none: 20, u8: 16, u32: 4, thing: 4, string: 2 }[element] ?? 4;
  const count = random.weighted<number>([
    [2, 0],
    [3, 1],
    [3, 2],
    [4, random.below(most + 1)],
  ]);
  return { pointer: piece, count: Math.min(count, most), before: [] };
}

// ---- waitable sets

function sets(scene: Scene, theme: Theme, calm: boolean): Idea[] {
  const { random } = scene;
  const known = scene.sets();
  const ideas: Idea[] = [];
  if (known.length < 3) ideas.push([theme.sets * (known.length === 0 ? 1 : 0.2), () => [scene.naming(1, 'set.new')]]);
  for (const [index, set] of known) {
    const ref = scene.ref(index);
    const cancellable = random.chance(0.5) ? '-cancellable' : '';
    ideas.push([
      theme.sets * (set.hasPendingEvent ? 1.5 : 0.15),
      () => [command(`set.poll${cancellable}`, ref, scene.piece())],
    ]);
    const worth = set.hasPendingEvent ? 2 : set.elems.length > 0 ? 0.6 : 0.08;
    if (!calm && (!scene.mustReturn || set.hasPendingEvent || random.chance(0.05)))
      ideas.push([theme.sets * worth, () => [command(`set.wait${cancellable}`, ref, scene.piece())]]);
    if (set.elems.length === 0 && set.numWaiting === 0) ideas.push([0.15, () => [command('set.drop', ref)]]);
    for (const [joining, waitable] of scene.waitables((each) => !each.hasSyncWaiter)) {
      if (waitable.wset === set) {
        if (random.chance(0.3)) ideas.push([theme.sets * 0.1, () => [command('join', scene.ref(joining), 0)]]);
        continue;
      }
      const cancelled = 'cancellationRequested' in waitable && waitable.cancellationRequested === true;
      ideas.push([
        theme.sets * (cancelled ? 2 : 1) * (isUnderWay(waitable) ? (waitable.inWaitableSet ? 0.2 : 2) : 0.05),
        () => [command('join', scene.ref(joining), ref)],
      ]);
    }
  }
  return ideas;
}

// ---- subtasks

function subtasks(scene: Scene, theme: Theme): Idea[] {
  const ideas: Idea[] = [];
  for (const [index, subtask] of scene.subtasks()) {
    if (subtask.resolveDelivered) {
      ideas.push([0.6, () => [command('subtask.drop', scene.ref(index))]]);
      continue;
    }
    if (subtask.cancellationRequested) continue;
    const async = subtask.inWaitableSet || scene.random.chance(scene.mustReturn ? 0.93 : 0.6);
    const worth = subtask.state === SUBTASK.starting ? 0.7 : 0.4;
    ideas.push([theme.cancels * worth, () => [command(`subtask.cancel${async ? '-async' : ''}`, scene.ref(index))]]);
  }
  return ideas;
}

// ---- threads

function threads(scene: Scene, theme: Theme): Idea[] {
  const { random } = scene;
  const cancellable = random.chance(0.5) ? '-cancellable' : '';
  const weight = theme.threads;
  const ideas: Idea[] = [
    [weight * 0.4 + 0.05, () => [command(`thread.yield${cancellable}`)]],
    [weight * 0.1, () => [command('thread.index')]],
  ];
  if (weight === 0) return ideas;
  if (scene.inst.threads.entries().length < 6)
    ideas.push([weight * 0.7, () => [scene.naming(1, 'thread.new', THREAD_TABLE.start, scene.names.label())]]);
  for (const [index] of scene.otherThreads((thread) => thread.suspended)) {
    const ref = scene.ref(index);
    const away = scene.mustReturn ? 0.08 : 0.5;
    ideas.push(
      [weight * 0.6, () => [command('thread.resume-later', ref)]],
      [weight * away, () => [command(`thread.suspend-then-resume${cancellable}`, ref)]],
      [weight * 0.5, () => [command(`thread.yield-then-resume${cancellable}`, ref)]],
    );
  }
  for (const [index, other] of scene.otherThreads(() => true)) {
    const worth = other.ready ? 0.6 : 0.1;
    ideas.push([weight * worth, () => [command(`thread.yield-then-promote${cancellable}`, scene.ref(index))]]);
    if (other.ready || !scene.mustReturn)
      ideas.push([weight * worth, () => [command(`thread.suspend-then-promote${cancellable}`, scene.ref(index))]]);
  }
  if (!scene.mustReturn) ideas.push([weight * 0.25, () => [command(`thread.suspend${cancellable}`)]]);
  return ideas;
}

// ---- resources and the rest

function resources(scene: Scene, theme: Theme, calm: boolean): Idea[] {
  const isParent = scene.inst.number === 0;
  const ideas: Idea[] = [];
  const things = scene.resources('thing');
  if (isParent && things.length < 5)
    ideas.push([
      theme.resources * (things.length < 2 ? 1.5 : 0.4),
      () => [scene.naming(1, 'thing.new', scene.names.label())],
    ]);
  for (const [index, handle] of things) {
    if (isParent) ideas.push([theme.resources * 0.1, () => [command('thing.rep', scene.ref(index))]]);
    if (handle.numLends > 0 || (handle.own && calm)) continue;
    ideas.push([theme.resources * (handle.own ? 0.1 : 0.5), () => [command('thing.drop', scene.ref(index))]]);
  }
  if (scene.resources('local').length < 2)
    ideas.push([theme.resources * 0.1, () => [scene.naming(1, 'local.new', 1 + scene.random.below(9))]]);
  for (const [index] of scene.resources('local')) {
    ideas.push([theme.resources * 0.1, () => [command('local.drop', scene.ref(index))]]);
    ideas.push([theme.resources * 0.05, () => [command('local.rep', scene.ref(index))]]);
  }
  return ideas;
}

function others(scene: Scene, theme: Theme): Idea[] {
  const { random } = scene;
  const { others: weight, backpressure } = theme;
  const ideas: Idea[] = [
    [weight * 0.2, () => [command('context.set', random.below(1000))]],
    [weight * 0.2, () => [command('context.get')]],
    [weight * 0.1, () => [command('show', scene.piece(), 16)]],
    [backpressure * 0.3, () => [command('backpressure.inc', 1)]],
  ];
  if (scene.inst.backpressure > 0) {
    const all = scene.inst.backpressure;
    ideas.push([backpressure * 1.5, () => [command('backpressure.dec', random.chance(0.3) ? all : 1)]]);
  }
  if (scene.errorContexts().length < 2) {
    const { at, text } = random.pick(STRINGS);
    const length = new TextEncoder().encode(text).length;
    ideas.push([weight * 0.1, () => [scene.naming(1, 'error.new', at, length)]]);
  }
  for (const [index] of scene.errorContexts()) {
    ideas.push([weight * 0.1, () => [command('error.message', scene.ref(index), scene.piece())]]);
    ideas.push([weight * 0.1, () => [command('error.drop', scene.ref(index))]]);
  }
  ideas.push([weight * 0.05, () => [command('show', LIST.at, 2 * LIST.numbers.length)]]);
  return ideas;
}
