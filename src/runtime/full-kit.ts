/** Every part of the runtime: what components that are loaded in process are given. */
import { asyncExport } from './async-export.ts';
import type { CanonKind } from './canon/kind.ts';
import * as makers from './canon/makers.ts';
import { CANON_MAKERS } from './canon/names.ts';
import { classMaker } from './classes.ts';
import { concurrency } from './concurrency.ts';
import { connect } from './connect.ts';
import { trapOnDeadlock } from './deadlock.ts';
import { defineResource } from './define-resource.ts';
import { disposeHostHandles } from './dispose.ts';
import { makeGroup } from './group.ts';
import { hostHooks } from './host-hooks.ts';
import type { CanonMaker, Kit } from './kit.ts';
import { newPayload } from './payload.ts';
import { promisedExport } from './promised-export.ts';
import { borderOf } from './resource.ts';
import { behindWaitShims } from './wait-shims.ts';

const canons = Object.fromEntries(
  Object.entries(CANON_MAKERS).map(([kind, name]) => [
    kind,
    // biome-ignore lint/performance/noDynamicNamespaceImportAccess: here all of them are wanted.
    makers[name] as CanonMaker,
  ]),
) as Record<CanonKind, CanonMaker>;

export const FULL_KIT: Kit = {
  makeGroup,
  canons,
  connect,
  wait: behindWaitShims,
  defineResource,
  border: borderOf,
  hooks: hostHooks,
  classes: classMaker,
  disposeHostHandles,
  promised: promisedExport,
  asyncExport,
  concurrency,
  payload: newPayload,
  trapOnDeadlock,
};
