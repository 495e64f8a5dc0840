/** How a binary is printed. */
export interface PrintOptions {
  /**
   * `exact` (the default): the text parses back to the same bytes; names stand as identifiers only where the name section comes back
   * as it was, and else as comments beside the section's bytes. `identifiers`: names are always identifiers, for people who read or
   * change the text; the name section may move.
   */
  readonly names?: 'exact' | 'identifiers';
  /** Leaves out the bodies of core functions and the bytes of data and custom sections: an outline that does not parse back. */
  readonly skeleton?: boolean;
}
