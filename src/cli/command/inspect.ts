/** `tenon inspect FILE`. */
import { decodeComponent } from '../../binary/decode.ts';
import { decodeModule } from '../../core/decode.ts';
import type { Grant } from '../../grants/grant.ts';
import { grantedOf } from '../../grants/granted.ts';
import { type Inspection, inspectComponent, inspectModule, type Part } from '../../inspect/inspect.ts';
import { type FileKind, type Recognised, recognise } from '../../inspect/recognise.ts';
import { MalformedError, UsageError } from '../../node.ts';
import type { Component } from '../../types/definition.ts';
import { safeText } from '../../util/safe-text.ts';
import { validateComponent } from '../../validate/validate.ts';
import type { WitDocument } from '../../wit/document.ts';
import { printWit } from '../../wit/printer.ts';
import { decodeWorld } from '../../wit-component/decode.ts';
import type { Command, Parsed } from '../args.ts';
import { withPath } from '../explain.ts';
import { readBinary } from '../files.ts';
import { grantOf } from '../grants.ts';
import { oneOperand } from '../operands.ts';
import { writeOut } from '../output.ts';

export const command: Command = {
  name: 'inspect',
  summary:
    'Say what a file is, what it imports and exports, what it is made of, and what it could ask for. Runs nothing.',
  usage: '[--json] [--wit] [--grants FILE] FILE',
  flags: [
    { name: 'json', help: 'print everything as JSON' },
    { name: 'grants', value: 'FILE', help: 'say of each thing that it could ask for what these grants give it' },
    { name: 'wit', help: 'print the world of a component and all its interfaces as WIT, nothing else' },
  ],
  examples: [
    ['what is in this file?', 'tenon inspect app.wasm'],
    ['what would it be given?', 'tenon inspect --grants app.toml app.wasm'],
    ['its interfaces as WIT', 'tenon inspect --wit app.wasm'],
    ['the size of its largest part', `tenon inspect --json app.wasm | jq '[.. | .size? // empty] | max'`],
  ],
};

/** Kinds of files of which nothing more can be said: the file is at fault, and the exit code says so. */
const UNREADABLE: ReadonlySet<FileKind> = new Set([
  'empty',
  'truncated',
  'damaged-module',
  'unknown',
  'unknown-version',
]);

interface Found extends Recognised {
  readonly size: number;
  readonly details: Inspection | undefined;
  readonly world: WitDocument | undefined;
}

function validated(bytes: Uint8Array<ArrayBuffer>, path: string): Component {
  try {
    const component = decodeComponent(bytes);
    validateComponent(component, { coreBodies: 'skip' });
    return component;
  } catch (error) {
    throw withPath(error, path);
  }
}

function look(bytes: Uint8Array<ArrayBuffer>, path: string): Found {
  const recognised = recognise(bytes, path);
  if (UNREADABLE.has(recognised.kind)) {
    throw new MalformedError(`is-${recognised.kind}`, `${path} is ${recognised.title}`, { hint: recognised.hint });
  }
  const size = bytes.length;
  if (recognised.kind === 'component') {
    const component = validated(bytes, path);
    return {
      ...recognised,
      hint: nextStep(component),
      size,
      details: inspectComponent(component),
      world: decodeWorld(component),
    };
  }
  const isModule = bytes[0] === 0 && bytes[4] === 1;
  return { ...recognised, size, details: isModule ? inspectModule(decodeModule(bytes)) : undefined, world: undefined };
}

function nextStep(component: Component): string {
  const exports = component.definitions.flatMap((d) => (d.kind === 'export' ? [d.name.name] : []));
  if (exports.some((name) => /^wasi:cli\/run@0\.2\./.test(name))) return 'run it: tenon run FILE';
  if (exports.length === 0) return 'it exports nothing: there is nothing to run or call';
  return "call a function: tenon invoke FILE 'interface.func(args)'";
}

function bytesText(size: number): string {
  return `${size.toLocaleString('en-US')} bytes`;
}

function partLines(part: Part, depth: number, index: string): string[] {
  const label = `${'  '.repeat(depth)}${part.kind}${index}${part.name === undefined ? '' : ` "${part.name}"`}`;
  const marks = [part.languages.join(', '), part.debug ? 'debug data' : ''].filter((m) => m !== '').join('; ');
  const line = `  ${label.padEnd(44)} ${part.size.toLocaleString('en-US').padStart(12)}  ${marks}`.trimEnd();
  const counts = new Map<string, number>();
  const inner = part.parts.flatMap((p) => {
    const number = counts.get(p.kind) ?? 0;
    counts.set(p.kind, number + 1);
    return partLines(p, depth + 1, ` ${number}`);
  });
  return [line, ...inner];
}

/** The world of a document without the packages behind it. */
function worldText(document: WitDocument): string {
  return printWit({ ...document, packages: [] })
    .split('\n')
    .slice(2)
    .join('\n')
    .trimEnd();
}

const MANY = 12;

function shortened(names: readonly string[]): string[] {
  const shown = names.slice(0, MANY).map((name) => `    ${name}`);
  return names.length > MANY ? [...shown, `    … ${names.length - MANY} more (--json lists all)`] : shown;
}

/** What a grant gives of a kind of thing. */
function grantedLines(kind: string, grant: Grant | undefined): readonly string[] {
  const found = grant && grantedOf(kind, grant);
  if (found === undefined) return [];
  if (found.granted.length > 0) return [`    granted: ${found.granted.join(' ')}`];
  return [`    not granted${found.flags === undefined ? '' : `: ${found.flags}`}`];
}

function text(path: string, found: Found, grant: Grant | undefined): string {
  const lines = [`${path}: ${found.title}, ${bytesText(found.size)}`];
  const { details, world } = found;
  if (details !== undefined) {
    if (details.languages.length > 0) lines.push(`Languages: ${details.languages.join(', ')}`);
    if (details.tools.length > 0) lines.push(`Tools: ${details.tools.join(', ')}`);
    if (world !== undefined)
      lines.push(
        '',
        'World:',
        ...worldText(world)
          .split('\n')
          .map((line) => `  ${line}`.trimEnd()),
      );
    else
      lines.push('', 'Imports:', ...none(shortened(details.imports)), 'Exports:', ...none(shortened(details.exports)));
    lines.push('', 'Could ask for:');
    if (details.capabilities.length === 0) lines.push('  nothing');
    for (const { name, title, imports } of details.capabilities)
      lines.push(`  ${title}`, ...shortened(imports), ...grantedLines(name, grant));
    lines.push('', 'Parts, in bytes:', ...partLines(details.root, 0, ''));
  }
  lines.push('', `Next: ${found.hint.replaceAll('FILE', path)}`);
  return `${safeText(lines.join('\n'))}\n`;
}

function none(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['    none'] : lines;
}

function json(path: string, found: Found, grant: Grant | undefined): string {
  const { kind, title, hint, size, details, world } = found;
  const wit = world === undefined ? undefined : printWit(world);
  const capabilities = details?.capabilities.map((each) => ({ ...each, ...(grant && grantedOf(each.name, grant)) }));
  const all = { file: path, kind, title, next: hint, size, wit, ...details, capabilities };
  return `${JSON.stringify(all, undefined, 2)}\n`;
}

export async function run(args: Parsed): Promise<number> {
  const path = oneOperand(command, args);
  const found = look(await readBinary(path), path);
  if (args.values.has('wit')) {
    if (found.world === undefined) {
      throw new UsageError('no-wit', `${path} is ${found.title}: only a component has a world`, { hint: found.hint });
    }
    await writeOut(printWit(found.world));
    return 0;
  }
  const grant = args.values.has('grants') ? grantOf(args, [path]) : undefined;
  await writeOut(args.values.has('json') ? json(path, found, grant) : text(path, found, grant));
  return 0;
}
