/** `wasi:cli/environment`. There is no working directory: programs take the first preopened one. */

/** The interface `wasi:cli/environment`. */
export function makeEnvironment(args: readonly string[], env: readonly (readonly [string, string])[]) {
  return {
    getEnvironment: (): [string, string][] => env.map(([name, value]) => [name, value]),
    getArguments: (): string[] => [...args],
    initialCwd: (): string | undefined => undefined,
  };
}
