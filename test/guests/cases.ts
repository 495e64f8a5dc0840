/**
 * The manifest: which programs there are, where each comes from, and how it is called. Says nothing about who runs them: the peer
 * (`record.ts`) and Tenon (`tenon.ts`) both get a prepared case.
 */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the bytes of a program come from. */
export type Source =
  | { readonly from: 'repository'; readonly file: string }
  | { readonly from: 'corpus'; readonly file: string }
  | { readonly from: 'npm'; readonly file: string }
  | { readonly from: 'build'; readonly recipe: Recipe; readonly file: string };

export type Recipe =
  | 'starling'
  | 'starling-fetch'
  | 'starling-serve'
  | 'quickjs'
  | 'python'
  | 'assemblyscript'
  | 'command'
  | 'prolog';

export interface Guest {
  readonly source: Source;
  /** What it imports besides WASI, and what is given for it. */
  readonly needs?: string;
  /** Regular expressions of what differs from build to build in its output, such as paths of the machine that built it. */
  readonly mask?: readonly string[];
  readonly cases: Readonly<Record<string, CaseSpec>>;
}

export interface CaseSpec {
  readonly args?: readonly string[];
  readonly stdin?: string;
  /** A file of this folder instead of `stdin`. */
  readonly stdinFile?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Guest path to the files that are there at the start, by name. */
  readonly dirs?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Guest paths that the program may only read. */
  readonly readonly?: readonly string[];
  /** Where Tenon's outcome differs from the peer's by decision: the reason, and what differs. */
  readonly decided?: { readonly why: string; readonly exit?: number | 'trap' };
}

export interface Manifest {
  readonly peer: string;
  readonly guests: Readonly<Record<string, Guest>>;
}

/** A case with its input on disk. `done` removes it. */
export interface Prepared {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly dirs: readonly { readonly host: string; readonly guest: string; readonly readonly: boolean }[];
  readonly scratch: string;
  files(): Map<string, Buffer>;
  done(): void;
}

export const HERE = fileURLToPath(new URL('.', import.meta.url));

export function loadManifest(): Manifest {
  return JSON.parse(readFileSync(join(HERE, 'manifest.json'), 'utf8')) as Manifest;
}

export function saveManifest(manifest: Manifest): void {
  writeFileSync(join(HERE, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

export function expectedFile(guest: string, name: string): string {
  return join(HERE, 'expected', guest, `${name}.txt`);
}

export function prepare(spec: CaseSpec): Prepared {
  const scratch = mkdtempSync(join(tmpdir(), 'tenon-guest-'));
  const stdin = join(scratch, 'stdin');
  writeFileSync(stdin, spec.stdinFile === undefined ? (spec.stdin ?? '') : readFileSync(join(HERE, spec.stdinFile)));
  const dirs = Object.entries(spec.dirs ?? {}).map(([guest, files], index) => {
    const host = join(scratch, `dir${index}`);
    mkdirSync(host);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(host, name)), { recursive: true });
      writeFileSync(join(host, name), text);
    }
    return { host, guest, readonly: spec.readonly?.includes(guest) ?? false };
  });
  return {
    args: spec.args ?? [],
    env: spec.env ?? {},
    stdin,
    dirs,
    scratch,
    files: () => new Map(dirs.flatMap(({ host, guest }) => listFiles(host, guest === '/' ? '' : guest))),
    done: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

function listFiles(host: string, guest: string): [string, Buffer][] {
  return readdirSync(host).flatMap((name): [string, Buffer][] => {
    const path = join(host, name);
    if (lstatSync(path).isSymbolicLink()) return [[`${guest}/${name}`, Buffer.from(`to ${readlinkSync(path)}`)]];
    return statSync(path).isDirectory()
      ? listFiles(path, `${guest}/${name}`)
      : [[`${guest}/${name}`, readFileSync(path)]];
  });
}
