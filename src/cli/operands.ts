/** Checks how many operands a command got. */
import { type Command, MisuseError, type Parsed } from './args.ts';

/** The one operand that a command takes. */
export function oneOperand(command: Command, args: Parsed): string {
  const [file, extra] = args.operands;
  if (file === undefined)
    throw new MisuseError('missing-operand', 'no file was named', `usage: tenon ${command.name} ${command.usage}`);
  if (extra !== undefined)
    throw new MisuseError(
      'extra-operand',
      `"${extra}" is one operand too many`,
      `usage: tenon ${command.name} ${command.usage}`,
    );
  return file;
}
