/** Schedules: the same for the same seed, rich enough, and made small where they fail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, type Observed, repeat } from './check.ts';
import { RandomChoices } from './choices.ts';
import { compareSeed, newTally } from './compare.ts';
import { reached, required } from './coverage.ts';
import { generate } from './generate.ts';
import { Random } from './random.ts';
import { runModel } from './run.ts';
import { Director, type Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';

test('a seed always gives the same schedule, which can be carried out again', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const first = generate(seed);
    assert.deepEqual(generate(seed).schedule, first.schedule);
    if (first.unspecified !== undefined) continue;
    const again = repeat(first.schedule, first.choices);
    assert.deepEqual(again.trace, first.trace);
    assert.deepEqual(again.outcome, first.outcome);
  }
});

test('a few schedules reach most of what many must reach', () => {
  const wanted = required();
  const found = new Set<string>();
  for (let seed = 1; seed <= 800; seed++) {
    const { schedule, trace, outcome, saw, unspecified } = generate(seed);
    if (unspecified === undefined) for (const item of reached(schedule, trace, outcome, saw)) found.add(item);
  }
  const absent = wanted.filter((item) => !found.has(item));
  assert.ok(absent.length < wanted.length / 12, `not reached: ${absent.join('; ')}`);
});

/** Carries schedules out with choices of its own, and reports a wrong handle for the second end of every new future. */
const faulty = {
  async run(schedule: Schedule): Promise<Observed> {
    const director = new Director(schedule);
    const { trap } = runModel(director, new RandomChoices(new Random(7)));
    const trace = director.trace.map((record) => {
      const op = record[0] === 'result' ? schedule.scripts[record[1]]?.commands[record[2]]?.op : undefined;
      if (record[0] !== 'result' || op?.startsWith('future.new') !== true) return record;
      return ['result', record[1], record[2], record[3] as number, (record[4] as number) + 1, 0] as const;
    });
    const observed = trap === undefined ? undefined : { message: trap, fits: (name: string) => name === trap };
    return { trace, trap: observed, keepsMessage: true };
  },
};

test('a schedule that fails is made as small as it can be', async () => {
  const fails = async (schedule: Schedule): Promise<boolean> =>
    check(schedule, await faulty.run(schedule)).kind === 'diverges';
  let seed = 1;
  while (!(await fails(generate(seed).schedule))) seed++;
  const small = await shrink(generate(seed).schedule, fails);
  for (const [label, script] of Object.entries(small.scripts)) {
    for (const i of script.commands.keys()) {
      const scripts = { ...small.scripts, [label]: { ...script, commands: script.commands.toSpliced(i, 1) } };
      assert.equal(await fails({ ...small, scripts }), false);
    }
  }
  const commands = Object.values(small.scripts).flatMap((script) => script.commands);
  assert.equal(commands.filter(({ op }) => !op.startsWith('call')).length, 1);
  assert.match(commands.at(-1)?.op ?? '', /^future\.new/);
  assert.equal(small.host.length, 1);
});

test('the report of a failure shows the schedule and what both did', async () => {
  const tally = newTally();
  let failure: Awaited<ReturnType<typeof compareSeed>>;
  for (let seed = 1; failure === undefined; seed++) failure = await compareSeed(faulty, seed, tally);
  assert.match(failure.report, /^\d instances, made of seed \d+\nhost 0: call /);
  assert.match(
    failure.report,
    /--- then the model: it does something else\n {2}\d+ future\.new\.\w+ -> s\d+ = 1 2 0\n/,
  );
  assert.match(failure.report, /--- and the other\n {2}\d+ future\.new\.\w+ -> s\d+ = 1 3 0\n/);
});
