/** Turns a table of the decoder (byte to word) into one for the encoder (word to byte). */
export function inverse<T extends string>(table: Readonly<Record<number, T>>): Readonly<Record<T, number>> {
  return Object.fromEntries(Object.entries(table).map(([byte, word]) => [word, Number(byte)])) as Record<T, number>;
}
