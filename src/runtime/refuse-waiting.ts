/** Engines without JSPI: no stack of theirs can wait amid its code. */
import { LinkError } from '../error/error.ts';
import { canSuspend } from './jspi.ts';

/** Refuses a component of which `what`, in words, has to wait where nothing can. */
export function refuseWaiting(what: string | undefined): void {
  if (canSuspend || what === undefined) return;
  throw new LinkError('needs-jspi', `${what}, which waits amid its code`, {
    expected: 'an engine with JSPI (WebAssembly.Suspending)',
    found: 'an engine without',
    hint: 'use Node 24 or newer; or build the component with callbacks and asynchronous calls only',
  });
}
