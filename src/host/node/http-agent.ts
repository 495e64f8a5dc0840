/** Connections that wait for the next request. */
import type { Agent, AgentOptions } from 'node:http';
import type { Agent as TlsAgent } from 'node:https';

/** Milliseconds that they wait, and how many: to one host with one method, and in all. */
const IDLE = 10_000;
const MAX_ALIKE = 16;
const MAX_IDLE = 256;

type Options = AgentOptions & { readonly ca?: string };

/**
 * Makes an agent of `node:http` or `node:https`. Where a request may go depends on its scheme, host, port and method: a connection that was
 * approved for one of these is kept for others that have the same.
 */
export function keptAgent(
  { Agent: Made }: { readonly Agent: new (options: Options) => Agent | TlsAgent },
  options: Options,
): Agent {
  const agent = new Made({ ...options, keepAlive: true, timeout: IDLE, maxFreeSockets: MAX_ALIKE });
  const nameOf = agent.getName.bind(agent);
  agent.getName = (request?: Parameters<Agent['getName']>[0] & { readonly method?: string }) =>
    `${nameOf(request)}:${request?.method}`;
  const keeps = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => idleOf(agent) < MAX_IDLE && keeps(socket);
  return agent;
}

/** Connections that wait now. */
function idleOf(agent: Agent): number {
  let count = 0;
  for (const sockets of Object.values(agent.freeSockets)) count += sockets?.length ?? 0;
  return count;
}
