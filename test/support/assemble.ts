/** Components and core modules of tests are written in the text format. */
import { parseText } from '../../src/text/parse.ts';

/** The binary of a component or core module in the text format. */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  return parseText(text).bytes;
}
