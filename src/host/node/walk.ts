/** Walks of paths from an anchor: the rules are in `../walk.ts`; a step holds an open directory, and the system's errors are told in WASI's words. */
import * as common from '../walk.ts';
import type { Anchor, Anchors } from './anchor.ts';
import { hostError } from './errors.ts';

export type Place = common.Place<Anchor>;
export type Walk = common.Walk<Anchor>;

const windows = process.platform === 'win32';

/** Walks `path` and gives `use` the walk; the directories of the way are closed afterwards. System errors become HostErrors. */
export function walking<T>(anchors: Anchors, base: Anchor, path: string, use: (walk: Walk) => T): T {
  let walk: Walk | undefined;
  try {
    walk = new common.Walk(anchors, base, path, windows);
    return use(walk);
  } catch (error) {
    throw hostError(error);
  } finally {
    walk?.close();
  }
}
