/** Component values inside the ABI, free of JavaScript's conventions: what is lifted from one guest and lowered into another. */

/** A string with what `store_string` must know of where it came from. */
export interface AbiString {
  readonly kind: 'string';
  readonly text: string;
  readonly encoding: 'utf8' | 'utf16' | 'latin1';
  /** True if the source's encoding was `latin1+utf16`. */
  readonly compact: boolean;
  /** Length in code units of the source. */
  readonly units: number;
  /** True for a string of the host, which has no encoding of its own: it is stored with one exact allocation. */
  readonly host?: boolean;
}

export interface AbiVariant {
  readonly kind: 'variant';
  /** Position of the case. */
  readonly case: number;
  readonly value: AbiValue | undefined;
}

/** A handle, stream, future or error context, as the context's hooks gave it. */
export interface AbiHandle {
  readonly kind: 'handle';
  readonly value: unknown;
}

/**
 * Record: fields by position. List: elements. Flags: bit mask. Char: code point. 64-bit integers: bigint; other numbers: number.
 */
export type AbiValue = boolean | number | bigint | AbiString | AbiVariant | AbiHandle | readonly AbiValue[];

/** A string that a host made. Lone surrogates become U+FFFD. */
export function hostString(text: string): AbiString {
  const wellFormed = text.toWellFormed();
  return { kind: 'string', text: wellFormed, encoding: 'utf16', compact: false, units: wellFormed.length, host: true };
}
