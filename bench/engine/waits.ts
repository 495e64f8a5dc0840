/**
 * What a wait for a promise of the host's costs as the engine does it, and what each thing adds that a runtime needs around it, in one
 * run: `node bench/engine/waits.ts`. docs/engine.md has the last results and what follows from them.
 */
import { parseText } from '../../src/text/parse.ts';

type Fn = (...args: unknown[]) => unknown;
type AsyncFn = (n: number) => Promise<unknown>;

interface Jspi {
  readonly Suspending: new (f: Fn) => WebAssembly.ImportValue;
  readonly promising: (f: unknown) => AsyncFn;
}

const { Suspending, promising } = WebAssembly as unknown as Jspi;
const STEP = 200;

/** Waits `n` times in the import `wait`. */
const DIRECT = `(module
  (import "h" "wait" (func $wait (param i32) (result i32)))
  (func (export "loop") (param $n i32) (result i32) (local $x i32)
    (loop $l
      (local.set $x (i32.add (local.get $x) (call $wait (local.get $n))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x)))`;

/** The same, but a function of the host's may answer at once, and only where it sets a word there is a wait. */
const BEHIND_SHIM = `(module
  (import "h" "enter" (func $enter (param i32) (result i32)))
  (import "h" "wait" (func $wait (result i32)))
  (import "h" "go-on" (func $go-on (param i32) (result i32)))
  (memory (export "words") 1)
  (func $shim (param i32) (result i32) (local $x i32)
    (local.set $x (call $enter (local.get 0)))
    (if (i32.load (i32.const 0)) (then (local.set $x (call $go-on (call $wait)))))
    (local.get $x))
  (func (export "loop") (param $n i32) (result i32) (local $x i32)
    (loop $l
      (local.set $x (i32.add (local.get $x) (call $shim (local.get $n))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x)))`;

function instance(text: string, h: WebAssembly.ModuleImports): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(parseText(text).bytes), { h }).exports;
}

type Host = (x: number) => Promise<number>;

function bare(host: Host): AsyncFn {
  return promising(instance(DIRECT, { wait: new Suspending(host as Fn) })['loop']);
}

/** With a job of ours before the stack goes on, where the promise settles with what a job answers. */
function jobBefore(host: Host): AsyncFn {
  const answered = (value: number): number => value;
  return promising(instance(DIRECT, { wait: new Suspending(((x: number) => host(x).then(answered)) as Fn) })['loop']);
}

/** The stack waits for a promise of ours, which can be settled without the host's: so a stack can be ended. */
function ownPromise(host: Host): AsyncFn {
  const wait = (x: number): Promise<number> =>
    new Promise((resolve) => {
      host(x).then((value) => resolve(value));
    });
  return promising(instance(DIRECT, { wait: new Suspending(wait as Fn) })['loop']);
}

/** And with a job right after the stack went on, in which a trap is seen before anybody else can enter what has trapped. */
function jobAfter(host: Host): AsyncFn {
  const now = Promise.resolve();
  const state = { isGoing: true };
  const after = (): void => {
    state.isGoing = false;
  };
  const wait = (x: number): Promise<number> =>
    new Promise((resolve) => {
      host(x).then((value) => {
        resolve(value);
        now.then(after);
      });
    });
  return promising(instance(DIRECT, { wait: new Suspending(wait as Fn) })['loop']);
}

/** And where the host may also answer at once, which costs two more calls. */
function skeleton(host: Host): AsyncFn {
  const now = Promise.resolve();
  let going = 0;
  let value = 0;
  let resolve: (token: number) => void = () => {};
  let words = new Int32Array(0);
  const after = (): void => {
    going = 0;
  };
  const answered = (answer: number): void => {
    value = answer;
    going = 1;
    resolve(1);
    now.then(after);
  };
  const enter = (x: number): number => {
    host(x).then(answered, answered);
    words[0] = 1;
    return 0;
  };
  const wait = (): Promise<number> => {
    words[0] = 0;
    return new Promise((done) => {
      resolve = done;
    });
  };
  const exports = instance(BEHIND_SHIM, {
    enter: enter as Fn,
    wait: new Suspending(wait as Fn),
    'go-on': ((token: number) => (token === going ? value : 0)) as Fn,
  });
  words = new Int32Array((exports['words'] as WebAssembly.Memory).buffer);
  return promising(exports['loop']);
}

const CASES = { bare, jobBefore, ownPromise, jobAfter, skeleton };

/** Of each its own, so that the engine learns nothing of one from another. */
function host(source: string): Host {
  return new Function(`return ${source}`)() as Host;
}

async function measure(source: string, waits: number): Promise<void> {
  const cases = Object.entries(CASES).map(([name, make]) => ({
    name,
    loop: make(host(source)),
    times: [] as number[],
  }));
  for (let round = -10; round < 30; round++) {
    for (const { loop, times } of cases) {
      const begin = performance.now();
      for (let i = 0; i < waits; i += STEP) await loop(STEP);
      if (round >= 0) times.push(((performance.now() - begin) * 1e6) / waits);
    }
  }
  console.log(source);
  let first = 0;
  for (const { name, times } of cases) {
    const ns = times.sort((a, b) => a - b)[times.length >> 1]!;
    first ||= ns;
    console.log(`  ${name.padEnd(12)} ${ns.toFixed(0).padStart(6)} ns  ${(ns / first).toFixed(2)} times bare`);
  }
}

await measure('(x) => new Promise((done) => setImmediate(done, x))', 3_000);
await measure('(x) => Promise.resolve(x)', 20_000);
