/**
 * Schedules that were once carried out otherwise than the specification says: found by `scripts/model-check.ts`, and made small. The model
 * of `test/model` judges them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compareSchedule } from '../model/schedules/compare.ts';
import type { Schedule } from '../model/schedules/schedule.ts';
import { TenonSubject } from '../support/model-driver.ts';

interface Regression {
  readonly name: string;
  readonly schedule: Schedule;
}

const regressions = JSON.parse(
  readFileSync(join(import.meta.dirname, '../model/fixtures/regressions.json'), 'utf8'),
) as readonly Regression[];

for (const mode of ['generated', 'interpreted'] as const) {
  describe(`schedules that went wrong once (${mode})`, () => {
    const subject = new TenonSubject({ mode });
    for (const { name, schedule } of regressions) {
      test(name, async () => assert.equal(await compareSchedule(subject, schedule), undefined));
    }
  });
}
