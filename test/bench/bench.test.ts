/** The benchmark's machinery, without a word on how fast anything is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { namesIn, withRows } from '../../bench/document.ts';
import { alternate, loop, quantile, spread, timed } from '../../bench/measure.ts';
import { allMet, compared, failedResult, middle, type Report, resultOf } from '../../bench/report.ts';
import { above, atMost, fasterThanJco, JCO, type Row, TENON, times } from '../../bench/row.ts';
import { ROWS } from '../../bench/rows/all.ts';
import { needs } from '../support/shared.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
after(() => rmSync(folder, { recursive: true }));

function bench(...words: readonly string[]): { readonly code: number | null; readonly out: string } {
  const args = [join(ROOT, 'bench/main.ts'), '--quick', '--no-peers', ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: ROOT });
  return { code: status, out: stdout + stderr };
}

function read(file: string): Report {
  return JSON.parse(readFileSync(file, 'utf8')) as Report;
}

describe('a run', () => {
  test('one row, measured and written', () => {
    const file = join(folder, 'one.json');
    const { code, out } = bench('--only', '4 exports at one call site', '--no-fail', '--json', file);
    assert.equal(code, 0, out);
    const { rows, node } = read(file);
    assert.equal(node, process.version);
    assert.equal(rows.length, 1, out);
    const [row] = rows;
    assert.equal(row!.name, 'export, scalar, 4 exports at one call site');
    assert.equal(row!.unit, 'ns');
    assert.equal(row!.against, 'bare core call');
    assert.equal(row!.bound, 2);
    assert.ok(row!.tenon! > 0);
    assert.deepEqual(Object.keys(row!.peers), ['bare core call']);
    assert.equal(row!.ratio, row!.tenon! / row!.peers['bare core call']!);
    assert.deepEqual(row!.also, [{ against: JCO, ratio: null, bound: 1 / 200 }]);
    const again = bench('--only', '4 exports at one call site', '--no-fail', '--compare', file);
    assert.match(again.out, /^export, scalar, 4 exports at one call site: \S+ -> \S+ ns \([+-][\d.]+%\), ratio /m);
  });

  test('rows whose calls wait give numbers too', needs('bench'), () => {
    const file = join(folder, 'waits.json');
    const { code, out } = bench('--only', 'stream', '--only', 'import', '--only', 'async', '--no-fail', '--json', file);
    assert.equal(code, 0, out);
    const { rows } = read(file);
    assert.equal(rows.length, 15, out);
    for (const row of rows) {
      assert.ok(row.state === 'within' || row.state === 'above', `${row.name}: ${row.state}, ${row.reason}`);
      assert.ok(row.tenon! > 0 && row.ratio! > 0, row.name);
      assert.ok(row.spread[TENON]![0] <= row.tenon! && row.tenon! <= row.spread[TENON]![1], row.name);
    }
  });

  test('what is built ahead of time is small', () => {
    const file = join(folder, 'built.json');
    const { code, out } = bench('--only', 'tenon build', '--json', file);
    assert.equal(code, 0, out);
    assert.match(out, /^2 rows: 2 within their bounds, 0 above, 0 missing$/m);
    for (const row of read(file).rows) assert.equal(row.state, 'within', row.name);
  });

  test('a row that is not there', () => {
    const { code, out } = bench('--only', 'nonesuch');
    assert.equal(code, 1);
    assert.match(out, /no row has nonesuch in its name/);
  });

  test('names of rows are distinct', () => {
    assert.equal(new Set(ROWS.map(({ name }) => name)).size, ROWS.length);
  });
});

describe('measuring', () => {
  test('quantiles', () => {
    assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
    assert.deepEqual(spread([5, 1, 2, 4, 3]), { median: 3, low: 2, high: 4, count: 5 });
  });

  test('contenders take turns, and another begins each round', async () => {
    const order: string[] = [];
    const contender = (name: string): { name: string; sample: () => number } => ({
      name,
      sample: () => order.push(name),
    });
    const contenders = [contender('a'), contender('b'), contender('c')];
    const taken = await alternate(contenders, { warmUp: 1, rounds: 2, budget: 0 }, () => 0);
    assert.equal(order.join(''), 'abcbcacab');
    assert.deepEqual(
      [...taken].map(([name, values]) => [name, values.length]),
      [
        ['a', 2],
        ['b', 2],
        ['c', 2],
      ],
    );
  });

  test('what takes long takes part in some rounds only', async () => {
    const rounds: string[] = [];
    await alternate(
      [
        { name: 'a', sample: () => rounds.push('a') },
        { name: 'b', every: 3, sample: () => rounds.push('b') },
      ],
      { warmUp: 2, rounds: 6, budget: 0 },
      () => 0,
    );
    assert.equal(rounds.filter((name) => name === 'a').length, 8);
    assert.equal(rounds.filter((name) => name === 'b').length, 3);
  });

  test('a disturbed measurement is taken again, but not for ever', async () => {
    let switches = 0;
    let samples = 0;
    const measure = async (disturbed: number): Promise<readonly number[] | undefined> => {
      [switches, samples] = [0, 0];
      const sample = (): number => {
        if (samples < disturbed) switches++;
        return samples++;
      };
      const taken = await alternate([{ name: 'a', sample }], { warmUp: 0, rounds: 1, budget: 0 }, () => switches);
      return taken.get('a');
    };
    assert.deepEqual(await measure(0), [0]);
    assert.deepEqual(await measure(2), [2]);
    assert.deepEqual(await measure(99), [3]);
  });

  test('loops have sources of their own', () => {
    const one = loop({ f: (x: number) => x * 2 }, 'x += f(i);');
    const other = loop({ f: (x: number) => x * 3 }, 'x += f(i);');
    assert.equal(one(4), 12);
    assert.equal(other(4), 18);
  });

  test('a loop is asked for as many turns as fill the budget', () => {
    const asked: number[] = [];
    let clock = 0;
    const body = (n: number): void => {
      asked.push(n);
      clock += n / 4;
    };
    const sample = timed(body, { warmUp: 0, rounds: 0, budget: 2 }, 5, () => clock);
    assert.deepEqual([sample(), sample(), sample()], [50_000, 50_000, 50_000]);
    assert.deepEqual(asked, [1, 8, 8]);
  });
});

describe('results', () => {
  const row: Row = { name: 'r', unit: 'ns', claims: [times(2, 'bare'), fasterThanJco(10), above(5, 'ns', 'bare')] };
  const contenders = [TENON, 'bare', JCO].map((name) => ({ name, sample: () => 0 }));
  const result = (tenon: number, jco: number): ReturnType<typeof resultOf> =>
    resultOf(
      row,
      contenders,
      new Map([
        [TENON, [tenon, tenon, tenon]],
        ['bare', [4, 5, 6]],
        [JCO, [jco]],
      ]),
    );

  test('ratios and bounds', () => {
    const good = result(10, 100);
    assert.equal(good.state, 'within');
    assert.deepEqual([good.tenon, good.ratio, good.bound, good.against], [10, 2, 2, 'bare']);
    assert.deepEqual(good.also, [
      { against: JCO, ratio: 0.1, bound: 0.1 },
      { against: 'bare + 5 ns', ratio: 1, bound: 1 },
    ]);
    assert.equal(result(10, 99).state, 'above');
    assert.equal(result(11, 1000).state, 'above');
    assert.ok(allMet([good]));
    assert.ok(!allMet([good, result(11, 1000)]));
  });

  test('a bound against a peer that is absent is not judged', () => {
    const absent = resultOf(
      row,
      contenders.slice(0, 2),
      new Map([
        [TENON, [8]],
        ['bare', [5]],
      ]),
    );
    assert.equal(absent.state, 'within');
    assert.equal(absent.also[0]!.ratio, null);
  });

  test('mean and p99 stand for measurements where the row says so', () => {
    const values = Array.from({ length: 101 }, (_, i) => i);
    const of = (stands: 'mean' | 'p99'): number | null =>
      resultOf({ name: 'r', unit: 'ns', claims: [atMost(1, 'ns')], stands }, contenders, new Map([[TENON, values]]))
        .tenon;
    assert.equal(of('mean'), 50);
    assert.equal(of('p99'), 99);
  });

  test('of several runs the middle one counts, and a failure always', () => {
    const runs = [result(12, 100), result(8, 100), result(10, 100)];
    assert.equal(middle(runs), runs[2]);
    const failed = failedResult(row, 'why');
    assert.equal(middle([...runs, failed]), failed);
  });

  test('changes', () => {
    const report = (rows: Report['rows']): Report => ({
      node: '',
      v8: '',
      cpu: '',
      cores: 1,
      load: 0,
      tenon: '',
      jco: null,
      wasmtime: null,
      quick: true,
      rows,
    });
    const text = compared(report([result(10, 100)]), report([result(5, 100)]));
    assert.equal(text, 'r: 10.0 -> 5.00 ns (-50.0%), ratio 2.00 -> 1.00 (-50.0%)');
    const file = join(folder, 'none.json');
    writeFileSync(file, JSON.stringify(report([result(10, 100)])));
    assert.equal(compared(read(file), report([])), 'r: not in this run');
  });
});

describe('docs/performance.md', () => {
  const text = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');
  const names = ROWS.map(({ name }) => name);

  test('the table has the rows of the benchmark, in their order', () => {
    assert.deepEqual(
      namesIn(text),
      names,
      'node bench/main.ts --only NAME --markdown docs/performance.md writes rows that are new',
    );
  });

  test('every row has a limit, and every limit a row', () => {
    const limits = text
      .split(/^## /m)
      .find((section) => section.startsWith('Limits\n'))!
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(1)
      .flatMap((line) => line.split('|')[1]!.trim().replaceAll('&lt;', '<').split('; '));
    assert.ok(limits.length > 20);
    for (const name of names)
      assert.ok(
        limits.some((limit) => name.startsWith(limit)),
        `${name} has no limit`,
      );
    for (const limit of limits)
      assert.ok(
        names.some((name) => name.startsWith(limit)),
        `no row is called ${limit}`,
      );
  });

  test('a run writes its rows, and leaves the others', () => {
    const [one, other] = [names[0]!, names[1]!];
    const results = (name: string, tenon: number): Report => ({
      node: 'v1',
      v8: '2',
      cpu: 'a processor',
      cores: 3,
      load: 0,
      tenon: 'sources',
      jco: null,
      wasmtime: null,
      quick: false,
      rows: [
        resultOf(
          { name, unit: 'ns', claims: [times(2, 'bare'), fasterThanJco(10)] },
          [TENON, 'bare', JCO].map((n) => ({ name: n, sample: () => 0 })),
          new Map([
            [TENON, [tenon]],
            ['bare', [4]],
            [JCO, [200]],
          ]),
        ),
      ],
    });
    const empty = `before\n${text.slice(text.indexOf('<!-- rows'), text.indexOf('-->') + 3)}\n<!-- end of rows -->\nafter\n`;
    const first = withRows(empty, results(other, 6), names);
    assert.deepEqual(namesIn(first), [other]);
    assert.match(first, /^before\n/);
    assert.match(first, /\| bare \| 1\.50 \| 2 \| 33\.3 \| 10\.0 \| {2}\| 6\.00 ns \|/);
    assert.match(first, /Node v1, V8 2, 3 cores of a processor\./);
    const both = withRows(first, results(one, 9), names);
    assert.deepEqual(namesIn(both), [one, other]);
    assert.match(both, /\| \*\*2\.25\*\* \| 2 \| 22\.2 \|/);
    assert.deepEqual(namesIn(withRows(both, results(one, 9), [one])), [one], 'a row that is no more leaves');
    assert.throws(() => withRows('no table', results(one, 9), names), /needs the lines/);
  });
});
