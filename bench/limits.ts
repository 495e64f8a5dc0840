/**
 * What limits of time and fuel cost a guest that computes, alternating in one run, and how long after its limit a guest is ended:
 * `node bench/limits.ts`. docs/limits.md has the last results.
 */
import { Component, type InstancePre, LimitError, Linker, type LinkOptions } from '../src/node.ts';
import { parseText } from '../src/text/text.ts';

const FORMS: Readonly<Record<string, LinkOptions>> = {
  none: {},
  'limits.cpu': { limits: { cpu: 600_000 } },
  'limits.fuel': { limits: { fuel: 1n << 60n } },
};

/** Core functions `f` that compute for some milliseconds. */
const GUESTS: Readonly<Record<string, string>> = {
  'a loop that sums memory': `(memory 4) (func (export "f") (result i32) (local $i i32) (local $s i32)
    (loop $l
      (local.set $s (i32.add (local.get $s) (i32.load (i32.shl (i32.and (local.get $i) (i32.const 0x3fff)) (i32.const 2)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 10000000))))
    (local.get $s))`,
  'the sieve of Eratosthenes': `(memory 16) (func (export "f") (result i32) (local $i i32) (local $j i32) (local $n i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 1000000))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $i))) (then
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (local.set $j (i32.shl (local.get $i) (i32.const 1)))
        (block $done (loop $l
          (br_if $done (i32.ge_u (local.get $j) (i32.const 1000000)))
          (i32.store8 (local.get $j) (i32.const 1))
          (local.set $j (i32.add (local.get $j) (local.get $i)))
          (br $l)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 1000000))))
    (local.get $n))`,
  'Fibonacci numbers by calls': `(func $fib (param $n i32) (result i32)
      (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
        (then (local.get $n))
        (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1))) (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
    (func (export "f") (result i32) (call $fib (i32.const 28)))`,
  'nothing: the call alone, 10,000 times': '(func (export "f") (result i32) (i32.const 1))',
};

async function load(core: string): Promise<Component> {
  const text = `(component (core module $m ${core}) (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))`;
  return Component.load(parseText(text).bytes);
}

type Call = () => number;

function callOf(pre: InstancePre): Call {
  return pre.instantiate().exports['f'] as Call;
}

async function costs(name: string, core: string): Promise<void> {
  const component = await load(core);
  const times = name.startsWith('nothing') ? 10_000 : 1;
  const calls = new Map<string, Call>();
  for (const [form, options] of Object.entries(FORMS))
    calls.set(form, callOf(await new Linker().link(component, options)));
  const best = new Map<string, number>();
  for (let round = 0; round < 25; round++) {
    for (const [form, call] of calls) {
      const begin = performance.now();
      for (let i = 0; i < times; i++) call();
      const time = performance.now() - begin;
      if (round > 4) best.set(form, Math.min(best.get(form) ?? Number.POSITIVE_INFINITY, time));
    }
  }
  const bare = best.get('none')!;
  const cells = [...best].map(([form, time]) => {
    const each = times === 1 ? '' : ` (${Math.round((time * 1e6) / times)} ns)`;
    return `${form} ${(time / bare).toFixed(2)}${each}`;
  });
  console.log(`${name}: ${cells.join(', ')}`);
}

/** How long after its limit a guest is ended, in milliseconds. */
async function late(limit: number): Promise<void> {
  const pre = await new Linker().link(await load('(func (export "f") (result i32) (loop $l (br $l)) unreachable)'), {
    limits: { cpu: limit },
  });
  const over: number[] = [];
  for (let i = 0; i < 20; i++) {
    const call = callOf(pre);
    const begin = performance.now();
    try {
      call();
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
    }
    over.push(performance.now() - begin - limit);
  }
  over.sort((a, b) => a - b);
  console.log(
    `ended after a limit of ${limit} ms: median ${over[10]!.toFixed(1)} ms late, at most ${over[19]!.toFixed(1)} ms`,
  );
}

for (const [name, core] of Object.entries(GUESTS)) await costs(name, core);
for (const limit of [10, 100]) await late(limit);
