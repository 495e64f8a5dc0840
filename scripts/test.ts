/**
 * `npm test`: runs the test files on Node's test runner and ends with `N passed, N failed, N skipped` alone on the last line.
 * Arguments: parts of file names to run only those files; `--name PATTERN` to run only matching tests; `--all` lists every test.
 * The guests that have to be downloaded or built are `npm run test:guests`, the platforms `npm run test:platforms`.
 */
import { availableParallelism } from 'node:os';
import { run, type TestsStream } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { files, inRoot, ROOT, relativeToRoot } from './project.ts';

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

interface FileResult {
  passed: number;
  failed: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string', multiple: true }, all: { type: 'boolean', default: false } },
});

/** The longest that a test may take, in milliseconds; one that waits for what never comes fails, and its file goes on. */
const TEST_TIMEOUT = 300_000;

/** What has to be downloaded or built first has commands of its own. */
const ON_DEMAND = ['guests', 'platforms'];

const everything = files('src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts').filter((file) =>
  ON_DEMAND.every((folder) => !file.startsWith(`test/${folder}/`) || positionals.some((p) => p.includes(folder))),
);
const chosen =
  positionals.length === 0 ? everything : everything.filter((file) => positionals.some((p) => file.includes(p)));

async function follow(stream: TestsStream): Promise<Totals> {
  const tally = new Tally();
  for await (const event of stream) {
    switch (event.type) {
      case 'test:pass':
      case 'test:fail':
        tally.take(event.type === 'test:fail', event.data);
        break;
      case 'test:stderr':
      case 'test:stdout':
        process.stderr.write(event.data.message);
        break;
      case 'test:summary':
        if (event.data.file !== undefined) {
          tally.fileDone(event.data.file, event.data.duration_ms);
        }
        break;
      default:
        break;
    }
  }
  tally.print();
  return tally.totals;
}

/** Counts single tests: suites, and the entries that stand for whole files, only repeat what their tests said. */
class Tally {
  readonly totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #results = new Map<string, FileResult>();
  readonly #failures: string[] = [];
  readonly #skips = new Map<string, string[]>();

  take(failed: boolean, test: TestData): void {
    const repeats = test.details.type === 'suite' || isFileEntry(test);
    // A file that cannot be loaded, or a hook that fails, has no test to say it.
    if (failed ? cause(test) === 'subtestsFailed' : repeats) {
      return;
    }
    const file = test.file ?? '';
    const name = `${relativeToRoot(file)}:${test.line ?? 0} ${test.name}`;
    const result = this.#results.get(file) ?? { passed: 0, failed: 0 };
    this.#results.set(file, result);
    const skip = test.skip ?? test.todo;
    if (skip !== undefined && skip !== false) {
      const reason = typeof skip === 'string' && skip !== '' ? skip : 'no reason given';
      this.totals.skipped++;
      this.#skips.set(reason, [...(this.#skips.get(reason) ?? []), name]);
    } else if (failed) {
      this.totals.failed++;
      result.failed++;
      this.#failures.push(`${name}\n${indent(explain(test))}`);
      console.log(`not ok ${name}`);
    } else {
      this.totals.passed++;
      result.passed++;
      if (values.all) {
        console.log(`ok ${name}`);
      }
    }
  }

  fileDone(file: string, milliseconds: number): void {
    const result = this.#results.get(file) ?? { passed: 0, failed: 0 };
    const state = result.failed > 0 ? 'FAILED' : 'ok';
    console.log(`${state.padEnd(6)} ${relativeToRoot(file)}  ${result.passed} passed  ${Math.round(milliseconds)} ms`);
  }

  print(): void {
    for (const [reason, names] of this.#skips) {
      const shown = names.length > 20 ? [...names.slice(0, 20), '...'] : names;
      console.log(`\nNOT RUN, ${names.length}: ${reason}\n  ${shown.join('\n  ')}`);
    }
    if (this.#failures.length > 0) {
      console.log(`\nFailed:\n\n${this.#failures.join('\n\n')}\n`);
    }
  }
}

interface TestData {
  readonly name: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly nesting: number;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined; readonly error?: Error };
}

function isFileEntry(test: TestData): boolean {
  return (
    test.nesting === 0 &&
    test.file !== undefined &&
    (test.name === test.file || test.name === relativeToRoot(test.file))
  );
}

function cause(test: TestData): string | undefined {
  return (test.details.error as { failureType?: string } | undefined)?.failureType;
}

function explain(test: TestData): string {
  const error = test.details.error;
  const inner = error?.cause;
  if (inner instanceof Error) {
    return inner.stack ?? inner.message;
  }
  return inner === undefined ? (error?.message ?? 'failed without an error') : String(inner);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

if (chosen.length === 0) {
  console.error(
    positionals.length === 0 ? 'There is no test file.' : `No test file has ${positionals.join(' or ')} in its name.`,
  );
  process.exitCode = 1;
} else {
  const totals = await follow(
    run({
      files: chosen.map((file) => inRoot(file)),
      cwd: ROOT,
      concurrency: availableParallelism(),
      timeout: TEST_TIMEOUT,
      execArgv: ['--import', pathToFileURL(inRoot('scripts/test-deadline.ts')).href],
      ...(values.name ? { testNamePatterns: values.name } : {}),
    }),
  );
  if (totals.passed + totals.failed === 0) {
    console.error('No test was run.');
    process.exitCode = 1;
  }
  if (totals.failed > 0) {
    process.exitCode = 1;
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
}
