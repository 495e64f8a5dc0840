/**
 * `tenon/fuse`: joins components that were built ahead of time to what live instances export, without JavaScript in between. Their adapters
 * depend on both sides, so they are made when the two meet: core modules are generated and compiled, but no JavaScript is.
 */
import { invariant } from '../util/invariant.ts';
import type { Fuse } from './built.ts';
import { draftGroups } from './draft.ts';
import { FULL_KIT } from './full-kit.ts';
import { canSuspend } from './jspi.ts';
import { compileGroups, shimModule } from './prepare.ts';

/** For the option `fuse` of `instantiate` and `link`. */
export const fuse: Fuse = (built, bindings) => {
  if (![...bindings.functions.values()].some(({ kind }) => kind === 'live')) return undefined;
  const hosts = new Map((built.groups ?? []).flatMap((group) => group.hosts.map((host) => [host.canon, host])));
  const drafts = draftGroups(built.plan, bindings.functions, {
    mode: 'generated',
    flavour: 'plain',
    suspends: canSuspend,
  });
  const groups = compileGroups(drafts, bindings, {
    imports: (imports) =>
      imports.map(({ canon }) => {
        const host = hosts.get(canon);
        invariant(host !== undefined, 'a border function of each lowered import');
        return host.factory;
      }),
  });
  return { groups, kit: FULL_KIT, shims: shimModule };
};
