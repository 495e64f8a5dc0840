/**
 * `npm run conformance`: runs the reference suite of the component model and writes `docs/conformance.md`. Exits with 1 if a directive
 * did not pass, or if fewer were run than the suite holds.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { DIRECTIVES, FILES, PINNED, type Row, runSuite, SUITE, TOTALS } from '../test/support/conformance.ts';
import { inRoot } from './project.ts';

const TARGET = 'docs/conformance.md';

function sum(rows: readonly Row[], key: 'passed' | 'total' | 'interpreted'): number {
  return rows.reduce((all, row) => all + row[key], 0);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    (row) => `| \`${row.folder}/${row.file}\` | ${row.passed} / ${row.total} | ${row.interpreted} |`,
  );
  return ['| file | passed / total | calls that the interpreter carried |', '|---|---|---|', ...lines].join('\n');
}

function folders(rows: readonly Row[]): string {
  const lines = Object.keys(TOTALS).map((folder) => {
    const own = rows.filter((row) => row.folder === folder);
    return `| \`${folder}/\` | ${own.length} | ${sum(own, 'passed')} / ${sum(own, 'total')} |`;
  });
  const all = `| all | ${rows.length} | ${sum(rows, 'passed')} / ${sum(rows, 'total')} |`;
  return ['| folder | files | passed / total |', '|---|---|---|', ...lines, all].join('\n');
}

function failures(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) =>
    row.failures.map((f) => `| \`${row.folder}/${row.file}:${f.line}\` | ${f.directive} | ${cell(f.reason)} |`),
  );
  if (lines.length === 0) return 'Every directive passes.';
  return ['| place | directive | reason |', '|---|---|---|', ...lines].join('\n');
}

function report(rows: readonly Row[], interpreted: readonly Row[]): string {
  return `# Conformance

The reference suite of the component model, run by \`npm run conformance\`, which writes this page. Suite: ${PINNED};
${FILES} files, ${DIRECTIVES} directives. Where a directive states a message, Tenon's message contains it. Feature gates: the defaults.

## By folder

${folders(rows)}

With every call carried by the plain interpreter: ${sum(interpreted, 'passed')} / ${sum(interpreted, 'total')}.

## What does not pass

${failures(rows)}

## By file

${table(rows)}
`;
}

if (!existsSync(SUITE)) {
  console.error(`the reference suite is absent (${SUITE}): set TENON_SHARED`);
  process.exit(1);
}
const rows = await runSuite();
const interpreted = await runSuite('interpreted');
writeFileSync(inRoot(TARGET), report(rows, interpreted));
const [passed, total] = [sum(rows, 'passed'), sum(rows, 'total')];
console.log(`${passed} of ${total} directives passed, ${sum(interpreted, 'passed')} interpreted; ${TARGET} is written`);
if (rows.length < FILES || total < DIRECTIVES)
  console.error(`the suite holds ${FILES} files and ${DIRECTIVES} directives`);
process.exit(passed === total && rows.length >= FILES && total >= DIRECTIVES ? 0 : 1);
