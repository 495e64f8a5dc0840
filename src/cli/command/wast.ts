/** `tenon wast FILES... [--json]`. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TextError } from '../../node.ts';
import { safeText } from '../../util/safe-text.ts';
import { runScript, type ScriptFailure, type ScriptReport } from '../../wast/wast.ts';
import { type Command, MisuseError, type Parsed } from '../args.ts';
import { FEATURES_FLAG, featuresOf } from '../features.ts';
import { readText } from '../files.ts';
import { writeOut } from '../output.ts';

export const command: Command = {
  name: 'wast',
  summary: 'Run test scripts: every directive is counted, and one that could not be run has failed.',
  usage: 'FILE_OR_FOLDER... [--json] [--interpreted]',
  flags: [
    { name: 'json', help: 'print the results as JSON' },
    { name: 'interpreted', help: 'carry every call by the plain interpreter, for comparison' },
    FEATURES_FLAG,
  ],
  details: 'Of a folder, every .wast file in it and below is run. The exit code is 0 only if all directives passed.',
  examples: [
    ['one script', 'tenon wast values/strings.wast'],
    ['a whole suite, for a machine', 'tenon wast --json component-model/test'],
  ],
};

interface FileReport {
  readonly file: string;
  readonly passed: number;
  readonly total: number;
  readonly failures: readonly ScriptFailure[];
}

/** A file as it is, a folder as the scripts in it. */
function scriptsAt(path: string): string[] {
  // What is not there is reported when it is read.
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.wast'))
    .sort()
    .map((name) => join(path, name));
}

/** A script that cannot be parsed is one directive that failed. */
async function reportOf(file: string, args: Parsed): Promise<FileReport> {
  const source = await readText(file);
  const features = featuresOf(args);
  let report: Pick<ScriptReport, 'passed' | 'total' | 'failures'>;
  try {
    report = await runScript(source, {
      file,
      ...(features === undefined ? {} : { features }),
      ...(args.values.has('interpreted') ? { link: { mode: 'interpreted' } } : {}),
    });
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    const failure = { line: error.line, directive: 'script', reason: error.message };
    report = { passed: 0, total: 1, failures: [failure] };
  }
  return { file, passed: report.passed, total: report.total, failures: report.failures };
}

function show({ file, passed, total, failures }: FileReport): string {
  const lines = failures.map((f) => safeText(`  ${file}:${f.line}: ${f.directive}: ${f.reason}`));
  return `${[`${passed === total ? 'ok  ' : 'FAIL'}  ${passed}/${total}  ${file}`, ...lines].join('\n')}\n`;
}

export async function run(args: Parsed): Promise<number> {
  const files = args.operands.flatMap(scriptsAt);
  if (files.length === 0)
    throw new MisuseError('missing-operand', 'no script was named', `usage: tenon wast ${command.usage}`);
  const json = args.values.has('json');
  const reports: FileReport[] = [];
  for (const file of files) {
    const report = await reportOf(file, args);
    reports.push(report);
    if (!json) await writeOut(show(report));
  }
  const passed = reports.reduce((sum, r) => sum + r.passed, 0);
  const total = reports.reduce((sum, r) => sum + r.total, 0);
  if (json) await writeOut(`${JSON.stringify({ files: reports, passed, total })}\n`);
  else if (reports.length > 1) await writeOut(`${passed} of ${total} directives passed\n`);
  return passed === total ? 0 : 1;
}
