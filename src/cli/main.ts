/** The command `tenon`: finds the sub-command and runs it. Commands use only the public API. */
import { type Command, helpText, MisuseError, nearest, type Parsed, parseArgs } from './args.ts';
import { type CacheFiles, keepIn } from './cache.ts';
import { report } from './report.ts';

export interface CommandModule {
  readonly command: Command;
  /** Runs it and gives the exit code. */
  readonly run: (args: Parsed) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<CommandModule> }>> = {
  run: {
    summary: 'run a command component, or a core module for WASI preview 1',
    load: () => import('./command/run.ts'),
  },
  invoke: { summary: 'call one export and print its result', load: () => import('./command/invoke.ts') },
  serve: {
    summary: 'serve a component that handles HTTP requests',
    load: () => import('./command/serve.ts'),
  },
  inspect: {
    summary: 'say what a file is, what it imports and exports, and what it is made of',
    load: () => import('./command/inspect.ts'),
  },
  types: {
    summary: 'write the TypeScript declarations of a component for its host',
    load: () => import('./command/types.ts'),
  },
  build: {
    summary: 'turn a component into an ES module with core modules beside it, ahead of time',
    load: () => import('./command/build.ts'),
  },
  validate: { summary: 'check a component against the specification', load: () => import('./command/validate.ts') },
  parse: { summary: 'turn text into a binary', load: () => import('./command/parse.ts') },
  print: { summary: 'print a binary as text', load: () => import('./command/print.ts') },
  wast: { summary: 'run test scripts', load: () => import('./command/wast.ts') },
};

function generalHelp(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((n) => n.length));
  const list = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'tenon: run, call and inspect WebAssembly components',
    '',
    'Usage: tenon COMMAND [FLAGS] FILE [ARGS...]',
    '',
    'Commands:',
    ...list,
    '',
    'Examples:',
    '  # run a program; it reaches nothing but standard input and output',
    '  tenon run app.wasm hello',
    '  # let it read one directory',
    '  tenon run --dir ./data::/data:ro app.wasm /data/input.txt',
    '  # what is in this file?',
    '  tenon inspect app.wasm',
    '',
    'tenon COMMAND --help says more; tenon --version prints the version.',
    '',
  ].join('\n');
}

async function dispatch(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined) {
    process.stderr.write(generalHelp());
    return 2;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const topic = rest[0] === undefined ? undefined : COMMANDS[rest[0]];
    process.stdout.write(topic === undefined ? generalHelp() : helpText((await topic.load()).command));
    return 0;
  }
  if (name === '--version' || name === '-V') {
    const { version } = await import('./version.ts');
    process.stdout.write(`tenon ${version()}\n`);
    return 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    const near = nearest(name, Object.keys(COMMANDS));
    throw new MisuseError(
      'unknown-command',
      `there is no command "${name}"`,
      near === undefined ? 'see: tenon --help' : `did you mean: tenon ${near}?`,
    );
  }
  const { command, run } = await entry.load();
  const own = rest.indexOf('--');
  const firstOperand =
    command.passThrough === true
      ? rest.findIndex((w, i) => !w.startsWith('-') && !takesNext(command, rest[i - 1]))
      : -1;
  const mine = rest.slice(0, own >= 0 ? own : firstOperand >= 0 ? firstOperand : undefined);
  if (mine.includes('--help') || mine.includes('-h')) {
    process.stdout.write(helpText(command));
    return 0;
  }
  return run(parseArgs(command, rest));
}

function takesNext(command: Command, word: string | undefined): boolean {
  return (
    word !== undefined &&
    command.flags.some((f) => f.value !== undefined && (word === `--${f.name}` || word === `-${f.short}`))
  );
}

/** Runs the command line and gives the exit code; what is found out about components is kept in `cache`. */
export async function main(words: readonly string[], cache?: CacheFiles): Promise<number> {
  keepIn(cache);
  try {
    return await dispatch(words);
  } catch (error) {
    return report(error);
  }
}
