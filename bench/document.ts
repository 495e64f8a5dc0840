/**
 * The table of the benchmark in a document, between two markers. A run writes the rows that it measured and leaves the others as they
 * were, so that a part can be measured again alone.
 */
import { figures, isAbove, type Report, type Result } from './report.ts';
import { JCO, WASMTIME } from './row.ts';

const BEGIN = '<!-- rows: written by `node bench/main.ts --markdown FILE` -->';
const END = '<!-- end of rows -->';

const HEAD = [
  '| row | compared with | ratio | at most | times jco | asked | of Wasmtime | Tenon |',
  '|---|---|---|---|---|---|---|---|',
];

/** Names of rows have angle brackets, which Markdown would take for tags. */
function escaped(text: string): string {
  return text.replaceAll('<', '&lt;');
}

function marked(text: string, bold: boolean): string {
  return bold ? `**${text}**` : text;
}

/** A row of the table. What is above a bound is bold. */
function line(r: Result): string {
  const jco = r.also.find(({ against }) => against === JCO);
  const wasmtime = r.also.find(({ against }) => against === WASMTIME);
  const peer = r.peers[WASMTIME];
  const cells = [
    escaped(r.name),
    escaped(r.against),
    r.ratio === null ? r.state : marked(r.ratio.toFixed(2), isAbove(r)),
    String(r.bound),
    jco === undefined || jco.ratio === null ? '' : marked(figures(1 / jco.ratio), isAbove(jco)),
    jco === undefined ? '' : figures(1 / jco.bound),
    peer === undefined || r.tenon === null
      ? ''
      : marked((r.tenon / peer).toFixed(2), wasmtime !== undefined && isAbove(wasmtime)),
    r.tenon === null ? '' : `${figures(r.tenon)} ${r.unit}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function nameOf(tableLine: string): string {
  return (tableLine.split('|')[1] ?? '').trim().replaceAll('&lt;', '<');
}

function machine({ node, v8, cpu, cores, jco, wasmtime }: Report): string {
  const peers = [jco === null ? [] : `jco ${jco}`, wasmtime === null ? [] : wasmtime].flat();
  return `${[`Node ${node}, V8 ${v8}, ${cores} cores of ${cpu}`, ...peers].join('; ')}.`;
}

interface Parts {
  readonly before: string;
  readonly between: string;
  readonly after: string;
}

function parts(text: string): Parts {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`the document needs the lines ${BEGIN} and ${END}, with the table between`);
  const start = begin + BEGIN.length;
  return { before: text.slice(0, start), between: text.slice(start, end), after: text.slice(end) };
}

function tableLines({ between }: Parts): string[] {
  return between.split('\n').filter((l) => l.startsWith('| ') && !HEAD.includes(l));
}

/** The names of the rows that stand in a document. */
export function namesIn(text: string): string[] {
  return tableLines(parts(text)).map(nameOf);
}

/** The document with the rows of a run. `names`: those of all rows, in order; others leave the table. */
export function withRows(text: string, report: Report, names: readonly string[]): string {
  const p = parts(text);
  const lines = new Map(tableLines(p).map((l) => [nameOf(l), l]));
  for (const result of report.rows) if (result.state !== 'failed') lines.set(result.name, line(result));
  const rows = names.flatMap((name) => lines.get(name) ?? []);
  return `${p.before}\n\n${machine(report)}\n\n${[...HEAD, ...rows].join('\n')}\n\n${p.after}`;
}
