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

/**
 * Timestamps that programs have set. The system keeps nanoseconds, which Node cannot hand over; so what was set is remembered, and read
 * again as long as the file has the timestamp that came of it.
 */
export class SetTimes {
  readonly #files = new Map<string, { readonly wanted: Times; readonly kept: Times }>();

  /** The attributes with the timestamps as they were set. */
  seen(stat: FileStat): FileStat {
    const { wanted, kept } = this.#files.get(keyOf(stat)) ?? {};
    if (wanted === undefined || kept === undefined) return stat;
    const accessed = stat.accessed === kept.accessed ? wanted.accessed : stat.accessed;
    const modified = stat.modified === kept.modified ? wanted.modified : stat.modified;
    return { ...stat, accessed, modified };
  }

  /** Sets timestamps by `set`, which takes what Node's `utimes` does, of the file whose attributes `read` gives. */
  change(
    accessed: NewTime,
    modified: NewTime,
    read: () => FileStat,
    set: (accessed: number | Date, modified: number | Date) => void,
  ): void {
    const before = this.seen(read());
    const now = BigInt(Date.now()) * 1_000_000n;
    const wanted = {
      accessed: newTime(accessed, before.accessed, now),
      modified: newTime(modified, before.modified, now),
    };
    set(seconds(wanted.accessed), seconds(wanted.modified));
    this.#remember(wanted, read());
  }

  #remember(wanted: Times, kept: FileStat): void {
    const key = keyOf(kept);
    this.#files.delete(key);
    if (wanted.accessed === kept.accessed && wanted.modified === kept.modified) return;
    const [oldest] = this.#files.keys();
    if (this.#files.size >= MAX_REMEMBERED && oldest !== undefined) this.#files.delete(oldest);
    this.#files.set(key, { wanted, kept });
  }
}

/** Files whose timestamps are remembered; the oldest are forgotten, and read as the system has them. */
const MAX_REMEMBERED = 4_096;

type Times = Pick<FileStat, 'accessed' | 'modified'>;

function keyOf({ device, inode }: FileStat): string {
  return `${device}:${inode}`;
}

function newTime(time: NewTime, before: bigint, now: bigint): bigint {
  switch (time.kind) {
    case 'keep':
      return before;
    case 'now':
      return now;
    case 'at':
      return time.nanoseconds;
  }
}
