/** `tenon parse FILE [-o OUT]`. */
import { writeFileSync } from 'node:fs';
import { parseText } from '../../text/text.ts';
import { type Command, MisuseError, type Parsed } from '../args.ts';
import { readText } from '../files.ts';
import { oneOperand } from '../operands.ts';
import { writeOut } from '../output.ts';

export const command: Command = {
  name: 'parse',
  summary: 'Turn a component or core module in the text format into a binary. It is not validated.',
  usage: 'FILE [-o OUT]',
  flags: [{ name: 'output', short: 'o', value: 'OUT', help: 'where the binary goes; without it, standard output' }],
  details:
    'FILE may be `-` for standard input. A text without `(component ...)` or `(module ...)` around it is a module.',
  examples: [
    ['to a file', 'tenon parse app.wat -o app.wasm'],
    ['and check it', 'tenon parse app.wat -o app.wasm && tenon validate app.wasm'],
  ],
};

export async function run(args: Parsed): Promise<number> {
  const path = oneOperand(command, args);
  const out = args.values.get('output')?.[0];
  if (out === undefined && process.stdout.isTTY === true)
    throw new MisuseError('binary-to-terminal', 'a binary would go to the terminal', 'name a file: -o app.wasm');
  const { bytes } = parseText(await readText(path), { file: path });
  if (out === undefined) await writeOut(bytes);
  else writeFileSync(out, bytes);
  return 0;
}
