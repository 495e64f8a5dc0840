/** Checks that blame Tenon itself, never its input. */

/** Thrown when Tenon broke a rule of its own: a bug to report. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly code = 'internal';
}

/** Throws {@link InvariantError} unless `condition` holds. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new InvariantError(`internal error: ${what}; please report it`);
}

/** For the default arm of a switch that names every case. */
export function unreachable(value: never): never {
  throw new InvariantError(`internal error: unexpected ${JSON.stringify(value)}; please report it`);
}
