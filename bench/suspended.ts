/**
 * What calls cost that wait: starts N of them, each on a suspended stack D guest frames deep, says how much memory they hold above what
 * the process held before, ends them by a signal, and says what is left. With `--check` it fails above 120 MB for 10,000 calls.
 * Usage: node --expose-gc bench/suspended.ts [N [D]] [--check]
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Component } from '../src/index.ts';
import { objectCount } from '../src/runtime/object-handles.ts';
import { suspendedCount } from '../src/runtime/stack.ts';
import { parseText } from '../src/text/parse.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const MB = 1024 * 1024;
const LIMIT = 120;

/** Calls itself `depth` times, then waits for the host; a sibling waits where it can be cancelled. */
const text = `
(component
  (import "gate" (func $gate async (result u32)))
  (core module $Mem (memory (export "mem") 1))
  (core instance $mem (instantiate $Mem))
  (core func $async (canon lower (func $gate) async (memory (core memory $mem "mem"))))
  (core func $new (canon waitable-set.new))
  (core func $drop (canon waitable-set.drop))
  (core func $join (canon waitable.join))
  (core func $wait (canon waitable-set.wait cancellable (memory (core memory $mem "mem"))))
  (core func $cancel (canon subtask.cancel))
  (core func $end (canon subtask.drop))
  (core func $return (canon task.return (result u32)))
  (core func $cancelled (canon task.cancel))
  (core module $M
    (import "" "mem" (memory 1))
    (import "" "gate" (func $gate (param i32) (result i32)))
    (import "" "new" (func $new (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "wait" (func $wait (param i32 i32) (result i32)))
    (import "" "cancel" (func $cancel (param i32) (result i32)))
    (import "" "end" (func $end (param i32)))
    (import "" "return" (func $return (param i32)))
    (import "" "cancelled" (func $cancelled))
    (func $deep (param $depth i32)
      (local $sub i32) (local $set i32)
      (if (i32.gt_s (local.get $depth) (i32.const 1))
        (then (call $deep (i32.sub (local.get $depth) (i32.const 1))))
        (else
          (local.set $sub (i32.shr_u (call $gate (i32.const 16)) (i32.const 4)))
          (local.set $set (call $new))
          (call $join (local.get $sub) (local.get $set))
          (if (i32.eq (call $wait (local.get $set) (i32.const 0)) (i32.const 6))
            (then
              (call $join (local.get $sub) (i32.const 0))
              (drop (call $cancel (local.get $sub)))
              (call $end (local.get $sub))
              (call $drop (local.get $set))
              (call $cancelled))
            (else
              (call $end (local.get $sub))
              (call $drop (local.get $set))
              (call $return (i32.load (i32.const 16))))))))
    (func (export "run") (param i32) (call $deep (local.get 0))))
  (core instance $m (instantiate $M (with "" (instance
    (export "mem" (memory $mem "mem")) (export "gate" (func $async)) (export "new" (func $new)) (export "drop" (func $drop))
    (export "join" (func $join)) (export "wait" (func $wait)) (export "cancel" (func $cancel)) (export "end" (func $end))
    (export "return" (func $return)) (export "cancelled" (func $cancelled))))))
  (func (export "run") async (param "depth" u32) (result u32) (canon lift (core func $m "run") async)))`;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function resident(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    gc();
    await turn();
  }
  return process.memoryUsage().rss / MB;
}

export interface Measured {
  /** Mebibytes above idle while all wait, and after all have ended. */
  readonly held: number;
  readonly left: number;
  readonly suspended: number;
  /** What was still there at the end: stacks, objects behind handles, listeners on the signal. */
  readonly after: { readonly suspended: number; readonly objects: number; readonly listeners: number };
  readonly aborted: number;
}

/** Starts `count` calls `depth` deep, and cancels them. */
export async function measure(count: number, depth: number): Promise<Measured> {
  const component = await Component.load(parseText(text).bytes);
  let aborted = 0;
  const gate = ({ signal }: { signal: AbortSignal }): Promise<number> => {
    signal.addEventListener('abort', () => aborted++, { once: true });
    return new Promise(() => {});
  };
  const guest = await component.instantiate({ gate });
  const run = guest.exports['run'] as (depth: number, options: { signal: AbortSignal }) => Promise<number>;
  const warm = new AbortController();
  const first = run(depth, { signal: warm.signal });
  warm.abort();
  await first.catch(() => {});
  await turn();
  aborted = 0;
  const objects = objectCount();
  const idle = await resident();
  const controllers = Array.from({ length: count }, () => new AbortController());
  const calls = controllers.map(({ signal }) => run(depth, { signal }).then(() => 'ended', () => 'rejected'));
  await turn();
  const suspended = suspendedCount();
  const held = (await resident()) - idle;
  for (const controller of controllers) controller.abort();
  const outcomes = new Set(await Promise.all(calls));
  if (outcomes.size !== 1 || !outcomes.has('rejected')) throw new Error('a call that was cancelled has ended');
  while (suspendedCount() > 0) await turn();
  const { getEventListeners } = await import('node:events');
  const listeners = controllers.reduce((sum, { signal }) => sum + getEventListeners(signal, 'abort').length, 0);
  const after = { suspended: suspendedCount(), objects: objectCount() - objects, listeners };
  calls.length = 0;
  controllers.length = 0;
  return { held, left: (await resident()) - idle, suspended, after, aborted };
}

if (import.meta.main) {
  const numbers = process.argv.slice(2).filter((word) => /^\d+$/.test(word)).map(Number);
  const [count = 10_000, depth = 10] = numbers;
  const { held, left, suspended, after, aborted } = await measure(count, depth);
  console.log(`${suspended} calls suspended, ${depth} frames deep: ${held.toFixed(0)} MB above idle`);
  console.log(
    `after all were cancelled: ${after.suspended} stacks, ${after.objects} handles, ${after.listeners} listeners, ${left.toFixed(0)} MB above idle; ${aborted} host calls told`,
  );
  if (process.argv.includes('--check') && held > (LIMIT * count) / 10_000) process.exitCode = 1;
}
