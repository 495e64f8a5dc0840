/** `tenon run FILE [ARGS...]`. */

import { readPreamble } from '../../core/preamble.ts';
import type { Audit } from '../../grants/audit.ts';
import { nodeHost } from '../../host/node/host.ts';
import { type Component, ComponentError, type GrantInput, UsageError } from '../../node.ts';
import { compareSemver, parseSemver, splitVersion } from '../../types/semver.ts';
import { exitOf } from '../../wasi/p2/exit.ts';
import { createWasi, type WasiImports } from '../../wasi/p2/wasi.ts';
import { type Command, MisuseError, type Parsed } from '../args.ts';
import { expectBrief, expectNothing } from '../brief.ts';
import { readBinary } from '../files.ts';
import { AUDIT_FLAGS, auditOf, finishAudit, grantOf } from '../grants.ts';
import { interruptible } from '../interrupt.ts';
import { cacheOf, linkOptionsOf, linkProgram, loadFile, PROGRAM_FLAGS, printStats, programName } from '../program.ts';
import { report, reportDenial } from '../report.ts';

export const command: Command = {
  name: 'run',
  summary: 'Run a program: a component that exports wasi:cli/run, or a core module for WASI preview 1.',
  usage: '[FLAGS] FILE [ARGS...]',
  flags: [
    ...PROGRAM_FLAGS,
    ...AUDIT_FLAGS,
    {
      name: 'invoke',
      value: 'CALL',
      many: true,
      help: 'instead of running a program, call a function and print its result, as `tenon invoke` does',
    },
  ],
  passThrough: true,
  details:
    'The program reaches standard input, output and error, clocks and random numbers, and what the flags grant; nothing else.\n' +
    'Exit code: the program’s own; 134 after a trap, 130 after an interrupt, 1 if it cannot be run, 2 for a wrong command line.',
  examples: [
    ['run a program with arguments', 'tenon run app.wasm hello world'],
    ['one directory, read-only, as /data', 'tenon run --dir ./data::/data:ro app.wasm /data/in.txt'],
    ['an environment variable, and one passed on', 'tenon run --env MODE=fast --env HOME app.wasm'],
    ['a program whose imports another component exports', 'tenon run --plug words.wasm report.wasm'],
    ['connections to one host', 'tenon run --net example.com:443/tcp app.wasm'],
    ['at most 64 MiB of memory', 'tenon run --max-memory 64M app.wasm'],
    [
      'what it asked for, and the smallest grants that it needs',
      'tenon run --dir . --audit --write-grants app.toml app.wasm',
    ],
    ['the grants of a file', 'tenon run --grants app.toml app.wasm'],
    ['half a second of computing, a minute in all', 'tenon run --max-cpu 500ms --max-time 60 app.wasm'],
  ],
};

const RUN = 'wasi:cli/run';

/** The newest `wasi:cli/run` that this version can call. */
function runExport(component: Component, path: string, rest: readonly string[]): string {
  const names = component.exports.map((e) => e.name).filter((n) => splitVersion(n).name === RUN);
  const version = (name: string) => parseSemver(splitVersion(name).version ?? '0.0.0');
  const usable = names
    .filter((n) => version(n).major === 0n && version(n).minor === 2n)
    .sort((a, b) => compareSemver(version(b), version(a)));
  const [best] = usable;
  if (best !== undefined) return best;
  if (names.length > 0) {
    throw new UsageError('wasi-version', `${path} needs ${names[0]}, which this version of Tenon does not have`, {
      expected: 'wasi:cli/run@0.2.x',
      hint: 'build it for WASI 0.2',
    });
  }
  throw new UsageError('not-a-program', `${path} is a component, but no program: it exports no ${RUN}`, {
    found: component.exports.map((e) => e.name).join(', ') || 'no exports',
    hint:
      misplaced(rest) ?? 'call one of its functions: tenon invoke FILE "func(args)"; see them all: tenon inspect FILE',
  });
}

/** What stands behind FILE is the program's, so flags for Tenon are easily lost there. */
function misplaced(rest: readonly string[]): string | undefined {
  const flag = command.flags.find(({ name }) =>
    rest.some((word) => word === `--${name}` || word.startsWith(`--${name}=`)),
  );
  return flag === undefined ? undefined : `write --${flag.name} before FILE: what follows FILE belongs to the program`;
}

async function runComponent(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  args: Parsed,
  program: readonly string[],
): Promise<number> {
  const main = await loadFile(path, args, { bytes, kept: true });
  const calls = args.values.get('invoke');
  if (calls !== undefined) return (await import('./invoke.ts')).invoke(main, calls, args, program);
  const name = runExport(main.component, path, program.slice(1));
  const plugs = await Promise.all((args.values.get('plug') ?? []).map((plug) => loadFile(plug, args, { kept: true })));
  const host = nodeHost({ onBrokenPipe: endQuietly });
  const grant = grantOf(args, program);
  const audit = auditOf(args, grant);
  const code = await runOn(host, grant, audit, async (wasi) => {
    const { instance, parts } = await linkProgram(main, plugs, wasi, linkOptionsOf(args));
    expectNothing();
    const began = performance.now();
    const { run } = instance.promised[name] as { run(): Promise<void> };
    const ended = await interruptible(() => endOf(run()));
    cacheOf(args)?.ran(bytes, performance.now() - began);
    printStats(args, [...parts, { path, instance }]);
    return ended;
  });
  // The process ends next: what the program wrote to its connections must have gone out.
  await host.sockets.drained();
  finishAudit(args, audit);
  return code;
}

/** Runs `body` with what a grant gives, which is closed at its end. */
async function runOn<T>(
  host: ReturnType<typeof nodeHost>,
  grant: GrantInput,
  audit: Audit | undefined,
  body: (wasi: WasiImports) => Promise<T>,
): Promise<T> {
  using wasi = createWasi({ host, grant, onDenied: reportDenial, onUse: audit && ((use) => audit.note(use)) });
  return await body(wasi);
}

/** The reader of standard output has gone (`| head`): nothing is left to do, and nothing to complain of. */
function endQuietly(): void {
  process.exit(0);
}

/** The exit code of a program that is under way. */
async function endOf(running: Promise<unknown>): Promise<number> {
  try {
    await running;
    return 0;
  } catch (error) {
    const exit = exitOf(error);
    if (exit !== undefined) return exit.exitCode;
    if (error instanceof ComponentError) return 1;
    return report(error);
  }
}

export async function run(args: Parsed): Promise<number> {
  const [path, ...rest] = args.operands;
  if (path === undefined)
    throw new MisuseError('missing-operand', 'no file was named', `usage: tenon run ${command.usage}`);
  const bytes = await readBinary(path);
  const program = [programName(path), ...rest];
  // Everything else that is no component is explained when it is loaded as one.
  if (readPreamble(bytes) !== 'core module') {
    // What is called by name may take longer than the program.
    if (!args.values.has('invoke') && cacheOf(args)?.wasBrief(bytes) === true) expectBrief();
    try {
      return await runComponent(path, bytes, args, program);
    } finally {
      expectNothing();
    }
  }
  for (const [flag, what] of [
    ['plug', 'linked to others'],
    ['invoke', 'called'],
  ] as const) {
    if (!args.values.has(flag)) continue;
    throw new UsageError(`${flag}-module`, `${path} is a core module: only a component can be ${what}`, {
      hint: `leave out --${flag}, or make a component of it: tenon inspect FILE`,
    });
  }
  const { runModule } = await import('../preview1.ts');
  const grant = grantOf(args, program);
  const audit = auditOf(args, grant);
  const code = await endOf(runModule(path, bytes, grant, linkOptionsOf(args), audit));
  finishAudit(args, audit);
  if (args.values.has('stats')) process.stderr.write(`stats: ${path}: a core module: nothing is lifted or lowered\n`);
  return code;
}
