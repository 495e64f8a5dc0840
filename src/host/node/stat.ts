/** Attributes and timestamps between Node's forms and the host layer's. */
import type { BigIntStats, Dirent, Stats } from 'node:fs';
import type { FileStat, FileType, NewTime } from '../host.ts';

/** The type of what Node's `Stats` or `Dirent` describes. */
export function fileType(of: Stats | BigIntStats | Dirent<Buffer>): FileType {
  if (of.isFile()) return 'regular-file';
  if (of.isDirectory()) return 'directory';
  if (of.isSymbolicLink()) return 'symbolic-link';
  if (of.isFIFO()) return 'fifo';
  if (of.isCharacterDevice()) return 'character-device';
  if (of.isBlockDevice()) return 'block-device';
  if (of.isSocket()) return 'socket';
  return 'unknown';
}

/** Node's attributes as the host layer has them. */
export function fileStat(stat: BigIntStats): FileStat {
  return {
    type: fileType(stat),
    device: stat.dev,
    inode: stat.ino,
    links: stat.nlink,
    size: stat.size,
    accessed: stat.atimeNs,
    modified: stat.mtimeNs,
    changed: stat.ctimeNs,
  };
}

/**
 * Node takes seconds as a double and turns negative ones into the present, save in a Date: today's times are exact to about a
 * quarter of a microsecond.
 */
function seconds(nanoseconds: bigint): number | Date {
  if (nanoseconds < 0n) return new Date(Number(nanoseconds / 1_000_000n));
  return Number(nanoseconds / 1_000_000_000n) + Number(nanoseconds % 1_000_000_000n) / 1e9;
}

/** What to give to Node's `utimes`; `now` is looked at only where a timestamp is to stay as it is. */
export function newTimes(accessed: NewTime, modified: NewTime, now: () => FileStat): [number | Date, number | Date] {
  const keep = accessed.kind === 'keep' || modified.kind === 'keep' ? now() : undefined;
  const resolve = (time: NewTime, kept: bigint | undefined): number | Date => {
    switch (time.kind) {
      case 'keep':
        return seconds(kept ?? 0n);
      case 'now':
        return Date.now() / 1000;
      case 'at':
        return seconds(time.nanoseconds);
    }
  };
  return [resolve(accessed, keep?.accessed), resolve(modified, keep?.modified)];
}
