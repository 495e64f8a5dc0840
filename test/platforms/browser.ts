/** Runs a program of the prepared folder on a page of Chromium that allows neither inline scripts nor code that is made of text. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Finished } from './platforms.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Bare names as pages know them. */
const IMPORT_MAP = JSON.stringify({
  imports: {
    'tenon/runtime': '/node_modules/tenon/dist/runtime/runtime.js',
    'tenon/fuse': '/node_modules/tenon/dist/runtime/fuse.js',
    'tenon/wasi': '/node_modules/tenon/dist/wasi-web.js',
    'tenon/wast': '/node_modules/tenon/dist/wast/wast.js',
    'node:assert/strict': '/programs/assert.js',
  },
});

function page(name: string): { readonly html: string; readonly policy: string } {
  const hash = createHash('sha256').update(IMPORT_MAP).digest('base64');
  const html = `<!doctype html><script type="importmap">${IMPORT_MAP}</script><script type="module" src="/start.js?${name}"></script>`;
  return { html, policy: `default-src 'self'; script-src 'self' 'sha256-${hash}' 'wasm-unsafe-eval'` };
}

const START = `
const name = new URL(import.meta.url).search.slice(1);
import('/programs/' + name + '.js').then(
  () => console.log('page: done'),
  (error) => console.log('page: failed\\n' + (error.stack ?? error)),
);`;

function serve(app: string) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/page') {
      const { html, policy } = page(url.search.slice(1));
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy }).end(html);
      return;
    }
    if (url.pathname === '/start.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(START);
      return;
    }
    const file = join(app, normalize(url.pathname));
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' });
    createReadStream(file).pipe(response);
  };
}

export interface Page {
  on(event: 'console', listener: (message: { text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  goto(url: string): Promise<unknown>;
  evaluate<T>(inPage: () => Promise<T>): Promise<T>;
}

export interface Browser {
  newPage(options?: { readonly ignoreHTTPSErrors?: boolean }): Promise<Page>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: { launch(options: object): Promise<Browser> };
}

/** Starts a Chromium. */
export async function launch(program: string): Promise<Browser> {
  const from = join(import.meta.dirname, 'node_modules/playwright-core/index.mjs');
  const { chromium } = (await import(from)) as Playwright;
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
}

/** As {@link Platform.run}. */
export async function runInBrowser(program: string, app: string, name: string): Promise<Finished> {
  const server = createServer(serve(app));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await launch(program);
  const lines: string[] = [];
  try {
    const tab = await browser.newPage();
    const ended = new Promise<boolean>((resolve) => {
      tab.on('pageerror', (error) => {
        lines.push(error.stack ?? error.message);
        resolve(false);
      });
      tab.on('console', (message) => {
        const text = message.text();
        if (text === 'page: done') resolve(true);
        else lines.push(text);
        if (text.startsWith('page: failed')) resolve(false);
      });
    });
    await tab.goto(`http://127.0.0.1:${port}/page?${name}`);
    return { code: (await ended) ? 0 : 1, output: lines.join('\n') };
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}
