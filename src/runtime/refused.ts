/** A call that ended before it began. */

/** The arguments of the host were wrong: thrown past guest code that has not begun. Ends nothing. */
export class Refused extends Error {
  readonly error: unknown;
  constructor(error: unknown) {
    super('refused');
    this.error = error;
  }
}
