/** Says when a file has changed: also when another took its name, as editors and compilers do it. */
import { statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Milliseconds without a change after which a file counts as written. */
const QUIET = 100;

/** What differs when a file is another. Undefined where there is none. */
function stampOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? undefined : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}

/** Calls `changed` whenever the file at `path` is another than before, and is there. Gives what ends it. */
export function watchFile(path: string, changed: () => void): () => void {
  let known = stampOf(path);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    const now = stampOf(path);
    if (now === undefined || now === known) return;
    known = now;
    changed();
  };
  // The folder is watched: what watches a file follows it when it is moved away.
  const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
    if (name !== null && name !== basename(path)) return;
    clearTimeout(timer);
    timer = setTimeout(look, QUIET);
  });
  watcher.on('error', () => {});
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
