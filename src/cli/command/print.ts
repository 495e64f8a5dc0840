/** `tenon print FILE [-o OUT]`. */
import { writeFileSync } from 'node:fs';
import { printText } from '../../text/text.ts';
import type { Command, Parsed } from '../args.ts';
import { readInput } from '../files.ts';
import { oneOperand } from '../operands.ts';
import { writeOut } from '../output.ts';

export const command: Command = {
  name: 'print',
  summary: 'Print a component or core module in the text format, so that `tenon parse` gives the same bytes again.',
  usage: 'FILE [-o OUT] [--names] [--skeleton]',
  flags: [
    { name: 'output', short: 'o', value: 'OUT', help: 'where the text goes; without it, standard output' },
    { name: 'names', help: 'write names as identifiers even where the name section will not come back where it was' },
    { name: 'skeleton', help: 'leave out function bodies, data and the bytes of custom sections' },
  ],
  details: 'FILE may be `-` for standard input.',
  examples: [
    ['read it', 'tenon print app.wasm | less'],
    ['what is it made of?', 'tenon print --skeleton app.wasm'],
    ['change it by hand', 'tenon print --names app.wasm -o app.wat'],
  ],
};

export async function run(args: Parsed): Promise<number> {
  const path = oneOperand(command, args);
  const out = args.values.get('output')?.[0];
  const text = printText(await readInput(path), {
    names: args.values.has('names') ? 'identifiers' : 'exact',
    skeleton: args.values.has('skeleton'),
  });
  if (out === undefined) await writeOut(text);
  else writeFileSync(out, text);
  return 0;
}
