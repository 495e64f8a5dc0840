/** A client for a worker thread: `GET` on raw sockets, the next when the last is answered. Only for answers with a content-length. */
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { Load } from './load.ts';

interface Task {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
}

const { url, connections, seconds } = workerData as Task;
const { hostname, port, host, pathname } = new URL(url);
const request = Buffer.from(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
const times: number[] = [];
let errors = 0;

/** The bytes of the first answer in `text`, or 0 while it is not whole. */
function lengthOf(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head + 2));
  const whole = head + 4 + Number(length?.[1] ?? 0);
  return text.length >= whole ? whole : 0;
}

function client(until: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port: Number(port), host: hostname, noDelay: true });
    let text = '';
    let begin = 0;
    const send = (): void => {
      begin = performance.now();
      if (begin >= until) socket.destroy();
      else socket.write(request);
    };
    socket.setEncoding('latin1');
    socket.on('connect', send);
    socket.on('data', (data) => {
      text += String(data);
      const length = lengthOf(text);
      if (length === 0) return;
      if (!text.startsWith('HTTP/1.1 200 ')) errors++;
      text = text.slice(length);
      times.push((performance.now() - begin) * 1000);
      send();
    });
    socket.on('error', () => errors++);
    socket.on('close', () => resolve());
  });
}

const end = performance.now() + seconds * 1000;
await Promise.all(Array.from({ length: connections }, () => client(end)));
times.sort((a, b) => a - b);
const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
const answer: Load = { requestsPerSecond: times.length / seconds, p50: at(0.5), p99: at(0.99), errors };
parentPort?.postMessage(answer);
