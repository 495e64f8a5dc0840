/** Steps that a guest must not take, most of which trap: what has a handle is used for what it is not for. */

import type { CopyEnd } from '../stream.ts';
import { elementOf, type Scene } from './scene.ts';
import type { Command, Operand } from './schedule.ts';
import { type Idea, meetsItself } from './steps.ts';
import {
  BAD_STRING,
  COPY_OPS,
  ELEMENTS,
  type Family,
  FUNCS,
  type Func,
  LAYOUT,
  LIST,
  MODES,
  neighbours,
  type SignatureName,
  THREAD_TABLE,
} from './world.ts';

function command(op: string, ...args: Operand[]): Command {
  return { op, args };
}

function one(weight: number, op: string, ...args: Operand[]): Idea {
  return [weight, () => [command(op, ...args)]];
}

export function wrong(scene: Scene, func: Func | undefined, resolved: boolean, family: Family): Idea[] {
  return [
    [1, () => [anything(scene)]],
    ...wrongEnds(scene),
    ...wrongSets(scene),
    ...wrongSubtasks(scene),
    ...wrongThreads(scene),
    ...wrongCalls(scene, family),
    ...wrongTasks(scene, func, resolved),
  ];
}

/** Any operation that takes a handle, with any handle, or one that is none. */
function anything(scene: Scene): Command {
  const { random } = scene;
  const handles = scene.handles.map(([index]) => index);
  const handle =
    handles.length > 0 && random.chance(0.85) ? scene.ref(random.pick(handles)) : random.pick([0, 77, 0xffff_ffff]);
  const what = random.pick(['stream', 'future'] as const);
  const element = random.pick(Object.keys(ELEMENTS[what]));
  const copy = random.pick(COPY_OPS.slice(1));
  const isCopy = copy.startsWith('read') || copy.startsWith('write');
  return random.pick<() => Command>([
    () =>
      command(`set.${random.pick(['wait', 'wait-cancellable', 'poll', 'poll-cancellable'])}`, handle, scene.piece()),
    () => command('set.drop', handle),
    () => command('join', handle, random.chance(0.5) ? 0 : handle),
    () => command(`subtask.${random.pick(['cancel', 'cancel-async', 'drop'])}`, handle),
    () => command(`${random.pick(['thing', 'local'])}.drop`, handle),
    () => command(`${scene.inst.number === 0 ? 'thing' : 'local'}.rep`, handle),
    () => command('error.message', handle, scene.piece()),
    () => command('error.drop', handle),
    () =>
      command(
        `${what}.${copy}.${element}`,
        handle,
        ...(isCopy ? [scene.piece(), 1] : []).slice(0, what === 'stream' ? 2 : 1),
      ),
  ])();
}

/** The name of an operation on an end. */
function opOn(end: CopyEnd, op: string): string {
  return `${end.kind.startsWith('stream') ? 'stream' : 'future'}.${op}.${elementOf(end)}`;
}

function wrongEnds(scene: Scene): Idea[] {
  const { random } = scene;
  return scene.ends().flatMap(([index, end]): Idea[] => {
    const ref = scene.ref(index);
    const op = end.readable ? 'read' : 'write';
    const suffix = random.chance(0.5) ? '-async' : '';
    const count = end.kind.startsWith('stream') ? [1] : [];
    const many = end.kind.startsWith('stream') ? [random.pick([2 ** 28, 2 ** 27, 7])] : [];
    const busy = end.state === 'idle' ? 0.05 : end.state === 'done' ? 3 : 0.3;
    return [
      one(busy, opOn(end, `${op}${suffix}`), ref, scene.piece(), ...count),
      one(meetsItself(scene, end) ? 2 : 0, opOn(end, `${op}-async`), ref, scene.piece(), ...count),
      one(end.inWaitableSet ? 1 : 0, opOn(end, op), ref, scene.piece(), ...count),
      one(0.1, opOn(end, `${op}-async`), ref, random.pick([scene.piece() + 2, LAYOUT.end - 2, LAYOUT.end]), ...many),
      one(
        end.copying || end.kind === 'future-write' ? 0.5 : 0.05,
        opOn(end, `drop-${end.readable ? 'readable' : 'writable'}`),
        ref,
      ),
      one(end.inWaitableSet ? 0.4 : 0.15, opOn(end, `cancel-${op}${suffix}`), ref),
      one(end.hasSyncWaiter ? 2 : 0, opOn(end, `cancel-${op}${suffix}`), ref),
      one(end.hasSyncWaiter ? 2 : 0, 'join', ref, 0),
    ];
  });
}

function wrongSets(scene: Scene): Idea[] {
  return scene.sets().map(([index, set]): Idea => {
    const inUse = set.numWaiting > 0 ? 4 : set.elems.length > 0 ? 0.3 : 0;
    return one(inUse, 'set.drop', scene.ref(index));
  });
}

function wrongSubtasks(scene: Scene): Idea[] {
  return scene.subtasks().flatMap(([index, subtask]): Idea[] => {
    const ref = scene.ref(index);
    return [
      one(subtask.resolveDelivered ? 0 : 0.3, 'subtask.drop', ref),
      one(subtask.resolveDelivered || subtask.cancellationRequested ? 1.5 : 0, 'subtask.cancel-async', ref),
      one(subtask.inWaitableSet && !subtask.resolveDelivered ? 1.5 : 0, 'subtask.cancel', ref),
      one(subtask.hasSyncWaiter ? 2 : 0, 'join', ref, 0),
    ];
  });
}

function wrongThreads(scene: Scene): Idea[] {
  const { random } = scene;
  const others = scene.otherThreads((thread) => !thread.suspended);
  const index = others.length > 0 && random.chance(0.7) ? scene.ref(random.pick(others)[0]) : 55;
  return [
    one(0.15, random.pick(['thread.resume-later', 'thread.suspend-then-resume', 'thread.yield-then-resume']), index),
    one(0.05, 'thread.yield-then-promote', 55),
    one(
      0.1,
      'thread.new',
      random.pick([THREAD_TABLE.absent, THREAD_TABLE.otherType, THREAD_TABLE.size]),
      scene.names.label(),
    ),
  ];
}

/** Calls with handles that cannot go along, or with what is no value. */
function wrongCalls(scene: Scene, family: Family): Idea[] {
  const { random } = scene;
  const peers = neighbours(family, scene.inst.number);
  if (peers.length === 0) return [];
  const peer = 1 + random.pick(peers);
  const number = (name: string): number => FUNCS.findIndex((func) => func.name === name);
  const via = (weight: number, name: string, ...args: Operand[]): Idea => {
    const signature = name.slice(name.indexOf('-') + 1) as SignatureName;
    const label = scene.names.label();
    return one(weight, `call-async.${signature}`, peer, number(name), label, ...args, scene.piece() & ~7);
  };
  const ideas: Idea[] = [
    via(0.1, 'callback-ends', random.pick([8, 9]), 0),
    [0.15, () => wrongValues(scene, peer, number('callback-values'))],
  ];
  for (const [index, end] of scene.ends()) {
    if (!end.readable || (end.state === 'idle' && !end.inWaitableSet)) continue;
    const what = end.kind.startsWith('stream') ? 'stream' : 'future';
    if (elementOf(end) === 'u32') ideas.push(via(2.5, `callback-${what}`, scene.ref(index)));
    if (elementOf(end) === 'none') ideas.push(via(2.5, 'callback-ends', what === 'stream' ? 1 : 5, scene.ref(index)));
  }
  for (const [index, end] of scene.ends()) {
    if (end.readable)
      ideas.push(via(0.05, `callback-${end.kind === 'stream-read' ? 'stream' : 'future'}`, scene.ref(index)));
    else ideas.push(via(0.05, 'callback-stream', scene.ref(index)));
  }
  for (const [index, handle] of scene.resources('thing')) {
    if (!handle.own || handle.numLends > 0) ideas.push(via(1.2, 'callback-own', scene.ref(index)));
    if (handle.numLends > 0) ideas.push(one(1, 'thing.drop', scene.ref(index)));
  }
  for (const [index] of scene.resources('local')) {
    ideas.push(
      via(0.3, 'callback-own', scene.ref(index)),
      via(0.3, 'callback-borrow', scene.ref(index), scene.ref(index)),
    );
  }
  return ideas;
}

/** Parameters that are read when the callee starts, which may be later. */
function wrongValues(scene: Scene, peer: number, func: number): readonly Command[] {
  const { random } = scene;
  const at = scene.piece() & ~7;
  const label = scene.names.label();
  const [string, length, list] = random.pick([
    [BAD_STRING, 2, LIST.at],
    [LAYOUT.end - 1, 5, LIST.at],
    [0x100, 2 ** 28, LIST.at],
    [0x100, 1, LIST.at + 1],
    [0x100, 1, LAYOUT.end - 2],
    [0x100, 1, LIST.at],
  ] as const);
  const pointer = string === 0x100 && length === 1 && list === LIST.at ? random.pick([at + 2, LAYOUT.end - 8]) : at;
  return [
    command('poke', at, label, 0, 1, 0),
    command('poke', at + 16, string, length, list, 2),
    command('call-async.values', peer, func, pointer, scene.piece() & ~7),
  ];
}

function wrongTasks(scene: Scene, func: Func | undefined, resolved: boolean): Idea[] {
  const { random, inst, isMain } = scene;
  const ideas: Idea[] = [
    one(
      resolved ? 0.5 : 0.1,
      `task.return.${func?.signature === 'u32' ? 'u32' : 'plain'}`,
      ...(func?.signature === 'u32' ? [1] : []),
    ),
    one(0.15, 'task.cancel'),
    one(0.05, 'backpressure.dec', inst.backpressure + 1),
    one(0.02, 'backpressure.inc', 0x10000 - inst.backpressure),
    one(0.15, 'realloc.mode', random.below(MODES.length)),
    one(0.15, 'post-return.mode', random.below(MODES.length)),
    one(0.02, 'trap'),
    one(0.02, 'throw'),
    one(0.05, 'error.new', LAYOUT.end - 1, 9),
  ];
  if (func?.signature === 'u32') ideas.push(one(0.3, 'task.return.u32-utf16', 1));
  if (func?.flavour === 'callback' && isMain) {
    ideas.push(one(0.1, 'finish', 3 + random.below(13)));
    ideas.push(one(0.1, 'finish', 2, random.pick([0, 66, ...scene.handles.map(([index]) => index)])));
  }
  if (func !== undefined && !resolved && func.flavour !== 'sync') ideas.push(one(0.15, 'finish', 0));
  // Returns although what was borrowed has not been dropped.
  if (scene.task.numBorrows > 0 && func?.signature === 'borrow')
    ideas.push(one(0.7, func.flavour === 'blocking' || func.flavour === 'sync' ? 'finish' : 'task.return.borrow', 1));
  return ideas;
}
