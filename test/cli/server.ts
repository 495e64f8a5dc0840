/** `tenon serve` as a child process that ends with the tests of its file. */
import { after } from 'node:test';
import { type ServerProcess, serveTenon } from '../support/server-process.ts';

export type Server = ServerProcess;

const running = new Set<Server>();
after(() => Promise.all([...running].map((server) => server.stop('SIGKILL'))));

/** Starts `tenon serve` on a free port of this machine, and waits until it serves. */
export async function serve(...args: string[]): Promise<Server> {
  const server = await serveTenon(args);
  running.add(server);
  return server;
}
