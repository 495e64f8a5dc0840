/** Makes a schedule that fails as small as it can be and still fail. */
import type { Command, HostStep, Schedule, Script } from './schedule.ts';

/** Whether a schedule still fails. */
export type Fails = (schedule: Schedule) => Promise<boolean>;

/** Leaves out whatever can be left out. Stops after `tries` attempts at the latest. */
export async function shrink(schedule: Schedule, fails: Fails, tries = 2000): Promise<Schedule> {
  const state = { smallest: schedule, left: tries };
  const attempt = async (candidate: Schedule): Promise<boolean> => {
    if (!isSettled(candidate.host) || state.left-- <= 0 || !(await fails(candidate))) return false;
    state.smallest = candidate;
    return true;
  };
  for (let before: Schedule | undefined; before !== state.smallest && state.left > 0; ) {
    before = state.smallest;
    await shorten(
      () => state.smallest.host,
      (host) => attempt({ ...state.smallest, host: host as readonly HostStep[] }),
    );
    for (const label of Object.keys(state.smallest.scripts).reverse()) {
      await attempt({ ...state.smallest, scripts: without(state.smallest.scripts, label) });
      await shorten(
        () => state.smallest.scripts[label]?.commands ?? [],
        (commands) => attempt(withCommands(state.smallest, label, commands as readonly Command[])),
      );
    }
    const instances = Math.max(2, usedInstances(state.smallest));
    if (instances < state.smallest.instances) await attempt({ ...state.smallest, instances });
  }
  return state.smallest;
}

/** Leaves out runs of elements, first long ones, then single ones. */
async function shorten<T>(
  current: () => readonly T[],
  attempt: (shorter: readonly T[]) => Promise<boolean>,
): Promise<void> {
  for (let length = Math.ceil(current().length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
    for (let at = current().length - length; at >= 0; at -= length) {
      await attempt(current().filter((_, i) => i < at || i >= at + length));
    }
  }
}

/** What the host answers comes when all has settled, and settles: when it does does not matter then. */
function isSettled(host: readonly HostStep[]): boolean {
  const settles = (i: number): boolean => host[i]?.kind === 'settle';
  return host.every(({ kind }, i) => kind !== 'resolve' || (settles(i - 1) && settles(i + 1)));
}

/** How many instances a schedule mentions, those before the last included. */
function usedInstances({ host, scripts }: Schedule): number {
  const called = host.map((step) => (step.kind === 'call' ? step.instance + 1 : 0));
  const calls = Object.values(scripts).flatMap(({ commands }) => commands.filter(({ op }) => op.startsWith('call')));
  return Math.max(0, ...called, ...calls.map(({ args }) => Number(args[0])));
}

function without(scripts: Schedule['scripts'], label: string): Schedule['scripts'] {
  return Object.fromEntries(Object.entries(scripts).filter(([each]) => each !== label));
}

function withCommands(schedule: Schedule, label: string, commands: readonly Command[]): Schedule {
  const script: Script = { ...schedule.scripts[label], commands };
  return { ...schedule, scripts: { ...schedule.scripts, [label]: script } };
}
