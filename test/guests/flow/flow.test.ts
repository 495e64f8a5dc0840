/** Asynchronous components of public toolchains, linked to each other and called by the host. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LinkOptions } from '../../../src/index.ts';
import { objectCount } from '../../../src/runtime/object-handles.ts';
import { suspendedCount } from '../../../src/runtime/stack.ts';
import { answerOf, apart, type Join, type Linked, together } from './calls.ts';
import { flowMissing } from './make.ts';
import { NEVER, recorded, SUITES } from './recorded.ts';
import { complaints, streamApart } from './stream.ts';

const skip = flowMissing();

const JOINS: Readonly<Record<string, Join>> = { together, apart };
const MODES: readonly LinkOptions[] = [
  { mode: 'generated', trapOnDeadlock: true },
  { mode: 'interpreted', trapOnDeadlock: true },
];

/** What only a guest in the same store learns: a stream of another store that ends in a trap ends for its reader. */
const APART: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'critic-c': { 'breaks(100)': '"dropped after 100"', 'breaks(200000)': '"dropped after 200000"' },
  'critic-rust': {
    'breaks(0)': '"dropped after 0"',
    'breaks(100)': '"dropped after 100"',
    'breaks(200000)': '"dropped after 200000"',
  },
};

/** Same results; traps for the same reason, which one of the two may say at greater length. */
function same(answer: string, expected: string): boolean {
  if (expected === NEVER) return answer.startsWith('trap: deadlock detected: ');
  if (!expected.startsWith('trap: ')) return answer === expected;
  return answer.startsWith(expected) || (answer.startsWith('trap: ') && expected.startsWith(answer));
}

/** After a call that ended well nothing is left under way, and everybody lives. */
function settled({ instance, parts }: Linked, call: string): void {
  for (const guest of [instance, ...parts]) assert.equal(guest.alive, true, call);
}

for (const [joined, join] of Object.entries(JOINS)) {
  for (const options of MODES) {
    describe(`answers as recorded, ${joined}, ${options.mode}`, () => {
      for (const [name, { guests, calls }] of Object.entries(SUITES)) {
        // The interpreter says nothing more about bytes, and takes its time.
        if (options.mode === 'interpreted' && name.startsWith('pump')) continue;
        test(`${name}: ${guests.join(' with ')}`, { skip }, async () => {
          const answers = recorded(name);
          for (const call of calls) {
            const expected = (joined === 'apart' ? APART[name]?.[call] : undefined) ?? answers.get(call);
            assert.ok(expected !== undefined, `${call} is recorded`);
            const linked = await join(options, ...guests);
            const answer = await answerOf(linked, call);
            assert.ok(same(answer, expected), `${call}: expected ${expected}, found ${answer}`);
            if (!answer.startsWith('trap: ') && APART[name]?.[call] === undefined) settled(linked, call);
          }
        });
      }
    });
  }
}

describe('many calls of one instance, one after the other', () => {
  for (const [joined, join] of Object.entries(JOINS)) {
    test(`leave nothing behind: ${joined}`, { skip }, async () => {
      const linked = await join(MODES[0]!, 'rust-driver', 'rust-worker');
      const answers = recorded('driver');
      const calls = ['futures()', 'resources()', 'passed(40, "from hand to hand")', 'left(10, 4)', 'readings(10)'];
      let handles = 0;
      for (let round = 0; round < 30; round++) {
        for (const call of calls)
          assert.equal(await answerOf(linked, call), answers.get(call), `${call} of round ${round}`);
        // What the guests keep for themselves they have by then.
        if (round === 1) handles = objectCount();
      }
      // Fewer only where something of an earlier test was collected meanwhile; what this one left would be there 28 times.
      assert.ok(objectCount() <= handles, `${objectCount() - handles} handles are left`);
      assert.equal(suspendedCount(), 0);
      settled(linked, 'all');
    });
  }
});

describe('many calls of one instance at once', () => {
  // Those whose answers do not count what other calls do.
  const alone = /^(?:at-once|concurrent|answers|meetings|readings|describe|futures|passed|left|receive|send|join)/;
  for (const [joined, join] of Object.entries(JOINS)) {
    for (const name of ['driver', 'pump-rust-c', 'pump-c-rust', 'pump-js-c', 'pump-py']) {
      test(`${name}, ${joined}`, { skip }, async () => {
        const { guests, calls } = SUITES[name]!;
        const answers = recorded(name);
        const linked = await join({ trapOnDeadlock: true }, ...guests);
        const chosen = calls.filter((call) => alone.test(call));
        // Twice, so that no two that run at once are alike in order.
        const all = [...chosen, ...chosen.toReversed()];
        assert.ok(all.length >= 18);
        const found = await Promise.all(all.map((call) => answerOf(linked, call)));
        for (const [i, call] of all.entries()) assert.equal(found[i], answers.get(call), call);
        settled(linked, name);
      });
    }
  }
});

describe('two languages stream 64 MB at constant memory', { concurrency: 1 }, () => {
  for (const pair of ['rust:c', 'c+rust', 'js:c', 'rust+js']) {
    test(pair, { skip }, async () => {
      assert.deepEqual(complaints(await streamApart(pair, 64e6)), []);
    });
  }
});
