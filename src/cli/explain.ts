/** Errors for files that are no valid component: what they are, and what to do next. */
import { MalformedError, ValidationError } from '../node.ts';

export async function explainFile(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Error> {
  const { recognise } = await import('../inspect/recognise.ts');
  const { kind, title, hint } = recognise(bytes, path);
  return new MalformedError(`is-${kind}`, `${path} is not a component: it is ${title}`, {
    hint: hint.replaceAll('FILE', path),
  });
}

/** An error of reading a component, with the file's name before it and a next step. */
export function withPath(error: unknown, path: string): unknown {
  const kind = [MalformedError, ValidationError].find((known) => error instanceof known);
  if (kind === undefined) return error;
  const { code, message, details } = error as MalformedError;
  const cutOff = /unexpected end|length out of bounds|out of bounds of/.test(message);
  const hint = details.hint ?? (cutOff ? 'the file may be cut off: get it again' : `see: tenon validate ${path}`);
  return new kind(code, `${path}: ${message}`, { hint, cause: error });
}
