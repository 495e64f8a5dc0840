/** What the program `fetch` is asked to ask, and the server that answers. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HERE } from '../cases.ts';

/** Arguments of the program; `SERVER` is where the server is. */
export const ASKED: Readonly<Record<string, readonly string[]>> = {
  get: ['GET', 'SERVER/path?query=1'],
  post: ['POST', 'SERVER/post', 'what is sent'],
  'post nothing': ['POST', 'SERVER/post', ''],
  head: ['HEAD', 'SERVER/'],
  delete: ['DELETE', 'SERVER/one'],
  redirect: ['GET', 'SERVER/redirect'],
  empty: ['GET', 'SERVER/empty'],
  large: ['GET', 'SERVER/large'],
  'nobody listens': ['GET', 'http://127.0.0.1:1/'],
  'no such name': ['GET', 'http://nowhere.invalid/'],
  'cut short': ['GET', 'SERVER/cut'],
};

export interface Answering extends AsyncDisposable {
  readonly url: string;
}

export async function answering(): Promise<Answering> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url = '', headers } = request;
    response.setHeader('x-answer', method);
    if (url === '/redirect') response.writeHead(302, { location: 'http://127.0.0.1:1/' });
    if (url === '/empty') response.writeHead(204);
    if (url === '/cut') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('a part');
      setTimeout(() => response.destroy(), 50);
      return;
    }
    if (url === '/large') response.write('0123456789abcdef'.repeat(65_536));
    response.end(url === '/empty' ? undefined : `${method} ${url} ${headers['content-type']}: "${body}"`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What a command prints that runs the program; large texts in short. */
export async function outcome(
  command: string,
  args: readonly string[],
  asked: readonly string[],
  url: string,
): Promise<string> {
  const words = asked.map((word) => word.replace('SERVER', url));
  const { stdout } = await promisify(execFile)(command, [...args, ...words], { maxBuffer: 1 << 24 });
  const text = stdout.replaceAll(url, 'SERVER');
  return text.length < 1000 ? text : `${text.slice(0, 100)}... ${text.length} characters ...${text.slice(-100)}`;
}

export function recordedFile(name: string): string {
  return join(HERE, 'expected/http', `${name.replaceAll(' ', '-')}.txt`);
}
