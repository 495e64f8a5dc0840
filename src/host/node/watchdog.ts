/** The thread that ends guests which compute for too long. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { watch } from '../../runtime/interruption.ts';

/** Starts it; it keeps no process alive. Its code goes there as text, so that no bundle has to carry a file for it. */
export async function startNodeWatchdog(memory: SharedArrayBuffer, origin: number): Promise<void> {
  const source = `const { parentPort, workerData } = require('node:worker_threads');
(${watch})(workerData.memory, workerData.origin, () => parentPort.postMessage(0));`;
  const worker = new Worker(source, {
    eval: true,
    workerData: { memory, origin },
    name: 'tenon watchdog',
    execArgv: [],
    env: {},
  });
  await once(worker, 'message');
  worker.unref();
}
