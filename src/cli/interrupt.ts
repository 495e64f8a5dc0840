/**
 * SIGINT exits 130. Where the guest spins, nothing but the default action of the signal can end it (a shell reports 130 then, too),
 * since no handler in JavaScript would run; so the handler is there only while the event loop is free, and gone before any guest's
 * stack goes on.
 */
import { onResumption } from '../runtime/stack.ts';
import { EXIT_INTERRUPTED } from './report.ts';

/** Waits shorter than this are not worth a handler, in milliseconds. */
const PATIENCE = 20;

function interrupt(): void {
  process.exit(EXIT_INTERRUPTED);
}

/** Runs a program that SIGINT may end. */
export async function interruptible<T>(program: () => Promise<T>): Promise<T> {
  let installed = false;
  const remove = (): void => {
    if (!installed) return;
    installed = false;
    process.off('SIGINT', interrupt);
  };
  const timer = setInterval(() => {
    if (installed) return;
    installed = true;
    process.on('SIGINT', interrupt);
  }, PATIENCE);
  timer.unref();
  onResumption(remove);
  try {
    return await program();
  } finally {
    clearInterval(timer);
    onResumption(undefined);
    remove();
  }
}
