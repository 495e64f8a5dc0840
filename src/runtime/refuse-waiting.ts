/** Engines without JSPI: no stack of theirs can wait amid its code. */
import { LinkError } from '../error/error.ts';
import { canSuspend } from './jspi.ts';

/** Refuses a component in which `what`, in words, may have to wait where nothing can. */
export function refuseWaiting(what: string | undefined): void {
  if (canSuspend || what === undefined) return;
  throw new LinkError('needs-jspi', `the component needs ${what}, which may have to wait amid its code`, {
    expected: 'an engine with JSPI (WebAssembly.Suspending)',
    found: 'an engine without',
    hint: 'use Node 24 or newer; or a component whose exports are lifted with a callback',
  });
}
