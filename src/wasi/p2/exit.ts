/**
 * `wasi:cli/exit`, and how an exit is told apart from a failure. Exit codes of WASI 0.2 are 0 and 1, or any u8 with
 * `exit-with-code`; preview 1 gives any u32.
 */

/** The program ended by its own will. It is the `cause` of the trap that unwinds it. */
export class ExitError extends Error {
  override readonly name = 'ExitError';
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`the program ended with exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** The exit behind an error that a call ended in: the error itself or one of its causes; undefined if there was none. */
export function exitOf(error: unknown): ExitError | undefined {
  let at = error;
  for (let depth = 0; depth < 16 && at instanceof Error; depth++) {
    if (at instanceof ExitError) return at;
    at = at.cause;
  }
  return undefined;
}

/** The interface `wasi:cli/exit`. */
export function makeExit() {
  return {
    exit(status: { readonly tag: 'ok' | 'err' }): never {
      throw new ExitError(status.tag === 'ok' ? 0 : 1);
    },
    exitWithCode(statusCode: number): never {
      throw new ExitError(statusCode);
    },
  };
}
