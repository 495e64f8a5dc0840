/** The error for a file that is no component: what it is, and what to do next. */
import { MalformedError } from '../error/error.ts';
import { recognise } from '../inspect/recognise.ts';

export async function explainFile(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Error> {
  const { kind, title, hint } = recognise(bytes, path);
  return new MalformedError(`is-${kind}`, `${path} is not a component: it is ${title}`, { hint });
}
