/** `tenon build FILE -o DIR [--name NAME]`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BuiltFile, buildComponent } from '../../bindgen/bindgen.ts';
import { UsageError } from '../../node.ts';
import { type Command, MisuseError, type Parsed } from '../args.ts';
import { FEATURES_FLAG } from '../features.ts';
import { readBinary } from '../files.ts';
import { oneOperand } from '../operands.ts';
import { writeOut } from '../output.ts';
import { loadFile, parseSize } from '../program.ts';

export const command: Command = {
  name: 'build',
  summary: 'Turn a component into an ES module, its declarations and core modules, ahead of time. Runs nothing.',
  usage: 'FILE -o DIR [--name NAME] [--max-memory BYTES]',
  flags: [
    { name: 'output', short: 'o', value: 'DIR', help: 'the folder to write to; it is made if it is not there' },
    { name: 'name', value: 'NAME', help: 'what the names of all files begin with; without it, the name of FILE' },
    { name: 'max-memory', value: 'BYTES', help: 'limit on linear memory of an instance; suffixes K, M, G' },
    FEATURES_FLAG,
  ],
  details: [
    'Written are NAME.js, NAME.d.ts and the core modules NAME.*.wasm that NAME.js loads from beside itself. NAME.js imports',
    '`tenon/runtime`, of which a bundler keeps what the component uses. Neither generates JavaScript when it runs, so both are for',
    'pages and workers that forbid it, too. FILE may be `-` for standard input.',
  ].join('\n'),
  examples: [
    ['app.js, app.d.ts and app.core.wasm in dist', 'tenon build app.wasm -o dist'],
    [
      'what to do with them',
      'node -e "import(\'./dist/app.js\').then(async (m) => console.log(await m.instantiate()))"',
    ],
    ['other names', 'tenon build target/wasm32-wasip2/release/my_app.wasm -o src/generated --name app'],
    ['instances of 64 MB at most', 'tenon build --max-memory 64M app.wasm -o dist'],
  ],
};

/** The name of a component's file without its ending. */
function stem(path: string): string {
  return path === '-' ? 'component' : basename(path).replace(/\.wa(?:sm|t)$/, '');
}

function sizeOf({ content }: BuiltFile): number {
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length;
}

function showSize(bytes: number): string {
  return bytes < 10_000 ? `${bytes} B` : `${Math.round(bytes / 1000)} kB`;
}

/** Says on a terminal what is being done. */
function progress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`${text}\n`);
}

function write(folder: string, { name, content }: BuiltFile): void {
  const path = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, content);
  } catch (error) {
    throw new UsageError('cannot-write', `cannot write ${path}: ${(error as Error).message}`, {
      hint: '-o names a folder, which is made if it is not there',
      cause: error,
    });
  }
}

export async function run(args: Parsed): Promise<number> {
  const path = oneOperand(command, args);
  const folder = args.values.get('output')?.[0];
  if (folder === undefined)
    throw new MisuseError('missing-flag', 'it is not said where to write to', 'name a folder: -o DIR');
  const max = args.values.get('max-memory')?.[0];
  const maxMemory = max === undefined ? undefined : parseSize('max-memory', max);
  const bytes = await readBinary(path);
  progress(`compiling ${path} (${showSize(bytes.length)})`);
  const { component } = await loadFile(path, args, { bytes });
  progress('building');
  const files = buildComponent(component, {
    name: args.values.get('name')?.[0] ?? stem(path),
    source: path === '-' ? 'standard input' : basename(path),
    ...(maxMemory === undefined ? {} : { maxMemory }),
  });
  for (const file of files) write(folder, file);
  const width = Math.max(...files.map(({ name }) => join(folder, name).length));
  const lines = files.map(
    (file) => `${join(folder, file.name).padEnd(width)}  ${showSize(sizeOf(file)).padStart(8)}\n`,
  );
  await writeOut(lines.join(''));
  return 0;
}
