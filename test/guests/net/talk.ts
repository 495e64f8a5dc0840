/** Runs a conversation with a command that runs the program, and writes down what was seen from both sides. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Conversation } from './conversations.ts';

/** The programs of this machine that a guest may talk to. */
export interface Peers extends AsyncDisposable {
  readonly ports: Readonly<Record<string, number>>;
  /** What `sink` has heard, in bytes, once its connections have ended. */
  heard(): Promise<number>;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
  return (server.address() as { port: number }).port;
}

/** Starts them. Port `closed` was free a moment ago. */
export async function startPeers(): Promise<Peers> {
  const sockets = new Set<Socket>();
  let heard = 0;
  let open = 0;
  let ended = (): void => {};
  const server = (talk: (socket: Socket) => void): Server =>
    createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      talk(socket);
    });
  const servers = {
    echo: server((socket) => socket.pipe(socket)),
    reset: server((socket) => socket.once('data', () => socket.resetAndDestroy())),
    sink: server((socket) => {
      open++;
      socket.on('data', (bytes) => {
        heard += bytes.length;
      });
      socket.on('end', () => socket.end());
      socket.on('close', () => {
        open--;
        ended();
      });
    }),
    closed: server(() => {}),
  };
  const ports: Record<string, number> = {};
  for (const [name, each] of Object.entries(servers)) ports[name] = await listening(each);
  await new Promise((go) => servers.closed.close(go));
  const udp = createSocket('udp4', (data, from) => udp.send(data, from.port, from.address));
  await new Promise<void>((go) => udp.bind(0, '127.0.0.1', go));
  ports['udp-echo'] = udp.address().port;
  return {
    ports,
    async heard() {
      while (open > 0) await new Promise<void>((go) => (ended = go));
      return heard;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      for (const each of Object.values(servers)) each.close();
      udp.close();
    },
  };
}

/** Three clients after each other, each with more to say than the one before. */
async function talkTcp(port: number): Promise<string> {
  const lines: string[] = [];
  for (const size of [0, 5, 100_000]) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(Buffer.alloc(size, 'x'));
    let back = 0;
    for await (const chunk of socket) back += (chunk as Buffer).length;
    lines.push(`sent ${size}, received ${back}\n`);
  }
  return lines.join('');
}

async function talkUdp(port: number): Promise<string> {
  const socket = createSocket('udp4');
  const lines: string[] = [];
  for (const size of [0, 5, 1400]) {
    const answer = new Promise<Buffer>((go) => socket.once('message', go));
    socket.send(Buffer.alloc(size, 'x'), port, '127.0.0.1');
    lines.push(`sent ${size}, received ${(await answer).length}\n`);
  }
  socket.close();
  return lines.join('');
}

/** Puts ports in the place of their names. */
export function filled(words: readonly string[], ports: Readonly<Record<string, number>>): string[] {
  return words.map((word) => word.replace(/\{([\w-]+)\}/g, (_, name: string) => String(ports[name])));
}

/** Runs `command` with the conversation's arguments behind `args`; answers what happened as text. */
export async function converse(
  command: string,
  args: readonly string[],
  conversation: Conversation,
  peers: Peers,
): Promise<{ readonly text: string; readonly stderr: string }> {
  const words = [...args, ...filled(conversation.args, peers.ports)];
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  let [stdout, stderr] = ['', ''];
  let talked: Promise<string> | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    const port = /^port (\d+)\n/.exec(stdout)?.[1];
    if (port !== undefined && conversation.talk !== undefined) {
      talked ??= (conversation.talk === 'tcp' ? talkTcp : talkUdp)(Number(port));
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((go, stop) => child.on('close', go).on('error', stop));
  clearTimeout(timer);
  const heard = conversation.args.includes('127.0.0.1:{sink}') ? `the sink heard ${await peers.heard()} bytes\n` : '';
  const seen = talked === undefined ? '' : `== clients\n${await talked}`;
  return { text: `exit ${code}\n${stdout.replace(/^port \d+\n/, 'port *\n')}${heard}${seen}`, stderr };
}
