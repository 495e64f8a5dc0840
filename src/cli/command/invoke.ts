/** `tenon invoke FILE 'func(args)'...`. */

import { reasonOf } from '../../error/trap.ts';
import { nodeHost } from '../../host/node/host.ts';
import { ComponentError, type Instance, Trap, UsageError } from '../../node.ts';
import { describeType } from '../../types/describe.ts';
import { exitOf } from '../../wasi/p2/exit.ts';
import { createWasi } from '../../wasi/p2/wasi.ts';
import { parseWaveCall } from '../../wave/parse.ts';
import { printWave, withoutText } from '../../wave/print.ts';
import { type Command, MisuseError, type Parsed } from '../args.ts';
import { findTarget, type Target } from '../call-target.ts';
import { grantOf } from '../grants.ts';
import { writeOut } from '../output.ts';
import {
  type Loaded,
  linkOptionsOf,
  linkProgram,
  loadFile,
  PROGRAM_FLAGS,
  printStats,
  programName,
} from '../program.ts';
import { reportDenial } from '../report.ts';

export const command: Command = {
  name: 'invoke',
  summary: 'Call exported functions and print their results.',
  usage: "[FLAGS] FILE 'ns:pkg/iface@1.2.3.func(args)'...",
  flags: PROGRAM_FLAGS,
  details:
    'Arguments and result are WAVE text: 1, "text", [1, 2], {field: true}, some(1), err("why"). The version may be left out, and the\n' +
    'interface where no other has the function. The result alone goes to standard output, on one line; a result that is an error is\n' +
    'a value, printed as err(...), with exit code 0. Exit code: 134 after a trap, 1 if it cannot be called. Several calls are made\n' +
    'one after the other, of the same instance, and printed as CALL => RESULT; the first trap, printed as CALL => trap: WHY, is the last.',
  examples: [
    ['a function of an interface', `tenon invoke style.wasm 'demo:text/style.pad("wasm", 8, right)'`],
    ['a function of the world', `tenon invoke calc.wasm 'add(1, 2)'`],
    ['with an interface of another component', `tenon invoke --plug words.wasm app.wasm 'count("a b a")'`],
    ['two calls', `tenon invoke calc.wasm 'add(1, 2)' 'add(-1, 2)'`],
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

/** A call that can be made: the function is known, and its arguments fit. */
interface Prepared {
  readonly text: string;
  readonly target: Target;
  readonly values: readonly unknown[];
}

function prepareCall(main: Loaded, text: string): Prepared {
  const target = findTarget(main.path, main.component, text);
  checkText(target);
  return { text, target, values: parseWaveCall(text, target.type) };
}

/** Makes one call of several, and prints it with its result, or with what its trap is for. */
async function callAndPrint(instance: Instance, { text, target, values }: Prepared): Promise<void> {
  try {
    const result = await resultOf(functionOf(instance, target), target, values);
    await writeOut(`${text}${result === undefined ? '' : ` => ${result}`}\n`);
  } catch (error) {
    // What exactly it was goes to standard error with the rest of the report.
    if (error instanceof Trap) await writeOut(`${text} => trap: ${reasonOf(error.code)}\n`);
    throw error;
  }
}

/** Calls functions of one instance, and prints what they answer. The program's arguments are for what asks WASI for them. */
export async function invoke(
  main: Loaded,
  calls: readonly string[],
  args: Parsed,
  program: readonly string[],
): Promise<number> {
  const prepared = calls.map((text) => prepareCall(main, text));
  const plugs = await Promise.all((args.values.get('plug') ?? []).map((plug) => loadFile(plug, args, { kept: true })));
  using wasi = createWasi({
    host: nodeHost({ onBrokenPipe: () => process.exit(0) }),
    grant: grantOf(args, program),
    onDenied: reportDenial,
  });
  const { instance, parts } = await linkProgram(main, plugs, wasi, linkOptionsOf(args));
  const [only, second] = prepared;
  try {
    if (only !== undefined && second === undefined) {
      const text = await resultOf(functionOf(instance, only.target), only.target, only.values);
      if (text !== undefined) await writeOut(`${text}\n`);
    } else for (const call of prepared) await callAndPrint(instance, call);
    return 0;
  } catch (error) {
    const exit = exitOf(error);
    if (exit === undefined) throw error;
    return exit.exitCode;
  } finally {
    printStats(args, [...parts, { path: main.path, instance }]);
  }
}

export async function run(args: Parsed): Promise<number> {
  const [path, ...calls] = args.operands;
  if (path === undefined || calls.length === 0) {
    const what = path === undefined ? 'no file was named' : 'no call is given';
    throw new MisuseError('missing-operand', what, `usage: tenon invoke ${command.usage}`);
  }
  return invoke(await loadFile(path, args, { kept: true }), calls, args, [programName(path)]);
}
