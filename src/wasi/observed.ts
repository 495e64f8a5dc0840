/** What a grant opens, so that whoever audits a program is told what it uses. Without an audit none of this is made. */
import type { Use } from '../grants/audit.ts';
import type { FileStat, HostDirectory, HostRandom, Sink, Source } from '../host/host.ts';
import type { GrantedClocks } from './clocks-random.ts';

type Note = (use: Use) => void;

export function observedClocks(clocks: GrantedClocks, note: Note): GrantedClocks {
  const noting =
    <A extends unknown[], R>(fn: (...args: A) => R) =>
    (...args: A): R => {
      note({ kind: 'clocks' });
      return fn(...args);
    };
  return {
    ...clocks,
    monotonic: noting(clocks.monotonic),
    wall: noting(clocks.wall),
    cpu: noting(clocks.cpu),
    until: noting(clocks.until),
  };
}

export function observedRandom(random: HostRandom, note: Note): HostRandom {
  return {
    fill(target) {
      note({ kind: 'random' });
      random.fill(target);
    },
  };
}

export function observedSource(source: Source, note: Note): Source {
  return {
    terminal: source.terminal,
    ready: () => source.ready(),
    subscribe: (done) => source.subscribe(done),
    read(max) {
      note({ kind: 'stdin' });
      return source.read(max);
    },
    close: () => source.close(),
  };
}

export function observedSink(sink: Sink, kind: 'stdout' | 'stderr', note: Note): Sink {
  return {
    terminal: sink.terminal,
    ready: () => sink.ready(),
    subscribe: (done) => sink.subscribe(done),
    check: () => sink.check(),
    write(bytes) {
      note({ kind });
      sink.write(bytes);
    },
    close: () => sink.close(),
  };
}

const NEVER: FileStat = {
  type: 'directory',
  device: 0n,
  inode: 0n,
  links: 1n,
  size: 0n,
  accessed: 0n,
  modified: 0n,
  changed: 0n,
};

/**
 * The directory `/` of a program that is audited and was not given one: nothing is in it and nothing can be made, and what the program
 * looks for is noted. `refuse` says what programs are told by their libraries without it. Without it a program finds no directory for its path, asks nobody, and the audit would not know of it.
 */
export function outside(note: Note, refuse: () => never): HostDirectory {
  const absent = (path: string, write = false): never => {
    note({ kind: 'path', path: `/${path.replace(/^(?:\.?\/)+/, '')}`, write });
    return refuse();
  };
  return {
    kind: 'directory',
    type: 'directory',
    mutable: true,
    stat: () => NEVER,
    setTimes: () => absent('', true),
    sync() {},
    retain() {},
    close() {},
    entries: () => [],
    openAt: (path, { create, truncate, write }) => absent(path, create || truncate || write),
    statAt: (path) => absent(path),
    setTimesAt: (path) => absent(path, true),
    createDirectoryAt: (path) => absent(path, true),
    removeDirectoryAt: (path) => absent(path, true),
    unlinkFileAt: (path) => absent(path, true),
    renameAt: (from) => absent(from, true),
    linkAt: (from) => absent(from, true),
    symlinkAt: (_content, path) => absent(path, true),
    readlinkAt: (path) => absent(path),
  };
}
