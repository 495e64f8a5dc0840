/**
 * `npm run conformance`: runs the reference suite of the component model in three forms and writes `docs/conformance.md`. Exits with 1 if a directive
 * did not pass, or if fewer were run than the suite holds.
 */
import { existsSync, writeFileSync } from 'node:fs';
import {
  DIRECTIVES,
  FILES,
  type Form,
  PINNED,
  type Row,
  runSuite,
  SUITE,
  TOTALS,
} from '../test/support/conformance.ts';
import { ENOUGH } from '../test/support/fuzz-abi/coverage.ts';
import { MAX_DEPTH } from '../test/support/generate-abi.ts';
import { inRoot } from './project.ts';

const TARGET = 'docs/conformance.md';

function sum(rows: readonly Row[], key: 'passed' | 'total' | 'interpreted'): number {
  return rows.reduce((all, row) => all + row[key], 0);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** The forms in which the suite is run, and what a column of theirs is called. */
const FORMS = [
  ['generated', 'in process'],
  ['built', 'ahead of time'],
  ['interpreted', 'interpreted'],
] as const satisfies readonly (readonly [Form, string])[];

type Runs = ReadonlyMap<Form, readonly Row[]>;

/** What passed of what there is, in each form. */
function cells(runs: Runs, wanted: (row: Row) => boolean): string {
  const totals = FORMS.map(([form]) => {
    const rows = runs.get(form)!.filter(wanted);
    return `${sum(rows, 'passed')} / ${sum(rows, 'total')}`;
  });
  return totals.join(' | ');
}

function heading(first: string, ...last: readonly string[]): readonly string[] {
  const columns = [first, ...FORMS.map(([, name]) => name), ...last];
  return [`| ${columns.join(' | ')} |`, `|${columns.map(() => '---|').join('')}`];
}

function table(runs: Runs): string {
  const lines = runs.get('generated')!.map((row) => {
    const same = ({ folder, file }: Row): boolean => folder === row.folder && file === row.file;
    return `| \`${row.folder}/${row.file}\` | ${cells(runs, same)} | ${row.interpreted} |`;
  });
  return [...heading('file', 'calls that the interpreter carried in process'), ...lines].join('\n');
}

function folders(runs: Runs): string {
  const lines = Object.keys(TOTALS).map((folder) => {
    const files = runs.get('generated')!.filter((row) => row.folder === folder).length;
    return `| \`${folder}/\` | ${cells(runs, (row) => row.folder === folder)} | ${files} |`;
  });
  return [...heading('folder', 'files'), ...lines, `| all | ${cells(runs, () => true)} | ${FILES} |`].join('\n');
}

function failures(runs: Runs): string {
  const lines = FORMS.flatMap(([form, name]) =>
    runs
      .get(form)!
      .flatMap((row) =>
        row.failures.map(
          (f) => `| \`${row.folder}/${row.file}:${f.line}\` | ${name} | ${f.directive} | ${cell(f.reason)} |`,
        ),
      ),
  );
  if (lines.length === 0) return 'Every directive passes, in every form.';
  return ['| place | form | directive | reason |', '|---|---|---|---|', ...lines].join('\n');
}

function report(runs: Runs): string {
  return `# Conformance

The reference suite of the component model, run by \`npm run conformance\`, which writes this page. Suite: ${PINNED};
${FILES} files, ${DIRECTIVES} directives. Where a directive states a message, Tenon's message contains it. Feature gates: the defaults.

Three forms: *in process*, by functions and adapters that are generated when a component is linked; *ahead of time*, each component written
as \`tenon build\` writes it and imported; *interpreted*, every call carried by the plain interpreter. \`npm test -- conformance\` runs them
too, and components that were loaded before, and instances that have had another tenant.

## By folder

${folders(runs)}

## What does not pass

${failures(runs)}

${GENERATED_CALLS}
## By file

${table(runs)}
`;
}

/** What the suite does not say is searched for. */
const GENERATED_CALLS = `## Beyond the suite

\`node scripts/fuzz-abi.ts\` makes calls of generated types and values and compares each with the plain interpreter: those of adapters
between guests, and those of border functions of exports and imports, as they are generated in process and as \`tenon build\` writes them.
Others go through two whole components to the host and back, in all three forms, and must arrive as what was given.

* Types of every kind, nested to depth ${MAX_DEPTH}; 0 to 17 parameters, and 0 to 17 core values and more; handles, streams, futures and error contexts.
* Every pair of encodings and of memory widths, without a memory, in one memory; functions of synchronous and asynchronous types, called
  and lifted in every way.
* \`realloc\` that allocates up to the end of the memory, grows it each time, or answers places that are unaligned, outside, or overlap;
  bytes, core values, pointers and values of the host that are wrong.
* What is compared: results, codes and messages of traps, every byte of both memories, each call of \`realloc\`, handles and the tables that they stand in.

\`\`\`sh
node scripts/fuzz-abi.ts --count 30000 --seed 1
node scripts/fuzz-abi.ts --only import --seed 77 --count 1   # adapter, export, import or chain
\`\`\`

The interpreter itself is held against recordings of the specification's own definition (\`src/abi/definition.test.ts\`).

The first call that differs is made small and printed with its seed. A table shows what was covered; from ${ENOUGH} calls of each kind on,
everything must have been. \`npm test -- fuzz-abi\` is a short form.
`;

if (!existsSync(SUITE)) {
  console.error(`the reference suite is absent (${SUITE}): set TENON_SHARED`);
  process.exit(1);
}
const runs = new Map<Form, readonly Row[]>();
for (const [form] of FORMS) runs.set(form, await runSuite(form));
writeFileSync(inRoot(TARGET), report(runs));
const passed = FORMS.map(([form, name]) => `${sum(runs.get(form)!, 'passed')} ${name}`);
console.log(`of ${DIRECTIVES} directives passed: ${passed.join(', ')}; ${TARGET} is written`);
const complete = FORMS.every(([form]) => {
  const rows = runs.get(form)!;
  return rows.length >= FILES && sum(rows, 'total') >= DIRECTIVES && sum(rows, 'passed') === sum(rows, 'total');
});
if (!complete) console.error(`the suite holds ${FILES} files and ${DIRECTIVES} directives`);
process.exit(complete ? 0 : 1);
