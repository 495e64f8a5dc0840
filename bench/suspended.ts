/**
 * What calls cost that wait: starts N of them, each on a suspended stack D guest frames deep, says how much memory they hold above what
 * the process held before, cancels all by one signal, and says what is left; three times over. What V8 took for stacks it keeps, and uses
 * again. With `--check` it fails above 120 MB for 10,000 calls.
 * Usage: node bench/suspended.ts [N [D]] [--check]
 */
import { getEventListeners } from 'node:events';
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

async function resident(): Promise<{ rss: number; heap: number }> {
  for (let i = 0; i < 4; i++) {
    gc();
    await turn();
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: rss / MB, heap: heapUsed / MB };
}

export interface Measured {
  /** Mebibytes above idle while all wait: of the process, and of JavaScript's objects alone. */
  readonly held: number;
  readonly heap: number;
  readonly suspended: number;
  /** What is still there when all have ended: stacks, objects behind handles, listeners on the signal, mebibytes of objects. */
  readonly left: {
    readonly suspended: number;
    readonly objects: number;
    readonly listeners: number;
    readonly heap: number;
  };
}

type Run = (depth: number, options: { signal: AbortSignal }) => Promise<number>;

/** Starts `count` calls `depth` deep, cancels them, and measures; after a first one, so that what is made once does not count. */
export async function measure(count: number, depth: number): Promise<Measured> {
  const component = await Component.load(parseText(text).bytes);
  using guest = await component.instantiate({ gate: () => new Promise(() => {}) });
  const run = guest.exports['run'] as Run;
  await cancelled(run, 1, depth);
  const objects = objectCount();
  const idle = await resident();
  const { signal, calls, abort } = start(run, count, depth);
  await turn();
  const suspended = suspendedCount();
  const full = await resident();
  abort();
  await allRejected(calls);
  const listeners = getEventListeners(signal, 'abort').length;
  const left = await resident();
  return {
    held: full.rss - idle.rss,
    heap: full.heap - idle.heap,
    suspended,
    left: { suspended: suspendedCount(), objects: objectCount() - objects, listeners, heap: left.heap - idle.heap },
  };
}

interface Started {
  readonly signal: AbortSignal;
  readonly calls: Promise<string>[];
  abort(): void;
}

function start(run: Run, count: number, depth: number): Started {
  const controller = new AbortController();
  const { signal } = controller;
  const one = (): Promise<string> =>
    run(depth, { signal }).then(
      () => 'ended',
      () => 'cancelled',
    );
  return { signal, calls: Array.from({ length: count }, one), abort: () => controller.abort() };
}

async function allRejected(calls: Promise<string>[]): Promise<void> {
  const outcomes = new Set(await Promise.all(calls.splice(0)));
  if (outcomes.size !== 1 || !outcomes.has('cancelled')) throw new Error('a call that was cancelled has ended');
  while (suspendedCount() > 0) await turn();
}

async function cancelled(run: Run, count: number, depth: number): Promise<void> {
  const { calls, abort } = start(run, count, depth);
  abort();
  await allRejected(calls);
}

if (import.meta.main) {
  const numbers = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
  const [count = 10_000, depth = 10] = numbers.map(Number);
  for (let round = 1; round <= 3; round++) {
    const { held, heap, suspended, left } = await measure(count, depth);
    console.log(
      `${suspended} calls wait, ${depth} frames deep: ${held.toFixed(0)} MB above idle, ${heap.toFixed(0)} MB of them objects; ` +
        `cancelled: ${left.suspended} stacks, ${left.objects} handles, ${left.listeners} listeners, ${left.heap.toFixed(1)} MB of objects left`,
    );
    if (process.argv.includes('--check') && held > (LIMIT * count) / 10_000) process.exitCode = 1;
  }
}
