/** The tests of one group of guests: one test a case, compared with the recorded outcome as text. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type CaseSpec, expectedFile, type Guest, loadManifest, prepare } from './cases.ts';
import { masked, type Outcome, printOutcome, withoutDenials, withoutReport } from './outcome.ts';
import { locate } from './recipes.ts';
import { runTenon } from './tenon.ts';

/** Declares the tests of the guests that `choose` takes; `missing` is why they cannot run, if they cannot. */
export function guestTests(choose: (guest: Guest) => boolean, missing?: string): void {
  for (const [name, guest] of Object.entries(loadManifest().guests)) {
    if (!choose(guest)) {
      continue;
    }
    describe(name, { concurrency: 2 }, () => {
      for (const [caseName, spec] of Object.entries(guest.cases)) {
        test(`${name}: ${caseName}`, missing === undefined ? {} : { skip: missing }, async () => {
          await check(guest, name, caseName, spec);
        });
      }
    });
  }
}

async function check(guest: Guest, guestName: string, name: string, spec: CaseSpec): Promise<void> {
  const recorded = expectedFile(guestName, name);
  assert.ok(existsSync(recorded), `no recorded outcome: run test/guests/record.ts ${guestName}`);
  const expected = decide(readFileSync(recorded, 'utf8'), spec);
  const prepared = prepare(spec);
  try {
    const outcome = masked(withoutDenials(await runTenon(await locate(guest.source), prepared)), guest.mask);
    if (outcome.exit === 'trap') {
      assert.match(outcome.stderr.toString(), /\S/, 'a trap is reported on standard error');
    }
    assert.equal(printOutcome(withoutReport(expected, outcome)), expected);
  } finally {
    prepared.done();
  }
}

/** The peer's outcome, with the exit that Tenon decided to have instead. */
function decide(recorded: string, spec: CaseSpec): string {
  const exit: Outcome['exit'] | undefined = spec.decided?.exit;
  return exit === undefined ? recorded : recorded.replace(/^exit .*/, `exit ${exit}`);
}
