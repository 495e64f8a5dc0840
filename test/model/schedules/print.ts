/** Schedules and traces for people. */
import type { Command, HostStep, Schedule, TraceRecord } from './schedule.ts';
import { FUNCS } from './world.ts';

const EVENT = ['none', 'subtask', 'stream-read', 'stream-write', 'future-read', 'future-write', 'task-cancelled'];

export function printCommand({ op, args, to }: Command): string {
  const isCall = op.startsWith('call');
  const callee =
    isCall && args[0] === 0
      ? ['the host']
      : isCall
        ? [`instance ${Number(args[0]) - 1}`, FUNCS[Number(args[1])]?.name]
        : [];
  const shown = [...callee, ...(isCall ? args.slice(2) : args)].map((arg) =>
    typeof arg === 'number' && arg >= 1024 ? `0x${arg.toString(16)}` : arg,
  );
  return `${op}${shown.length > 0 ? ` ${shown.join(' ')}` : ''}${to === undefined ? '' : ` -> s${to}`}`;
}

export function printHostStep(step: HostStep): string {
  switch (step.kind) {
    case 'call':
      return `call ${step.func} of instance ${step.instance} as ${step.label}${step.promised ? '' : ' (synchronously)'}`;
    case 'cancel':
      return `cancel ${step.label}`;
    case 'resolve':
      return `end the wait ${step.label}`;
    case 'settle':
      return 'let everything go on that can';
    default:
      return step satisfies never;
  }
}

export function printSchedule(schedule: Schedule): string {
  const { instances, prompt, seed } = schedule;
  const which = prompt === undefined ? '' : ` (${prompt === 'all' ? 'all' : 'children between'} prompt)`;
  const lines = [`${instances} instances${which}, made of seed ${seed}`];
  for (const [i, step] of schedule.host.entries()) lines.push(`host ${i}: ${printHostStep(step)}`);
  for (const [label, { argsTo, commands }] of Object.entries(schedule.scripts)) {
    lines.push(`${label}:${argsTo === undefined ? '' : ` arguments -> s${argsTo}`}`);
    for (const [i, command] of commands.entries()) lines.push(`  ${i}: ${printCommand(command)}`);
  }
  return lines.join('\n');
}

/** One record, with the step that it is the result of. */
export function printRecord(schedule: Schedule, record: TraceRecord): string {
  switch (record[0]) {
    case 'host': {
      const step = schedule.host[record[1]];
      return `host ${record[1]}: ${step === undefined ? '?' : printHostStep(step)}`;
    }
    case 'settled':
      return `settled: ${record[1].map(([label, value]) => `${label} = ${value}`).join(', ')}`;
    case 'show':
      return `  ${record[1]} shows ${record[2].replace(/(00)+$/, '...')}`;
    case 'result': {
      const [, label, step, ...values] = record;
      const command = schedule.scripts[label]?.commands[step];
      return `  ${label} ${command === undefined ? 'ends' : printCommand(command)} = ${values.map(printValue).join(' ')}`;
    }
    case 'callback':
      return `  ${record[1]} callback ${EVENT[record[2] ?? 0]} ${record.slice(3).map(printValue).join(' ')}`;
    default:
      return `  ${record[1]} ${record[0]} ${record.slice(2).map(printValue).join(' ')}`;
  }
}

function printValue(value: unknown): string {
  return value === 0xffff_ffff ? 'BLOCKED' : String(value);
}

export function printTrace(schedule: Schedule, trace: readonly TraceRecord[]): string {
  return trace.map((record) => printRecord(schedule, record)).join('\n');
}
