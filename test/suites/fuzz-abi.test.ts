/** The short form of `scripts/fuzz-abi.ts`: generated calls end as the interpreter's do, and cover what they should. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds } from '../../src/abi/holds.ts';
import { describeFunc } from '../../src/types/describe.ts';
import { type Case, generateCase, KINDS } from '../support/fuzz-abi/case.ts';
import { compareCase } from '../support/fuzz-abi/compare.ts';
import { groupOf, required } from '../support/fuzz-abi/coverage.ts';
import { difference, type Outcome } from '../support/fuzz-abi/outcome.ts';
import { search, showCase } from '../support/fuzz-abi/search.ts';
import { shrink } from '../support/fuzz-abi/shrink.ts';

const BORDERS = KINDS.filter((kind) => kind !== 'chain');
const COUNT = 1_500;
/** Whole components take longer. */
const CHAINS = 50;
/** So few calls reach most codes of a kind, not each. */
const CODES = 8;

const isEnd = (item: string): boolean => groupOf(item).endsWith(', end');

test(`${COUNT} generated calls end as the interpreter's do`, async () => {
  const { coverage, problem } = await search(BORDERS, 1, COUNT);
  assert.equal(problem, undefined);
  const { reached } = coverage;
  assert.deepEqual(
    required(BORDERS).filter((item) => !isEnd(item) && !reached.has(item)),
    [],
  );
  for (const kind of BORDERS) {
    const codes = [...reached.keys()].filter((item) => groupOf(item) === `${kind}, end`);
    assert.ok(codes.length >= CODES, `${kind} ends in ${codes}`);
  }
});

test(`${CHAINS} generated calls go through two components and back`, async () => {
  const { coverage, problem } = await search(['chain'], 1, CHAINS);
  assert.equal(problem, undefined);
  const all = required(['chain']).filter((item) => /, (joint|widths|end)$/.test(groupOf(item)));
  assert.deepEqual(
    all.filter((item) => !coverage.reached.has(item)),
    [],
  );
});

test('a call that fails is made small', async () => {
  const fails = (c: Case): boolean => c.type.params.some((p) => holds(p.type, ({ kind }) => kind === 'string'));
  for (const kind of BORDERS) {
    const seed = Array.from({ length: 100 }, (_, i) => i).find((i) => fails(generateCase(kind, i)));
    const small = await shrink(generateCase(kind, seed!), fails);
    assert.match(describeFunc(small.type), /^func\(l\d+: string\)$/, showCase(small));
    assert.deepEqual([small.faults, small.bits, small.shared, small.params.length], [[], 0, false, 1]);
    assert.equal((await compareCase(small)).problem, undefined);
  }
});

test('every part of an outcome is compared', () => {
  const outcome: Outcome = {
    end: { value: 1 },
    always: { lives: true },
    well: { seen: [1], reallocs: ['realloc 0,0,1,4 -> 8'] },
    memories: { memory: Buffer.from([1, 2, 3]) },
    exact: { flat: [0] },
    notes: [],
  };
  const strict = { errors: 'message', bits: true } as const;
  assert.equal(difference(outcome, outcome, strict), undefined);
  const others: readonly Partial<Outcome>[] = [
    { end: { value: 2 } },
    { end: { code: 'unreachable', message: 'x' } },
    { always: { lives: false } },
    { well: { seen: [2] } },
    { well: { reallocs: [] } },
    { memories: { memory: Buffer.from([1, 2, 4]) } },
    { memories: { memory: Buffer.from([1, 2, 3, 0]) } },
    { exact: { flat: [-0] } },
  ];
  for (const other of others) assert.ok(difference(outcome, { ...outcome, ...other }, strict), JSON.stringify(other));
  const trapped: Outcome = { ...outcome, end: { code: 'unreachable', message: 'x' } };
  const otherwise: Outcome = { ...outcome, end: { code: 'unreachable', message: 'y' } };
  assert.match(difference(trapped, otherwise, strict) ?? '', /^end/);
  assert.equal(difference(trapped, otherwise, { ...strict, errors: 'code' }), undefined);
  assert.match(difference(trapped, { ...trapped, always: { lives: false } }, strict) ?? '', /^lives/);
});
