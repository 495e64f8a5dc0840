/**
 * Tenon against the model of `test/model`: a seeded few of the random schedules that `scripts/model-check.ts` carries out by the ten
 * thousand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinkError } from '../../src/index.ts';
import { compareSeed, newTally } from '../model/schedules/compare.ts';
import { TenonSubject } from '../support/model-driver.ts';

const SCHEDULES = 500;
const FIRST_SEED = 1_000_000;

const subject = new TenonSubject();

/** Why no schedule can be carried out, where this version cannot link asynchronous components. */
async function refusal(): Promise<string | false> {
  try {
    await subject.prepare({ instances: 2 });
    return false;
  } catch (error) {
    if (error instanceof LinkError && error.code === 'unsupported-async') return error.message;
    throw error;
  }
}

test(`${SCHEDULES} random schedules do what the specification allows`, { skip: await refusal() }, async () => {
  const tally = newTally();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
    const failure = await compareSeed(subject, seed, tally);
    if (failure !== undefined) assert.fail(failure.report);
  }
  assert.ok(tally.schedules > SCHEDULES * 0.95, `${tally.schedules} were judged`);
  assert.ok(tally.reached.size > 300, `${tally.reached.size} situations`);
});
