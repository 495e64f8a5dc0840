/** The program of `class-component.ts`: to be checked by `tsc`, and to be run. */
export const CLASS_PROGRAM = `
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Component, ComponentError, Trap, ValueError } from 'tenon';
import type { Exports, ImportErrors, Imports, Promised, World } from './classes.d.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(..._: T[]): void => {};

const component = await Component.load<World>(readFileSync('classes.wasm'));
const disposed: string[] = [];

/** A class of the host has more than what the component asks for. */
class Thing {
  readonly #label: string;
  weight = 3;
  constructor(label: string) {
    this.#label = label;
  }
  label(): string {
    return this.#label;
  }
  async wait(howLong: number, { signal }: { readonly signal: AbortSignal }): Promise<number> {
    signal.throwIfAborted();
    return howLong + this.weight;
  }
  static open(label: string): Thing {
    if (label === '') throw new ComponentError('no label' satisfies ImportErrors['test:classes/host#[static]thing.open']);
    return new Thing(label);
  }
  [Symbol.dispose](): void {
    disposed.push(this.#label);
  }
}

const host = {
  Thing,
  same: (given: Thing): Thing => given,
  weigh: (given: Thing): number => given.weight,
  all: (given: Thing[]): Thing[] => given.toReversed(),
} satisfies Imports.Host;

class Token {
  readonly #n: number;
  constructor(n: number) {
    this.#n = n;
  }
  n(): number {
    return this.#n;
  }
}

const world = {
  Token,
  add: async (options: number, signal: number, call: { readonly signal: AbortSignal }): Promise<number> => {
    call.signal.throwIfAborted();
    return options + signal;
  },
};

const { exports, promised } = await component.instantiate({ ...world, 'test:classes/host': host });

// ---- resources of the world itself

assert.ok(exports.makeToken(3) instanceof Token);
assert.equal(exports.tokenN(new Token(4)), 4);
const ticket = new exports.Ticket(5);
same<Same<typeof ticket, Exports.Ticket>>();
assert.equal(ticket.number(), 5);
assert.equal(await exports.plus(1, 2), 3);
assert.equal(await promised.plus(1, 2, { signal: new AbortController().signal }), 3);
// @ts-expect-error
assert.throws(() => exports.tokenN(ticket), ValueError);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...world, Token: () => 1, 'test:classes/host': host }), /./);

// ---- classes of the host

const thing = exports.make('a');
same<Same<typeof thing, Imports.Host.Thing>>();
assert.ok(thing instanceof Thing);
assert.equal(thing.weight, 3);
assert.equal(thing.label(), 'a');
assert.equal(exports.label(thing), 'a');
assert.equal(exports.weigh(new Thing('b')), 3);
assert.equal(exports.same(thing), thing);
assert.deepEqual(exports.all([new Thing('x'), new Thing('y')]).map((one) => one.label()), ['y', 'x']);
assert.equal(await exports.wait(thing, 4), 7);
assert.equal(await promised.wait(thing, 4, { signal: new AbortController().signal }), 7);
assert.equal(exports.open('c').label(), 'c');
assert.throws(() => exports.open(''), (error) => error instanceof ComponentError && error.payload === 'no label');
same<Same<ImportErrors, { 'test:classes/host#[static]thing.open': string }>>();
// @ts-expect-error
assert.throws(() => exports.label('a'), ValueError);
// @ts-expect-error
assert.throws(() => exports.label({}), ValueError);
// @ts-expect-error
assert.throws(() => exports.all(new Set([thing])), ValueError);

class Wordless {
  label(): number {
    return 1;
  }
  wait(): number {
    return 1;
  }
  static open(): Wordless {
    return new Wordless();
  }
}
// @ts-expect-error
const wordless = await component.instantiate({ ...world, 'test:classes/host': { ...host, Thing: Wordless, same: (given) => given, weigh: () => 1, all: (all) => all } });
assert.throws(() => wordless.exports.label(new Wordless() as never), Trap);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...world, 'test:classes/host': { ...host, Thing: new Thing('d') } }), /a class/);
// @ts-expect-error
await assert.rejects(component.instantiate({ ...world, 'test:classes/host': { ...host, Thing: class {} } }), /open/);
// @ts-expect-error
const wrongly = await component.instantiate({ ...world, 'test:classes/host': { ...host, same: (given: Thing) => 'a' } });
assert.throws(() => wrongly.exports.same(thing), Trap);
// A class may take less than it is given, and answer at once.
class Simple {
  label(): string {
    return 'simple';
  }
  wait(): number {
    return 0;
  }
  static open(): Simple {
    return new Simple();
  }
}
const simple = await component.instantiate({ ...world, 'test:classes/host': { ...host, Thing: Simple, same: () => new Simple(), weigh: () => 1, all: () => [] } });
assert.equal(simple.exports.label(new Simple()), 'simple');
assert.equal(await simple.exports.wait(new Simple(), 1), 0);
assert.deepEqual(disposed, []);

// ---- classes of the component

const counters = exports.counters;
same<Same<typeof counters, Exports.Counters>>();
assert.equal(counters, exports['test:classes/counters']);
const { Counter, Fragile } = counters;
const three = new Counter(3);
same<Same<typeof three, Exports.Counters.Counter>>();
assert.equal(three.value(), 3);
const later: Promise<number> = three.valueLater();
assert.equal(await later, 3);
assert.equal(await three.valueLater({ signal: undefined }), 3);
const five: Exports.Counters.Counter = three.plus(2);
assert.equal(five.value(), 5);
assert.equal(Counter.sum(three, five), 8);
assert.equal(counters.take(counters.fresh(9)), 9);
assert.deepEqual(counters.passList([new Counter(1), new Counter(2)]).map((one) => one.value()), [1, 2]);
assert.equal(new Fragile(true) instanceof Fragile, true);
assert.throws(() => new Fragile(false), (error) => error instanceof ComponentError && error.payload === 'fragile');
{
  using own = new Counter(1);
  const disposable: Disposable = own;
  assert.equal(disposable, own);
}
// @ts-expect-error
assert.throws(() => new Counter('1'), ValueError);
// @ts-expect-error
assert.throws(() => counters.take(3), ValueError);
// @ts-expect-error
assert.throws(() => counters.take({ value: () => 3 }), ValueError);
// @ts-expect-error
assert.throws(() => counters.take(new Fragile(true)), ValueError);
// @ts-expect-error
assert.throws(() => Counter.sum(three), ValueError);
// @ts-expect-error
assert.equal(three.missing, undefined);
// @ts-expect-error
assert.throws(() => Counter(3), TypeError);

// Promised calls give objects of another class, whose methods answer promises; either may be given to either.
const { Counter: PromisedCounter } = promised.counters;
const six = await promised.counters.fresh(6);
same<Same<typeof six, Promised.Counters.Counter>>();
assert.ok(six instanceof PromisedCounter);
same<Same<ReturnType<typeof six.value>, Promise<number>>>();
assert.equal(await six.value(), 6);
assert.equal(await PromisedCounter.sum(six, three), 9);
assert.equal(Counter.sum(six, three), 9);
assert.equal(await (await six.plus(1)).value(), 7);
const seven = new PromisedCounter(7);
assert.equal(await seven.value(), 7);
assert.deepEqual(await Promise.all((await promised.counters.passList([new Counter(1), seven])).map((one) => one.value())), [1, 7]);
// @ts-expect-error
const notYet: number = six.value();
void notYet;

// Functions of an async type give them by both entries.
const eight = await exports.counters.freshLater(8);
same<Same<typeof eight, Promised.Counters.Counter>>();
assert.equal(await eight.value(), 8);
assert.ok(eight instanceof PromisedCounter);
assert.ok((await promised.counters.freshLater(8)) instanceof PromisedCounter);

// Streams and futures do not know how they came: what they carry is of the classes of \`exports\`.
const stream = await promised.counters.passStream([new Counter(1), await promised.counters.fresh(2)]);
same<Same<typeof stream, ReadableStream<Exports.Counters.Counter[]>>>();
const passed: Exports.Counters.Counter[] = [];
for await (const chunk of stream) passed.push(...chunk);
assert.deepEqual(passed.map((one) => one.value()), [1, 2]);
assert.ok(passed.every((one) => one instanceof Counter));
const ten = await exports.counters.passFuture(Promise.resolve(new Counter(10)));
same<Same<typeof ten, Exports.Counters.Counter>>();
assert.equal(ten.value(), 10);
assert.ok(ten instanceof Counter);
// @ts-expect-error
await assert.rejects(counters.passFuture(3), ValueError);
console.log('classes');
`;
