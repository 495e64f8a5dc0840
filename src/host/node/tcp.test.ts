import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { Lingering } from './tcp.ts';

test('connections that were closed and still send are no more than a bound', async () => {
  const lingering = new Lingering();
  const sockets = Array.from({ length: 1100 }, () => new Socket());
  for (const socket of sockets) lingering.add(socket);
  assert.equal(sockets.filter(({ destroyed }) => !destroyed).length, 1024);
  const drained = lingering.drained();
  for (const socket of sockets) socket.destroy();
  await drained;
});
