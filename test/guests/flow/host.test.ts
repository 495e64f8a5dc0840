/** The host calls asynchronous guests of public toolchains: signals, back-pressure, resources, errors, and who is there to the end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ComponentError, type LinkOptions, Trap } from '../../../src/index.ts';
import { objectCount } from '../../../src/runtime/object-handles.ts';
import { apart, type Linked } from './calls.ts';
import { type FlowGuest, flowMissing } from './make.ts';
import { expectedAnswer } from './stream.ts';

const skip = flowMissing();

type Call = (...args: readonly unknown[]) => Promise<unknown>;
type Functions = Readonly<Record<string, Call>>;

interface Job extends Disposable {
  step(turns: number): Promise<number>;
  steps(): Promise<number>;
}
interface Jobs {
  readonly Job: (new (name: string) => Job) & { merge(a: Job, b: Job, options?: object): Promise<Job> };
}
interface Counts {
  readonly begun: number;
  readonly finished: number;
  readonly dropped: number;
  readonly mostAtOnce: number;
  readonly jobs: number;
}
type Worker = Functions & Jobs & { countsNow(): Promise<Counts> };

async function linked<T>(
  name: FlowGuest,
  exported: string,
  options: LinkOptions,
): Promise<T & { readonly guest: Linked }> {
  const guest = await apart(options, name);
  return Object.assign(Object.create(guest.instance.promised[exported] as object) as T & object, { guest });
}

async function chunks<T>(stream: unknown): Promise<T[]> {
  const all: T[] = [];
  for await (const chunk of stream as ReadableStream<T>) all.push(chunk);
  return all;
}

const never = (): Promise<never> => new Promise(() => {});
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Lets guests and streams go on until `done`, or for a while. */
async function until(done: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let turns = 0; turns < 200; turns++) {
    if (await done()) return true;
    await sleep(1);
  }
  return false;
}

for (const mode of ['generated', 'interpreted'] as const) {
  describe(`the worker in Rust, ${mode}`, () => {
    const fresh = () => linked<Worker>('rust-worker', 'demo:flow/worker@0.1.0', { mode });

    test('a signal cancels a call under way: the guest drops it and goes on', { skip }, async () => {
      const worker = await fresh();
      const abort = new AbortController();
      const call = worker['hear']!(never(), { signal: abort.signal });
      assert.ok(await until(async () => (await worker.countsNow()).begun === 1));
      abort.abort(new Error('enough'));
      await assert.rejects(call, { message: 'enough' });
      assert.ok(await until(async () => (await worker.countsNow()).dropped === 1));
      assert.equal(await worker['hear']!(Promise.resolve(9)), 9);
      const { begun, finished, dropped } = await worker.countsNow();
      assert.deepEqual([begun, finished, dropped], [2, 1, 1]);
    });

    test('a signal before the call, and after it', { skip }, async () => {
      const worker = await fresh();
      await assert.rejects(worker['turns']!(1, 1, { signal: AbortSignal.abort('no') }), (why) => why === 'no');
      assert.equal((await worker.countsNow()).begun, 0);
      const abort = new AbortController();
      assert.equal(await worker['turns']!(2, 1, { signal: abort.signal }), 2);
      abort.abort();
      assert.equal(await worker['turns']!(3, 1), 3);
      assert.deepEqual(await worker.countsNow(), { begun: 2, finished: 2, dropped: 0, mostAtOnce: 1, jobs: 0 });
    });

    test('a signal while back-pressure keeps the call out: it never begins, and its arguments are the host’s', {
      skip,
    }, async () => {
      const worker = await fresh();
      const [a, b] = [await new worker.Job('a'), await new worker.Job('b')];
      await worker['hold']!(true);
      const abort = new AbortController();
      const call = worker.Job.merge(a, b, { signal: abort.signal });
      await sleep(5);
      abort.abort('never mind');
      await assert.rejects(call, (why) => why === 'never mind');
      await worker['hold']!(false);
      assert.deepEqual([await a.steps(), await b.steps()], [0, 0]);
      const both = await worker.Job.merge(a, b);
      assert.equal((await worker.countsNow()).jobs, 1);
      both[Symbol.dispose]();
      assert.equal((await worker.countsNow()).jobs, 0);
    });

    test('a thousand calls at once, a third of them cancelled', { skip }, async () => {
      const worker = await fresh();
      const before = objectCount();
      const calls = Array.from({ length: 999 }, (_, i) => {
        const abort = new AbortController();
        const call = worker['turns']!(i, 3, { signal: abort.signal });
        if (i % 3 === 0) abort.abort(i);
        return call;
      });
      for (const [i, outcome] of (await Promise.allSettled(calls)).entries())
        assert.deepEqual(outcome, i % 3 === 0 ? { status: 'rejected', reason: i } : { status: 'fulfilled', value: i });
      assert.ok(
        await until(async () => {
          const { begun, finished, dropped } = await worker.countsNow();
          return finished === 666 && begun === finished + dropped;
        }),
      );
      assert.ok(await until(() => objectCount() === before), `${objectCount()} handles, ${before} before`);
    });

    test('calls inside the guest wait for each other', { skip }, async () => {
      const worker = await fresh();
      const meeting = Promise.all([3, 1, 2].map((id) => worker['meet']!(id)));
      await sleep(2);
      await worker['open']!();
      assert.deepEqual(await meeting, [3, 1, 2]);
    });

    test('errors: of results in futures, both ways', { skip }, async () => {
      const worker = await fresh();
      const later = async (text: string, turns: number): Promise<unknown> => worker['later']!(text, turns);
      assert.deepEqual(await later('größe', 2), { tag: 'ok', val: 'GRÖSSE' });
      assert.deepEqual(await later('', 0), { tag: 'err', val: { tag: 'empty' } });
      assert.deepEqual(await later('!x', 1), { tag: 'err', val: { tag: 'unwanted', val: '!x' } });
      assert.deepEqual(await later('late', 4), { tag: 'err', val: { tag: 'late', val: 4 } });
      const settle = worker['settle']!;
      assert.equal(await settle(sleep(2, { tag: 'ok', val: 'fine' })), 'ok fine');
      assert.equal(await settle({ tag: 'err', val: { tag: 'late', val: 3 } }), 'late 3');
      // A promise that is rejected with an error of the type is that error; any other is the host's failure.
      assert.equal(await settle(Promise.reject(new ComponentError({ tag: 'empty' }))), 'empty');
      await assert.rejects(
        settle(Promise.reject(new Error('lost'))),
        (e) => e instanceof Trap && /: lost/.test(e.reason),
      );
      assert.equal(worker.guest.instance.alive, false);
    });

    test('the guest’s own future comes back to it through the host', { skip }, async () => {
      const worker = await fresh();
      assert.equal(await worker['settle']!(worker['later']!('own', 1)), 'ok OWN');
    });

    test('resources: lent to calls at once, moved, and in a stream', { skip }, async () => {
      const worker = await fresh();
      const [first, second] = [await new worker.Job('first'), await new worker.Job('second')];
      assert.deepEqual(await Promise.all([first.step(3), worker['look']!(first, 9), second.step(2)]), [
        3,
        'first 3',
        2,
      ]);
      const both = await worker.Job.merge(first, second);
      await assert.rejects(async () => first.steps(), { code: 'handle-gone' });
      assert.equal(await worker['finish']!(both), 'first+second finished');
      const names = ['a', 'ü', 'c'];
      const jobs = (await chunks<Job[]>(await worker['jobs']!(names))).flat();
      assert.equal((await worker.countsNow()).jobs, 3);
      assert.deepEqual(await Promise.all(jobs.map((job) => worker['look']!(job, 1))), ['a 0', 'ü 0', 'c 0']);
      for (const job of jobs) job[Symbol.dispose]();
      assert.equal((await worker.countsNow()).jobs, 0);
    });

    test('a stream of resources that is not read to its end leaves none', { skip }, async () => {
      const worker = await fresh();
      const stream = (await worker['jobs']!(['a', 'b', 'c', 'd'])) as ReadableStream<Job[]>;
      const reader = stream.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      for (const job of value!) job[Symbol.dispose]();
      assert.ok(await until(async () => (await worker.countsNow()).jobs === 0));
    });

    test('records in streams, both ways', { skip }, async () => {
      const worker = await fresh();
      const readings = (await chunks<object[]>(await worker['readings']!(3))).flat();
      const expected = [
        { at: 0n, name: '', values: new Float32Array([]), note: undefined },
        { at: 2n ** 32n + 1n, name: 'é', values: new Float32Array([0.5]), note: 'note 1' },
        { at: 2n ** 33n + 2n, name: 'éé', values: new Float32Array([0.5, 1.5]), note: undefined },
      ];
      assert.deepEqual(readings, expected);
      async function* one(): AsyncGenerator<unknown> {
        for (const reading of readings) yield [reading];
      }
      const lines = ['0  [] -', '4294967297 é [0.5] note 1', '8589934594 éé [0.5, 1.5] -'];
      assert.deepEqual(await worker['describe']!(one()), lines);
      assert.deepEqual(await worker['describe']!(readings), lines);
      // Handed back unread the guest would copy from itself, which only numbers may.
      const own = worker['readings']!(3).then(worker['describe']!);
      await assert.rejects(own, { code: 'same-instance-copy' });
    });

    test('a stream goes through a guest untouched, as often as one likes', { skip }, async () => {
      const worker = await fresh();
      async function* source(): AsyncGenerator<Uint8Array> {
        for (const text of ['grü', 'ße ', 'an alle']) yield utf8(text);
      }
      let stream = await worker['pass']!(source());
      for (let i = 0; i < 20; i++) stream = await worker['pass']!(stream);
      assert.equal(Buffer.concat(await chunks<Uint8Array>(stream)).toString(), 'grüße an alle');
    });

    test('a guest learns how much of its stream was read', { skip }, async () => {
      const worker = await fresh();
      const [stream, rest] = (await worker['counting']!(50_000)) as [ReadableStream<Uint32Array>, Promise<number>];
      const reader = stream.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      assert.deepEqual([value?.[0], value?.at(-1)], [0, value!.length - 1]);
      assert.equal(await rest, 50_000 - value!.length);
    });
  });
}

const SOURCES: readonly FlowGuest[] = ['rust-source', 'c-source', 'js-source'];
const SINKS: readonly FlowGuest[] = ['rust-sink', 'c-sink', 'js-sink'];

describe('bytes between the host and guests of three languages', () => {
  const source = (name: FlowGuest) => linked<Functions>(name, 'demo:flow/source@0.1.0', {});
  const sink = (name: FlowGuest) => linked<Functions>(name, 'demo:flow/sink@0.1.0', {});
  const answer = ({ size, sum }: { size: bigint; sum: bigint }): string =>
    `"${size} bytes, sum ${sum.toString(16).padStart(8, '0')}"`;

  for (const [i, from] of SOURCES.entries()) {
    const to = SINKS[(i + 1) % SINKS.length]!;
    test(`${from} to the host to ${to}`, { skip }, async () => {
      const [{ bytes }, { 'digest-of': digestOf }] = [await source(from), await sink(to)];
      for (const [size, piece] of [
        [0, 1],
        [1, 1],
        [100_001, 997],
        [1_000_000, 65_536],
      ] as const) {
        // Once handed on unread, once read and written by the host.
        const direct = (await digestOf!(await bytes!(BigInt(size), piece))) as { size: bigint; sum: bigint };
        assert.equal(answer(direct), expectedAnswer(size));
        const through = await bytes!(BigInt(size), piece);
        async function* copy(): AsyncGenerator<Uint8Array> {
          yield* through as unknown as AsyncIterable<Uint8Array>;
        }
        assert.equal(answer((await digestOf!(copy())) as { size: bigint; sum: bigint }), expectedAnswer(size));
      }
    });

    test(`${from}: nothing is written that nobody reads, and a reader may leave`, { skip }, async () => {
      const { bytes, guest } = await source(from);
      const before = process.memoryUsage().arrayBuffers;
      const stream = (await bytes!(10n ** 12n, 65_536)) as ReadableStream<Uint8Array>;
      await sleep(20);
      assert.ok(process.memoryUsage().arrayBuffers - before < 10e6);
      const reader = stream.getReader();
      for (let i = 0; i < 3; i++) assert.ok((await reader.read()).value!.length > 0);
      await reader.cancel();
      assert.equal(
        (await chunks<Uint8Array>(await bytes!(5n, 2))).reduce((sum, { length }) => sum + length, 0),
        5,
      );
      assert.equal(guest.instance.alive, true);
    });
  }

  for (const name of ['rust-mischief', 'c-mischief'] as const) {
    const mischief = () => linked<Functions>(name, 'demo:flow/mischief@0.1.0', { trapOnDeadlock: true });

    test(`${name}: of a source that nobody reads, one chunk is asked for`, { skip }, async () => {
      const { ignores, guest } = await mischief();
      let asked = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          asked++;
          yield new Uint8Array(1000);
        }
      }
      assert.equal(await ignores!(endless()), 1);
      await sleep(10);
      assert.equal(asked, 1);
      assert.equal(guest.instance.alive, true);
    });

    test(`${name}: a reader that leaves ends the source, and what it took counts`, { skip }, async () => {
      const { leaves } = await mischief();
      let ended = false;
      async function* source(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield new Uint8Array(7);
        } finally {
          ended = true;
        }
      }
      assert.equal(await leaves!(source(), 5), 5);
      assert.ok(await until(() => ended));
    });

    test(`${name}: a stream that traps fails at its reader, after all that was written`, { skip }, async () => {
      const { breaks, guest } = await mischief();
      let length = 0;
      await assert.rejects(
        (async () => {
          for await (const chunk of (await breaks!(100_000)) as unknown as AsyncIterable<Uint8Array>)
            length += chunk.length;
        })(),
        { code: 'unreachable' },
      );
      assert.equal(length, 100_000);
      assert.equal(guest.instance.alive, false);
    });

    test(`${name}: waiting for what never comes is a deadlock, or is cancelled`, { skip }, async () => {
      await assert.rejects((await mischief())['forever']!(), (e) => e instanceof Trap && e.code === 'deadlock');
      const { forever, guest } = await linked<Functions>(name, 'demo:flow/mischief@0.1.0', {});
      const signal = AbortSignal.timeout(5);
      await assert.rejects(forever!({ signal }), { name: 'TimeoutError' });
      assert.equal(guest.instance.alive, true);
    });
  }

  test('a future whose writing end goes without a value: a trap in C, the default in Rust', { skip }, async () => {
    const rust = await linked<Functions>('rust-mischief', 'demo:flow/mischief@0.1.0', {});
    assert.equal(await rust['unwritten']!(), 404);
    const c = await linked<Functions>('c-mischief', 'demo:flow/mischief@0.1.0', {});
    // The call has returned the future; the trap comes after.
    await assert.rejects(c['unwritten']!(), { code: 'end-unwritten' });
  });
});
