/**
 * The model against recordings of the specification's own executable definition (definitions.py of pull request #705): the same schedules,
 * with the choices that the definition made.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { check, type Observed, repeat } from './schedules/check.ts';
import type { Choice } from './schedules/choices.ts';
import { reached, required } from './schedules/coverage.ts';
import { printSchedule } from './schedules/print.ts';
import type { Schedule, TraceRecord } from './schedules/schedule.ts';
import type { TrapName } from './trap.ts';

/** What the definition did with a schedule: `trap` is the function of the definition that trapped, or `guest`. */
interface Recorded {
  readonly schedule: Schedule;
  readonly choices: readonly Choice[];
  readonly trace: readonly TraceRecord[];
  readonly trap?: string;
  readonly pending: readonly number[];
}

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures/definition.json'), 'utf8'),
) as readonly Recorded[];

/** In which functions of the definition each trap is. */
const WHERE: Readonly<Record<TrapName, readonly string[]>> = {
  'cannot-leave': [
    'canon_waitable_set_new',
    'canon_thread_yield',
    'canon_task_return',
    'canon_resource_drop',
    'thread_func',
  ],
  'would-block': ['canon_lift'],
  'callback-code': ['unpack_callback_result'],
  'task-unresolved': ['unregister_thread'],
  'task-return-sync': ['canon_task_return'],
  'task-return-type': ['canon_task_return'],
  'task-return-options': ['canon_task_return'],
  'task-return-resolved': ['return_'],
  'task-cancel-sync': ['canon_task_cancel'],
  'task-cancel-undelivered': ['cancel'],
  'borrows-remain': ['return_', 'cancel'],
  'uncaught-exception': ['guest'],
  backpressure: ['canon_backpressure_inc', 'canon_backpressure_dec'],
  unreachable: ['guest'],
  'unknown-handle': ['get'],
  'not-a-resource': ['canon_resource_drop', 'canon_resource_rep', 'lift_own', 'lift_borrow'],
  'wrong-resource': ['canon_resource_drop', 'canon_resource_rep', 'lift_own', 'lift_borrow'],
  'handle-lent': ['canon_resource_drop', 'lift_own'],
  'not-owned': ['lift_own'],
  'not-a-set': [
    'canon_waitable_set_wait',
    'canon_waitable_set_poll',
    'canon_waitable_set_drop',
    'canon_waitable_join',
    'thread_func',
  ],
  'not-a-waitable': ['canon_waitable_join'],
  'waited-synchronously': ['canon_waitable_join'],
  'set-not-empty': ['drop'],
  'set-has-waiters': ['drop'],
  'in-set': ['stream_copy', 'future_copy', 'cancel_copy', 'canon_subtask_cancel'],
  'not-a-subtask': ['canon_subtask_cancel', 'canon_subtask_drop'],
  'subtask-resolved': ['canon_subtask_cancel'],
  'subtask-cancel-twice': ['canon_subtask_cancel'],
  'subtask-unresolved': ['drop'],
  'not-this-end': ['stream_copy', 'future_copy', 'cancel_copy', 'drop', 'lift_async_value'],
  'element-type': ['stream_copy', 'future_copy', 'cancel_copy', 'drop', 'lift_async_value'],
  'end-busy': ['stream_copy', 'future_copy'],
  'stream-read-done': ['stream_copy'],
  'stream-write-done': ['stream_copy'],
  'future-read-done': ['future_copy'],
  'future-write-done': ['future_copy'],
  'not-copying': ['cancel_copy'],
  'same-instance': ['read', 'write'],
  'drop-busy': ['drop'],
  'future-unwritten': ['drop'],
  'lift-busy': ['lift_async_value'],
  'lift-stream-done': ['lift_async_value'],
  'lift-future-done': ['lift_async_value'],
  'lift-stream-in-set': ['lift_async_value'],
  'lift-future-in-set': ['lift_async_value'],
  'buffer-too-long': ['__init__'],
  'buffer-unaligned': ['__init__'],
  'buffer-out-of-bounds': ['__init__'],
  'unknown-thread': ['get'],
  'thread-not-suspended': [
    'canon_thread_resume_later',
    'canon_thread_suspend_then_resume',
    'canon_thread_yield_then_resume',
  ],
  'thread-function-absent': ['get'],
  'thread-function-type': ['canon_thread_new_indirect'],
  'pointer-unaligned': ['lift_flat_values', 'load_list_from_range'],
  'pointer-out-of-bounds': ['lift_flat_values'],
  'content-out-of-bounds': ['load_string_from_range', 'load_list_from_range'],
  'invalid-utf8': ['load_string_from_range'],
  'invalid-case': ['lift_flat_variant'],
  'not-an-error-context': ['canon_error_context_debug_message', 'canon_error_context_drop'],
};

function observed({ trace, trap, choices }: Recorded): Observed {
  const messages = choices.filter(([kind]) => kind === 'message').map(([, , chosen]) => chosen);
  return {
    trace,
    trap: trap === undefined ? undefined : { message: trap, fits: (name) => WHERE[name].includes(trap) },
    keepsMessage: messages[0] === 1,
  };
}

function shown({ schedule }: Recorded): string {
  return printSchedule(schedule);
}

describe("the model does what the specification's definition was recorded to do", () => {
  for (const each of recorded) {
    test(`seed ${each.schedule.seed}, with the same choices`, () => {
      const { trace, outcome } = repeat(each.schedule, each.choices, 'text');
      assert.deepEqual(trace, each.trace, shown(each));
      assert.deepEqual([...outcome.pending].sort(), [...each.pending].sort(), shown(each));
      assert.equal(outcome.trap === undefined, each.trap === undefined, shown(each));
      if (outcome.trap !== undefined && each.trap !== undefined)
        assert.ok(WHERE[outcome.trap].includes(each.trap), shown(each));
    });
  }

  test('everything that schedules can reach is in the recordings', () => {
    const found = new Set(
      recorded.flatMap(({ schedule, choices }) => {
        const { trace, outcome, saw } = repeat(schedule, choices, 'text');
        return [...reached(schedule, trace, outcome, saw)];
      }),
    );
    assert.deepEqual(
      required('text').filter((item) => !found.has(item)),
      [],
    );
  });
});

describe('a check', () => {
  test('allows what the definition did, knowing nothing of its choices', () => {
    for (const each of recorded)
      assert.equal(check(each.schedule, observed(each), 'text').kind, 'allowed', shown(each));
  });

  test('refuses a result that is another', () => {
    let tried = 0;
    for (const each of recorded) {
      for (const [i, record] of each.trace.entries()) {
        if (i % 8 !== 0) continue;
        if (record[0] !== 'result' && record[0] !== 'callback') continue;
        const at = record[0] === 'result' ? 3 : 2;
        const wrong = record.map((value, j) => (j === at ? (value as number) + 1 : value)) as unknown as TraceRecord;
        const verdict = check(each.schedule, { ...observed(each), trace: each.trace.with(i, wrong) }, 'text');
        assert.notEqual(verdict.kind, 'allowed', `record ${i} of\n${shown(each)}`);
        tried++;
      }
    }
    assert.ok(tried > 150, `${tried} results`);
  });

  test('refuses a trace that ends early, or without its trap, or with another', () => {
    for (const each of recorded) {
      const real = observed(each);
      const last = each.trace.findLastIndex(([kind]) => kind !== 'host' && kind !== 'settled');
      // A trap may come earlier, where the thread that it comes from could have gone on earlier.
      const early = check(each.schedule, { ...real, trace: each.trace.filter((_, i) => i !== last) }, 'text');
      if (real.trap === undefined) assert.notEqual(early.kind, 'allowed', shown(each));
      const trap = real.trap === undefined ? { message: 'a trap', fits: () => true } : undefined;
      assert.notEqual(check(each.schedule, { ...real, trap }, 'text').kind, 'allowed', shown(each));
      if (real.trap === undefined) continue;
      const other = { message: 'another', fits: () => false };
      assert.notEqual(check(each.schedule, { ...real, trap: other }, 'text').kind, 'allowed', shown(each));
    }
  });
});
