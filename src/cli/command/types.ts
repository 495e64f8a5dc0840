/** `tenon types FILE [-o DIR] [--world NAME]`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { componentTypes } from '../../bindgen/bindgen.ts';
import { readPreamble } from '../../core/preamble.ts';
import { UsageError } from '../../node.ts';
import type { Command, Parsed } from '../args.ts';
import { explainFile, withPath } from '../explain.ts';
import { FEATURES_FLAG, featuresOf } from '../features.ts';
import { readBinary } from '../files.ts';
import { oneOperand } from '../operands.ts';
import { writeOut } from '../output.ts';

export const command: Command = {
  name: 'types',
  summary: 'Write the TypeScript declarations of a component for the program that loads it. Runs nothing.',
  usage: 'FILE [-o DIR] [--world NAME]',
  flags: [
    {
      name: 'output',
      short: 'o',
      value: 'DIR',
      help: 'write FILE.d.ts, or NAME.d.ts of a world, into that folder; else it goes to standard output',
    },
    { name: 'world', value: 'NAME', help: 'the world of a WIT package that has several' },
    FEATURES_FLAG,
  ],
  details: [
    'FILE is a component, as a binary or in the text format, or a WIT package in binary form; `-` is standard input.',
    'Written is a `World` for `Component.load<World>()`, and a type for everything that is imported and exported.',
  ].join('\n'),
  examples: [
    ['app.d.ts beside app.wasm', 'tenon types app.wasm -o .'],
    ['read it', 'tenon types app.wasm | less'],
    ['types/plugin.d.ts, of a world before there is a component', 'tenon types package.wasm --world plugin -o types'],
  ],
};

/** The name of a component's file without its ending. */
function stem(path: string): string {
  return path === '-' ? 'component' : basename(path).replace(/\.wa(?:sm|t)$/, '');
}

function write(folder: string, file: string, text: string): void {
  const path = join(folder, file);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError('cannot-write', `cannot write ${path}: ${(error as Error).message}`, {
      hint: '-o names a folder, which is made if it is not there',
      cause: error,
    });
  }
}

export async function run(args: Parsed): Promise<number> {
  const path = oneOperand(command, args);
  const bytes = await readBinary(path);
  if (readPreamble(bytes) !== 'component') throw await explainFile(bytes, path);
  const world = args.values.get('world')?.[0];
  const features = featuresOf(args);
  let text: string;
  try {
    text = componentTypes(bytes, {
      name: path === '-' ? 'component.wasm' : basename(path),
      ...(world === undefined ? {} : { world }),
      ...(features === undefined ? {} : { features }),
    });
  } catch (error) {
    throw withPath(error, path);
  }
  const folder = args.values.get('output')?.[0];
  if (folder === undefined) await writeOut(text);
  else write(folder, `${world ?? stem(path)}.d.ts`, text);
  return 0;
}
