/** Test scripts in the text format (`.wast`): the entry point of the package for who runs suites. */
import { parseScript } from '../text/script.ts';
import { type RunnerOptions, ScriptRunner } from './runner.ts';

export type { RunnerOptions } from './runner.ts';

/** A directive that did not hold. */
export interface ScriptFailure {
  /** 1-based. */
  readonly line: number;
  /** Its keyword, such as `assert_return`. */
  readonly directive: string;
  readonly reason: string;
}

/** How a script ended. */
export interface ScriptReport {
  readonly passed: number;
  readonly total: number;
  readonly failures: readonly ScriptFailure[];
  /** Calls that the interpreter carried. */
  readonly interpreted: number;
}

export interface ScriptOptions extends RunnerOptions {
  /** The script's name in messages. */
  readonly file?: string;
  /** Milliseconds that one directive may take; default 10,000. One that takes longer has failed, and so have those behind it. */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT = 10_000;

const KEYWORDS: Readonly<Record<string, string>> = {
  define: 'definition',
  'define and instantiate': 'component or module',
  instantiate: 'instance',
  action: 'invoke',
};

/** Waits for a promise, but no longer than this. */
async function within<T>(promise: Promise<T>, milliseconds: number, late: T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), milliseconds);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs every directive of a script, in order, each counted; a failure does not keep the others from running.
 * @throws TextError if the script itself cannot be parsed
 * @example
 * ```ts
 * import { runScript } from 'tenon/wast';
 *
 * const { passed, total } = await runScript('(component definition $empty)');
 * console.log(passed, total); // prints 1 1
 * ```
 */
export async function runScript(source: string, options: ScriptOptions = {}): Promise<ScriptReport> {
  const { file, timeout = DEFAULT_TIMEOUT, ...runnerOptions } = options;
  const directives = parseScript(source, { file });
  using runner = new ScriptRunner(runnerOptions);
  const failures: ScriptFailure[] = [];
  for (const directive of directives) {
    const reason = await within(runner.run(directive), timeout, `it did not end within ${timeout} ms`);
    if (reason === undefined) continue;
    const keyword = KEYWORDS[directive.kind] ?? directive.kind;
    failures.push({ line: directive.line, directive: keyword, reason });
  }
  return {
    passed: directives.length - failures.length,
    total: directives.length,
    failures,
    interpreted: runner.interpreted,
  };
}
