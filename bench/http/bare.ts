/** A bare `node:http` that answers what `rust-http2` answers at `/`: the same headers and body. Its first line is its address. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const BODY = 'hello from rust\n';
const HEADERS = [
  'content-type',
  'text/plain; charset=utf-8',
  'x-guest',
  'rust-http2',
  'content-length',
  `${BODY.length}`,
];

const server = createServer((request, response) => {
  if (request.url === '/echo') {
    response.writeHead(201, ['content-type', 'application/octet-stream', 'x-guest', 'rust-http2']);
    request.pipe(response);
    return;
  }
  response.writeHead(200, HEADERS);
  response.end(BODY);
});
server.listen(0, '127.0.0.1', () => {
  console.error(`Serving HTTP on http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
