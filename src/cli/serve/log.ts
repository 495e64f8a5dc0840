/** What a server prints of its requests: lines for people, or one object a line for machines. */
import { ComponentError } from '../../error/error.ts';
import { wasmFrames } from '../../error/stack.ts';
import { Trap } from '../../error/trap.ts';
import type { Served } from '../../serve/serve.ts';
import { safeText } from '../../util/safe-text.ts';
import { report } from '../report.ts';
import type { ServerOptions } from './options.ts';

/** An error in the form of a line for machines. */
function errorFields(error: unknown): Readonly<Record<string, unknown>> {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  const payload = error instanceof ComponentError ? { payload: String(error.payload) } : {};
  const stack = error instanceof Trap ? wasmFrames(error.stack) : [];
  const frames = stack.slice(0, 20).map(({ name, index, module }) => ({ function: name ?? index, module }));
  return {
    code: typeof code === 'string' ? code : 'error',
    message,
    ...payload,
    ...(frames.length > 0 ? { frames } : {}),
  };
}

function json(to: NodeJS.WriteStream, fields: Readonly<Record<string, unknown>>): void {
  to.write(`${JSON.stringify({ time: new Date().toISOString(), ...fields })}\n`);
}

function asJson({ accessLog }: ServerOptions): (served: Served) => void {
  return ({ method, path, status, milliseconds, outcome, failure }) => {
    const ms = Math.round(milliseconds * 10) / 10;
    if (failure !== undefined) json(process.stderr, { method, path, status, ms, outcome, error: errorFields(failure) });
    if (accessLog) json(process.stdout, { method, path, status, ms, outcome });
  };
}

function asText({ accessLog }: ServerOptions): (served: Served) => void {
  return ({ method, path, status, milliseconds, failure }) => {
    if (failure === undefined && !accessLog) return;
    const what = safeText(`${method} ${path}`);
    if (failure !== undefined) {
      process.stderr.write(`${what} failed\n`);
      report(failure);
    }
    if (accessLog)
      process.stdout.write(`${new Date().toISOString()} ${what} ${status} ${milliseconds.toFixed(1)} ms\n`);
  };
}

/** What is done with every request that was served. */
export function logOf(options: ServerOptions): (served: Served) => void {
  return options.logFormat === 'json' ? asJson(options) : asText(options);
}
