/** Prints a component or core module in the text format. */
import { decodeComponent } from '../../binary/decode.ts';
import { readPreamble } from '../../core/preamble.ts';
import { printComponent } from './component.ts';
import { printModule } from './module.ts';
import type { PrintOptions } from './options.ts';
import { TextWriter } from './text-writer.ts';

/**
 * Prints a component or core module, so that `parseText` gives the same bytes again wherever these were written in the shortest form.
 * It does not validate.
 * @throws MalformedError with the byte offset
 * @example
 * ```ts
 * import { parseText, printText } from 'tenon/text';
 *
 * console.log(printText(parseText('(component (import "f" (func)))').bytes));
 * // prints (component
 * // prints   (type (;0;) (func))
 * // prints   (import "f" (func (;0;) (type 0)))
 * // prints )
 * ```
 */
export function printText(bytes: Uint8Array<ArrayBuffer>, options: PrintOptions = {}): string {
  const out = new TextWriter();
  if (readPreamble(bytes) === 'core module') {
    out.open('module');
    printModule(out, bytes, 0, bytes.length, options);
    out.closeOnNewLine();
  } else printComponent(out, decodeComponent(bytes), options);
  return out.finish();
}
