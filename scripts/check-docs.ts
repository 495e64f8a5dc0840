/**
 * Runs the examples of README.md, CONTRIBUTING.md, docs/ and the documentation comments of `src`, against the sources: `tenon` means
 * this checkout, in imports and as a command. Modules are type-checked first. Everything runs in the root of the repository.
 * Arguments: parts of file names to check only those files.
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { type Example, exchanges, markdownExamples, matches, promisedOutput, sourceExamples } from './examples.ts';
import { files, inRoot, report, run, tool } from './project.ts';
import { read } from './source.ts';

/** Inside the package, so that `import 'tenon'` names the package itself. */
const SCRATCH = '.cache/docs';
const CONDITION = '--conditions=tenon-source';

const wanted = process.argv.slice(2);
const examples = [
  ...files('*.md', 'docs/**/*.md', 'examples/**/*.md').flatMap((file) => markdownExamples(file, read(file))),
  ...files('src/**/*.ts').flatMap((file) => (file.endsWith('.test.ts') ? [] : sourceExamples(file, read(file)))),
].filter(({ file }) => wanted.length === 0 || wanted.some((part) => file.includes(part)));

const problems: string[] = [];
const modules = examples.filter(({ kind }) => kind === 'module');
prepare();
if (modules.length > 0) {
  await checkTypes();
}
const queue = [...examples];
await Promise.all([work(), work()]);
rmSync(inRoot(SCRATCH), { recursive: true, force: true });
report(
  'docs',
  problems,
  `${modules.length} modules and ${examples.length - modules.length} dialogues run as documented`,
);

function moduleName(example: Example): string {
  return `${example.file.replaceAll(/[^\w]+/g, '-')}-${example.line}.ts`;
}

function prepare(): void {
  rmSync(inRoot(SCRATCH), { recursive: true, force: true });
  mkdirSync(inRoot(SCRATCH, 'bin'), { recursive: true });
  writeFileSync(
    inRoot(SCRATCH, 'bin/tenon'),
    `#!/bin/sh\nexec '${process.execPath}' '${inRoot('bin/tenon.js')}' "$@"\n`,
  );
  chmodSync(inRoot(SCRATCH, 'bin/tenon'), 0o755);
  for (const example of modules) {
    // An example without imports is a module all the same, with lines where they were.
    writeFileSync(inRoot(SCRATCH, moduleName(example)), `${example.code}\nexport {};\n`);
  }
}

async function checkTypes(): Promise<void> {
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { customConditions: ['tenon-source'], noUnusedLocals: false },
    include: ['*.ts'],
    exclude: [],
  };
  writeFileSync(inRoot(SCRATCH, 'tsconfig.json'), JSON.stringify(config));
  const { code, output } = await run(tool('tsc'), ['-p', `${SCRATCH}/tsconfig.json`, '--pretty', 'false']);
  if (code === 0) {
    return;
  }
  for (const line of output.trim().split('\n')) {
    const [, name, row, rest] = /([^/\\(]+\.ts)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    const example = modules.find((each) => moduleName(each) === name);
    problems.push(example === undefined ? line : `${example.file}:${example.line + Number(row) - 1}: ${rest}`);
  }
}

async function work(): Promise<void> {
  for (let example = queue.shift(); example !== undefined; example = queue.shift()) {
    const problem = example.kind === 'module' ? await runModule(example) : await runDialogue(example);
    if (problem !== undefined) {
      problems.push(`${example.file}:${example.line}: ${problem}`);
    }
  }
}

async function runModule(example: Example): Promise<string | undefined> {
  const { code, output } = await run(process.execPath, [CONDITION, inRoot(SCRATCH, moduleName(example))]);
  if (code !== 0) {
    return `the example ends with ${code}:\n${output}`;
  }
  const promised = promisedOutput(example.code)?.join('\n');
  return promised === undefined || matches(promised, output) ? undefined : difference(promised, output);
}

async function runDialogue(example: Example): Promise<string | undefined> {
  const PATH = [inRoot(SCRATCH, 'bin'), inRoot('node_modules/.bin'), process.env.PATH ?? ''].join(delimiter);
  for (const { command, output } of exchanges(example.code)) {
    const done = await run('bash', ['-c', command], { env: { PATH } });
    if (!matches(output, done.output)) {
      return `$ ${command}\n${difference(output, done.output)}(ended with ${done.code})`;
    }
  }
  return undefined;
}

function difference(promised: string, actual: string): string {
  const quote = (text: string): string => text.trimEnd().replaceAll(/^/gm, '  | ');
  return `documented:\n${quote(promised)}\nprinted:\n${quote(actual)}\n`;
}
