/** Command-line arguments: flags by a table, typed errors with the nearest known name. Knows nothing of the commands. */
import { distance } from '../util/distance.ts';

/** One flag. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  readonly short?: string;
  /** What stands for the value in help, or undefined for a switch. */
  readonly value?: string;
  readonly many?: boolean;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** After `tenon NAME`. */
  readonly usage: string;
  readonly flags: readonly Flag[];
  readonly details?: string;
  readonly examples: readonly (readonly [string, string])[];
  /** True where everything after the first operand belongs to the guest. */
  readonly passThrough?: boolean;
}

export interface Parsed {
  readonly operands: readonly string[];
  /** Given values by flag name; a switch has one empty string. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** The command line was misused: exit code 2. */
export class MisuseError extends Error {
  override readonly name = 'MisuseError';
  readonly code: string;
  readonly hint: string;
  constructor(code: string, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The known word that is nearest to `word`, if it is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const d = distance(word, candidate);
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

/** Parses the words after the command's name. */
export function parseArgs(command: Command, words: readonly string[]): Parsed {
  const operands: string[] = [];
  const values = new Map<string, string[]>();
  let onlyOperands = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (onlyOperands || word === '-' || !word.startsWith('-')) {
      operands.push(word);
      onlyOperands ||= command.passThrough === true;
      continue;
    }
    if (word === '--') {
      onlyOperands = true;
      continue;
    }
    const { flag, inline } = findFlag(command, word);
    let value = inline;
    if (flag.value !== undefined && value === undefined) {
      i++;
      value = words[i];
      if (value === undefined)
        throw new MisuseError('missing-value', `--${flag.name} needs a value: ${flag.value}`, helpHint(command));
    }
    if (flag.value === undefined && inline !== undefined) {
      throw new MisuseError('unexpected-value', `--${flag.name} takes no value`, helpHint(command));
    }
    const list = values.get(flag.name) ?? [];
    if (list.length > 0 && flag.many !== true && flag.value !== undefined) {
      throw new MisuseError('given-twice', `--${flag.name} is given twice`, helpHint(command));
    }
    list.push(value ?? '');
    values.set(flag.name, list);
  }
  return { operands, values };
}

function helpHint(command: Command): string {
  return `see: tenon ${command.name} --help`;
}

function findFlag(command: Command, word: string): { flag: Flag; inline: string | undefined } {
  const long = word.startsWith('--');
  const equals = long ? word.indexOf('=') : -1;
  const name = word.slice(long ? 2 : 1, equals < 0 ? undefined : equals);
  const flag = command.flags.find((f) => (long ? f.name === name : f.short === name));
  if (flag !== undefined) return { flag, inline: equals < 0 ? undefined : word.slice(equals + 1) };
  const near = nearest(
    name,
    command.flags.map((f) => f.name),
  );
  const suggestion = near === undefined ? helpHint(command) : `did you mean --${near}?`;
  throw new MisuseError(
    'unknown-flag',
    `tenon ${command.name} has no flag ${word.slice(0, equals < 0 ? undefined : equals)}`,
    suggestion,
  );
}

/** The help text of a command. */
export function helpText(command: Command): string {
  const width = Math.max(0, ...command.flags.map((f) => flagLabel(f).length));
  const lines = [`${command.summary}`, '', `Usage: tenon ${command.name} ${command.usage}`];
  if (command.details !== undefined) lines.push('', command.details);
  if (command.flags.length > 0) {
    lines.push('', 'Flags:');
    for (const f of command.flags) lines.push(`  ${flagLabel(f).padEnd(width)}  ${f.help}`);
  }
  lines.push('', 'Examples:');
  for (const [what, how] of command.examples) lines.push(`  # ${what}`, `  ${how}`);
  return `${lines.join('\n')}\n`;
}

function flagLabel(flag: Flag): string {
  const short = flag.short === undefined ? '' : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
}
