/** Preview 1's `filestat` record and timestamps. */
import type { FileStat, NewTime } from '../../host/host.ts';
import { u64 } from './context.ts';
import { fail, INVAL } from './errno.ts';
import { fileTypeNumber } from './fd-table.ts';
import type { GuestMemory } from './memory.ts';

/** `fstflags`. */
const ATIM = 1;
const ATIM_NOW = 2;
const MTIM = 4;
const MTIM_NOW = 8;

const time = (nanoseconds: bigint): bigint => (nanoseconds < 0n ? 0n : nanoseconds);

/** Layout, 64 bytes: dev, ino, type (u8), nlink, size, atim, mtim, ctim; each at a multiple of 8. */
export function writeFilestat(memory: GuestMemory, pointer: number, stat: FileStat): void {
  memory.check(pointer, 64);
  memory.setU64(pointer, stat.device);
  memory.setU64(pointer + 8, stat.inode);
  memory.setU64(pointer + 16, BigInt(fileTypeNumber(stat.type)));
  memory.setU64(pointer + 24, stat.links);
  memory.setU64(pointer + 32, stat.size);
  memory.setU64(pointer + 40, time(stat.accessed));
  memory.setU64(pointer + 48, time(stat.modified));
  memory.setU64(pointer + 56, time(stat.changed));
}

/** What `fstflags` make of two timestamps. */
export function readNewTimes(accessed: bigint, modified: bigint, flags: number): [NewTime, NewTime] {
  const one = (value: bigint, set: boolean, now: boolean): NewTime => {
    if (set && now) return fail(INVAL);
    if (now) return { kind: 'now' };
    return set ? { kind: 'at', nanoseconds: u64(value) } : { kind: 'keep' };
  };
  return [
    one(accessed, (flags & ATIM) !== 0, (flags & ATIM_NOW) !== 0),
    one(modified, (flags & MTIM) !== 0, (flags & MTIM_NOW) !== 0),
  ];
}
