/** `wasi:cli/stdin`, `stdout`, `stderr`, and the `terminal-…` interfaces, which tell whether those are terminals. */
import type { Sink } from '../../host/host.ts';
import type { Stdio } from '../open-grant.ts';
import { InputStream, OutputStream } from './streams.ts';

/** The resource `terminal-input`. */
export class TerminalInput {
  readonly kind = 'terminal-input';
}

/** The resource `terminal-output`. */
export class TerminalOutput {
  readonly kind = 'terminal-output';
}

/** The eight interfaces of standard streams. Dropping a stream does not close what it stands for. */
export function makeStdio({ stdin, stdout, stderr }: Stdio) {
  const input = (): TerminalInput | undefined => (stdin.terminal ? new TerminalInput() : undefined);
  const output = (sink: Sink) => (): TerminalOutput | undefined => (sink.terminal ? new TerminalOutput() : undefined);
  return {
    'wasi:cli/stdin': { getStdin: () => new InputStream(stdin) },
    'wasi:cli/stdout': { getStdout: () => new OutputStream(stdout) },
    'wasi:cli/stderr': { getStderr: () => new OutputStream(stderr) },
    'wasi:cli/terminal-input': { TerminalInput },
    'wasi:cli/terminal-output': { TerminalOutput },
    'wasi:cli/terminal-stdin': { getTerminalStdin: input },
    'wasi:cli/terminal-stdout': { getTerminalStdout: output(stdout) },
    'wasi:cli/terminal-stderr': { getTerminalStderr: output(stderr) },
  };
}
