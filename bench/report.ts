/** Results of rows: judged, printed, compared. */
import { type Contender, quantile, type Spread, spread } from './measure.ts';
import { type Against, type Claim, type Row, TENON, type Unit } from './row.ts';

/** A further claim of a row, judged. */
export interface Also {
  readonly against: string;
  readonly ratio: number | null;
  readonly bound: number;
}

export type State = 'within' | 'above' | 'not yet' | 'failed';

/** One row of the JSON form. Numbers are in the row's unit; a ratio is Tenon's number divided by what it is compared with. */
export interface Result {
  readonly name: string;
  readonly unit: Unit;
  readonly tenon: number | null;
  readonly peers: Readonly<Record<string, number>>;
  readonly against: string;
  readonly ratio: number | null;
  readonly bound: number;
  readonly also: readonly Also[];
  readonly state: State;
  /** Why there is no number, if there is none. */
  readonly reason?: string;
  /** Quartiles of the measurements, by contender. */
  readonly spread: Readonly<Record<string, readonly [number, number]>>;
}

export interface Report {
  readonly node: string;
  readonly v8: string;
  readonly cpu: string;
  readonly cores: number;
  /** Of the machine before the run, over a minute. */
  readonly load: number;
  readonly tenon: string;
  readonly jco: string | null;
  readonly wasmtime: string | null;
  readonly quick: boolean;
  readonly rows: readonly Result[];
}

function amount(against: Against, standing: ReadonlyMap<string, number>): number | undefined {
  if (against.peer === undefined) return against.plus;
  const peer = standing.get(against.peer);
  return peer === undefined ? undefined : peer + (against.plus ?? 0);
}

function judged({ against, bound }: Claim, standing: ReadonlyMap<string, number>): Also {
  const tenon = standing.get(TENON);
  const other = amount(against, standing);
  return { against: against.text, ratio: tenon === undefined || other === undefined ? null : tenon / other, bound };
}

/** Whether a claim is not kept. One that could not be judged is. */
export function isAbove({ ratio, bound }: Pick<Also, 'ratio' | 'bound'>): boolean {
  return ratio !== null && ratio > bound;
}

function stands(row: Row, values: readonly number[]): number {
  switch (row.stands ?? 'median') {
    case 'median':
      return spread(values).median;
    case 'mean':
      return values.reduce((a, b) => a + b, 0) / values.length;
    case 'p99':
      return quantile(
        values.toSorted((a, b) => a - b),
        0.99,
      );
  }
}

/** The result of a row that was measured. */
export function resultOf(row: Row, contenders: readonly Contender[], taken: ReadonlyMap<string, number[]>): Result {
  const standing = new Map<string, number>();
  const quartiles: Record<string, readonly [number, number]> = {};
  for (const { name } of contenders) {
    const values = taken.get(name) ?? [];
    if (values.length === 0) continue;
    const s: Spread = spread(values);
    standing.set(name, stands(row, values));
    quartiles[name] = [s.low, s.high];
  }
  const [own, ...also] = row.claims.map((claim) => judged(claim, standing));
  const peers = Object.fromEntries([...standing].filter(([name]) => name !== TENON));
  const state: State = row.notYet !== undefined ? 'not yet' : [own!, ...also].some(isAbove) ? 'above' : 'within';
  return {
    name: row.name,
    unit: row.unit,
    tenon: standing.get(TENON) ?? null,
    peers,
    ...own!,
    also,
    state,
    ...(row.notYet === undefined ? {} : { reason: row.notYet }),
    spread: quartiles,
  };
}

/** The result of a row that could not be measured. */
export function failedResult(row: Row, reason: string): Result {
  return { ...resultOf(row, [], new Map()), state: 'failed', reason };
}

/** Of several results of one row, the one whose ratio stands in the middle; the first that failed, if one did. */
export function middle(runs: readonly Result[]): Result {
  const sorted = runs.toSorted((a, b) => (a.ratio ?? 0) - (b.ratio ?? 0));
  return runs.find(({ state }) => state === 'failed') ?? sorted[(sorted.length - 1) >> 1]!;
}

/** A number with as many digits as matter. */
export function figures(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A ratio below one as how many times faster. */
function ratioText({ ratio, bound }: Also): string {
  if (ratio === null) return 'not measured';
  const mark = ratio > bound ? ' ABOVE' : '';
  return bound < 1
    ? `${figures(1 / ratio)} x faster, of ${figures(1 / bound)}${mark}`
    : `${ratio.toFixed(2)}, at most ${bound}${mark}`;
}

function withSpread(result: Result, name: string, value: number): string {
  const range = result.spread[name];
  const half = range === undefined ? 0 : (range[1] - range[0]) / 2;
  return `${figures(value)} ${result.unit}${half > 0 ? ` ±${((half / value) * 100).toFixed(0)}%` : ''}`;
}

/** A row in a few lines. */
export function printed(result: Result): string {
  const lines = [`${result.state.padEnd(8)} ${result.name}`];
  if (result.reason !== undefined) lines.push(`  ${result.reason}`);
  if (result.tenon !== null) {
    lines.push(`  ${TENON} ${withSpread(result, TENON, result.tenon)}`);
    for (const claim of [result, ...result.also]) lines.push(`    ${ratioText(claim)}: ${claim.against}`);
  }
  const peers = Object.entries(result.peers);
  if (peers.length > 0) {
    lines.push(`  ${peers.map(([name, value]) => `${name} ${withSpread(result, name, value)}`).join(', ')}`);
  }
  return lines.join('\n');
}

/** How many rows are in which state. */
export function summary(rows: readonly Result[]): string {
  const count = (state: State): number => rows.filter((row) => row.state === state).length;
  const missing = count('not yet') + count('failed');
  return `${rows.length} rows: ${count('within')} within their bounds, ${count('above')} above, ${missing} missing`;
}

/** Whether every row is there and within its bounds. */
export function allMet(rows: readonly Result[]): boolean {
  return rows.every((row) => row.state === 'within');
}

function change(before: number | null, now: number | null): string {
  if (before === null || now === null) return before === now ? 'no number' : before === null ? 'new' : 'gone';
  const percent = (now / before - 1) * 100;
  return `${percent >= 0 ? '+' : ''}${percent.toFixed(1)}%`;
}

/** Whether the quartiles of two measurements lie apart: the change is more than what each run varies. */
function isApart(before: Result, now: Result): boolean {
  const [a, b] = [before.spread[TENON], now.spread[TENON]];
  return a !== undefined && b !== undefined && (a[1] < b[0] || b[1] < a[0]);
}

/** The change of each row since another run; both runs count as on equal machines. */
export function compared(before: Report, now: Report): string {
  const known = new Map(before.rows.map((row) => [row.name, row]));
  const lines = now.rows.map((row) => {
    const old = known.get(row.name);
    if (old === undefined) return `${row.name}: new`;
    const number = (value: number | null): string => (value === null ? '-' : figures(value));
    const ratios = `ratio ${number(old.ratio)} -> ${number(row.ratio)} (${change(old.ratio, row.ratio)})`;
    const times = `${number(old.tenon)} -> ${number(row.tenon)} ${row.unit} (${change(old.tenon, row.tenon)})`;
    return `${row.name}: ${times}, ${ratios}${isApart(old, row) ? '' : ', within the spread'}`;
  });
  const names = new Set(now.rows.map((row) => row.name));
  for (const { name } of before.rows) if (!names.has(name)) lines.push(`${name}: not in this run`);
  return lines.join('\n');
}
