/** `tenon invoke FILE 'func(args)'`. */
import { nodeHost } from '../../host/node/host.ts';
import { ComponentError, type Instance, UsageError } from '../../node.ts';
import { describeType } from '../../types/describe.ts';
import { exitOf } from '../../wasi/p2/exit.ts';
import { createWasi } from '../../wasi/p2/wasi.ts';
import { parseWaveCall } from '../../wave/parse.ts';
import { printWave, withoutText } from '../../wave/print.ts';
import { type Command, MisuseError, type Parsed } from '../args.ts';
import { findTarget, type Target } from '../call-target.ts';
import { writeOut } from '../output.ts';
import { grantOf, linkOptionsOf, linkProgram, loadFile, PROGRAM_FLAGS, printStats, programName } from '../program.ts';

export const command: Command = {
  name: 'invoke',
  summary: 'Call one exported function and print its result.',
  usage: "[FLAGS] FILE 'ns:pkg/iface@1.2.3.func(args)'",
  flags: PROGRAM_FLAGS,
  details:
    'Arguments and result are WAVE text: 1, "text", [1, 2], {field: true}, some(1), err("why"). The version may be left out; a function\n' +
    'of the world itself is written without an interface. The result alone goes to standard output, on one line; a result\n' +
    'that is an error is a value, printed as err(...), with exit code 0. Exit code: 134 after a trap, 1 if it cannot be called.',
  examples: [
    ['a function of an interface', `tenon invoke style.wasm 'demo:text/style.pad("wasm", 8, right)'`],
    ['a function of the world', `tenon invoke calc.wasm 'add(1, 2)'`],
    ['with an interface of another component', `tenon invoke --plug words.wasm app.wasm 'count("a b a")'`],
    ['the names and types of all functions', 'tenon inspect --wit style.wasm'],
  ],
};

/** Values that cannot be written are refused before anything runs. */
function checkText(target: Target): void {
  const types = [...target.type.params.map((p) => p.type), ...(target.type.result ? [target.type.result] : [])];
  for (const type of types) {
    const found = withoutText(type);
    if (found === undefined) continue;
    throw new UsageError(
      'no-text',
      `${target.name} takes or gives a ${describeType(found)}, which has no form as text`,
      {
        hint: 'call it from a program that loads the component with the package',
      },
    );
  }
}

type Call = (...args: unknown[]) => Promise<unknown>;

function functionOf(instance: Instance, target: Target): Call {
  const scope = target.interface === undefined ? instance.promised : instance.promised[target.interface];
  return (scope as Record<string, Call>)[target.name]!;
}

/** Calls the function; an `err` of a `result` comes as an exception and is a value here. */
async function resultOf(call: Call, target: Target, args: readonly unknown[]): Promise<string | undefined> {
  const { result } = target.type;
  if (result?.kind !== 'result') {
    const value = await call(...args);
    return result === undefined ? undefined : printWave(value, result);
  }
  try {
    return printWave({ tag: 'ok', val: await call(...args) }, result);
  } catch (error) {
    if (!(error instanceof ComponentError)) throw error;
    return printWave({ tag: 'err', val: error.payload }, result);
  }
}

export async function run(args: Parsed): Promise<number> {
  const [path, call, extra] = args.operands;
  if (path === undefined || call === undefined || extra !== undefined) {
    const what =
      path === undefined ? 'no file was named' : extra === undefined ? 'no call is given' : 'more than one call';
    throw new MisuseError('missing-operand', what, `usage: tenon invoke ${command.usage}`);
  }
  const main = await loadFile(path, args);
  const target = findTarget(path, main.component, call);
  checkText(target);
  const values = parseWaveCall(call, target.type);
  const plugs = await Promise.all((args.values.get('plug') ?? []).map((plug) => loadFile(plug, args)));
  using wasi = createWasi({
    host: nodeHost({ onBrokenPipe: () => process.exit(0) }),
    grant: grantOf(args, [programName(path)]),
  });
  const { instance, parts } = await linkProgram(main, plugs, wasi, linkOptionsOf(args));
  try {
    const text = await resultOf(functionOf(instance, target), target, values);
    if (text !== undefined) await writeOut(`${text}\n`);
    return 0;
  } catch (error) {
    const exit = exitOf(error);
    if (exit === undefined) throw error;
    return exit.exitCode;
  } finally {
    printStats(args, [...parts, { path, instance }]);
  }
}
