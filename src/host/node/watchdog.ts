/** The thread that ends guests which compute for too long. Node's modules for it are loaded when there is one to start. */
import { watch } from '../../runtime/interruption.ts';

/** Starts it; it keeps no process alive. Its code goes there as text, so that no bundle has to carry a file for it. */
export async function startNodeWatchdog(memory: SharedArrayBuffer, origin: number): Promise<void> {
  const source = `const { parentPort, workerData } = require('node:worker_threads');
(${watch})(workerData.memory, workerData.origin, () => parentPort.postMessage(0));`;
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(source, {
    eval: true,
    workerData: { memory, origin },
    name: 'tenon watchdog',
    execArgv: [],
    env: {},
  });
  await process.getBuiltinModule('node:events').once(worker, 'message');
  worker.unref();
}
