/** What schedules have reached: operations with their outcomes, traps, and situations inside of the model. */

import type { Rules } from '../state.ts';
import { TRAPS } from '../trap.ts';
import type { Outcome } from './run.ts';
import type { Schedule, TraceRecord } from './schedule.ts';
import { FUNCS, OPS } from './world.ts';

const COPY_RESULT = ['completed', 'dropped', 'cancelled'];
const SUBTASK_STATE = ['starting', 'started', 'returned', 'cancelled-before-started', 'cancelled-before-returned'];
const EVENT_NAME = ['none', 'subtask', 'stream-read', 'stream-write', 'future-read', 'future-write', 'task-cancelled'];
const BLOCKED = 0xffff_ffff;

/** Inside of the model, where no outcome tells. */
const SITUATIONS = [
  'enter: waits for backpressure',
  'enter: waits for the lock',
  'enter: waits behind others',
  'cancel: before it started',
  'cancel: wakes a thread',
  'cancel: pending',
  'cancel: pending behind the lock',
  'cancel: delivered late',
  'sync task: goes on itself',
  'sync task: lets another go on',
  'stream: a read meets a write',
  'stream: a read of nothing meets a write',
  'stream: a read meets a write of nothing',
  'stream: a read meets a written-out write',
  'stream: a write meets a read',
  'stream: a write of nothing meets a read',
  'stream: a write of nothing meets a read of nothing',
  'stream: a write meets a read of nothing',
  'stream: a write meets a filled read',
  'future: a read meets a write',
  'future: a write meets a read',
  'promote: switches',
  'promote: only suspends',
  'promote: only yields',
] as const;

function copyOutcome(payload: number): string {
  if (payload === BLOCKED) return 'blocked';
  return `${COPY_RESULT[payload & 0xf]}${payload >>> 4 > 0 ? ' with progress' : ''}`;
}

function outcomeOf(op: string, [first = 0, , payload = 0]: readonly number[]): string {
  const [what = '', verb = ''] = op.split('.');
  if (what === 'stream' || what === 'future') {
    const copies = /^(read|write|cancel)/.test(verb);
    return copies ? `${what}.${verb}: ${copyOutcome(first)}` : `${what}.${verb}`;
  }
  if (what === 'call-async') return `call-async: ${SUBTASK_STATE[first & 0xf]}`;
  if (op.startsWith('subtask.cancel')) return `${op}: ${first === BLOCKED ? 'blocked' : SUBTASK_STATE[first]}`;
  if (op.startsWith('set.wait') || op.startsWith('set.poll')) return `${op}: ${eventName(first, payload)}`;
  if (op.startsWith('thread.') && op.endsWith('-cancellable')) return `${op}: ${first === 1 ? 'cancelled' : 'went on'}`;
  return op;
}

function eventName(code: number, payload: number): string {
  const name = EVENT_NAME[code] ?? '?';
  if (name === 'subtask') return `${name} ${SUBTASK_STATE[payload]}`;
  if (name.startsWith('stream') || name.startsWith('future')) return `${name} ${copyOutcome(payload)}`;
  return name;
}

/** Groups of what schedules reach, for tables. */
export const GROUPS = ['built-ins', 'outcomes', 'events', 'calls', 'situations', 'traps', 'endings'] as const;

export type Group = (typeof GROUPS)[number];

/** The group that an item of {@link reached} belongs to. */
export function groupOf(item: string): Group {
  if (item.startsWith('trap: ')) return 'traps';
  if (item.startsWith('ends with ')) return 'endings';
  if (/^(callback|set\.(wait|poll)(-cancellable)?): /.test(item)) return 'events';
  if (/^(call|call-async|host call)(:| of )/.test(item) || /^call(-async)?\./.test(item)) return 'calls';
  if (OPS.includes(item) || item === 'dtor' || item === 'thread') return 'built-ins';
  return /^(stream|future)\.|^subtask\.|^thread\./.test(item) ? 'outcomes' : 'situations';
}

/** What one schedule reached. */
export function reached(
  schedule: Schedule,
  trace: readonly TraceRecord[],
  outcome: Outcome,
  saw: readonly string[],
): ReadonlySet<string> {
  const all = new Set<string>(saw);
  for (const record of trace) {
    switch (record[0]) {
      case 'result': {
        const [, label, step, ...values] = record;
        const { op, args } = schedule.scripts[label]?.commands[step] ?? { op: '', args: [] };
        if (op !== '') all.add(op).add(outcomeOf(op, values));
        if (op.startsWith('call') && args[0] !== 0) all.add(`${op.split('.')[0]} of ${FUNCS[Number(args[1])]?.name}`);
        break;
      }
      case 'callback':
        all.add(`callback: ${eventName(record[2] ?? 0, record[4] ?? 0)}`);
        break;
      case 'dtor':
      case 'thread':
        all.add(record[0]);
        break;
      case 'settled':
        if (record[1].length > 0) all.add('host call: returned');
        break;
      default:
        break;
    }
  }
  if (outcome.trap !== undefined) all.add(`trap: ${outcome.trap}`);
  else all.add(outcome.pending.length > 0 ? 'ends with calls that wait' : 'ends with all calls done');
  return all;
}

/** Everything that enough schedules must reach. */
export function required(rules: Rules = 'corrected'): readonly string[] {
  const copies = (['stream', 'future'] as const).flatMap((what) =>
    (['read', 'write'] as const).flatMap((way) => {
      const progress = what === 'stream' ? ['completed with progress', 'dropped with progress'] : [];
      const dropped = what === 'stream' || way === 'write' ? ['dropped'] : [];
      const ends = ['completed', ...dropped, ...progress];
      const late = rules === 'corrected' ? 'cancelled with progress' : 'completed with progress';
      const cancelled = ['cancelled', what === 'stream' ? late : 'completed', ...dropped];
      return [
        ...ends.map((end) => `${what}.${way}: ${end}`),
        ...[...ends.slice(0, what === 'stream' ? 3 : 2), 'blocked'].map((end) => `${what}.${way}-async: ${end}`),
        ...cancelled.flatMap((end) => [`${what}.cancel-${way}: ${end}`, `${what}.cancel-${way}-async: ${end}`]),
      ];
    }),
  );
  const streams = ['completed', 'completed with progress', 'dropped', 'dropped with progress'];
  const events = [
    ...['stream-read', 'stream-write'].flatMap((end) => streams.map((result) => `${end} ${result}`)),
    ...['future-read completed', 'future-write completed', 'future-write dropped'],
    ...['started', 'returned', 'cancelled-before-returned'].map((state) => `subtask ${state}`),
  ];
  const subtasks = ['returned', 'cancelled-before-started', 'cancelled-before-returned'];
  const calls = FUNCS.flatMap(({ name, flavour }) => [
    `call of ${name}`,
    ...(flavour === 'sync' ? [] : [`call-async of ${name}`]),
  ]);
  return [
    ...OPS.filter((op) => !['finish', 'trap', 'throw', 'task.return.u32-utf16'].includes(op)),
    ...Object.keys(TRAPS).map((name) => `trap: ${name}`),
    ...SITUATIONS,
    ...(rules === 'corrected' ? ['enter: the holder of the lock goes on first'] : []),
    ...copies,
    ...events.flatMap((event) => ['callback', 'set.wait', 'set.poll'].map((via) => `${via}: ${event}`)),
    ...['callback', 'set.wait-cancellable', 'set.poll-cancellable'].map((via) => `${via}: task-cancelled`),
    ...['callback', 'set.poll'].map((via) => `${via}: none`),
    ...[...subtasks, 'blocked'].map((end) => `subtask.cancel-async: ${end}`),
    ...subtasks.map((end) => `subtask.cancel: ${end}`),
    ...SUBTASK_STATE.slice(0, 3).map((state) => `call-async: ${state}`),
    ...OPS.filter((op) => op.startsWith('thread.') && op.endsWith('-cancellable')).map((op) => `${op}: cancelled`),
    ...calls,
    'host call: returned',
    'host call: cancelled',
    'ends with calls that wait',
    'ends with all calls done',
    'dtor',
    'thread',
  ];
}
