/**
 * What was found out about components, kept from one run to the next: a file for each, by the component's bytes. The folder, who may
 * write it, its size and damage are the business of `bin/tenon.js`.
 */
import type { ArtifactCache, KeptArtifact } from '../node.ts';
import { BRIEF } from './brief.ts';
import { fileState, LARGE } from './files.ts';

/** The files of `bin/tenon.js`. */
export interface CacheFiles {
  /** Of this build, on this Node. */
  readonly id: string;
  read(name: string): Buffer | undefined;
  write(name: string, data: Uint8Array): void;
}

let files: CacheFiles | undefined;

/** Installs where things are kept; nothing is kept without. */
export function keepIn(cache: CacheFiles | undefined): void {
  files = cache;
}

const SAMPLES = 256;

/** A number of bytes that any change of a build of a component is likely to change; only what is the same in full is used. */
function sampled(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  const step = Math.max(1, bytes.length / SAMPLES);
  for (let at = 0; at < bytes.length; at += step) hash = Math.imul(hash ^ (bytes[Math.trunc(at)] ?? 0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/**
 * What says that an artifact is of these bytes: a copy of them, or where they are many their digest. Loading Node's crypto costs as much as
 * reading and comparing ten megabytes.
 */
function proofOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= LARGE) return bytes;
  return process.getBuiltinModule('node:crypto').hash('sha256', bytes, 'buffer');
}

/** Bytes of the header: two lengths. */
const HEADER = 8;

/**
 * A kept artifact: the length of the proof and of the state of the file, both, and the artifact. Who has the same file in the same state has
 * the same bytes, and need not look at all of them.
 */
class Kept {
  readonly #proof: Buffer;
  readonly #state: string;
  readonly artifact: string;

  constructor(data: Buffer) {
    const proof = HEADER + data.readUInt32LE();
    const state = proof + data.readUInt32LE(4);
    this.#proof = data.subarray(HEADER, proof);
    this.#state = data.toString('latin1', proof, state);
    this.artifact = data.toString('latin1', state);
  }

  /** Whether it is of these bytes; `again` is given what to keep instead, to know it sooner the next time. */
  confirm(bytes: Uint8Array, again: (data: Buffer) => void): boolean {
    const state = fileState(bytes);
    if (state !== undefined && state === this.#state) return true;
    if (!this.#proof.equals(proofOf(bytes))) return false;
    if (state !== undefined) again(Kept.dataOf(this.#proof, state, this.artifact));
    return true;
  }

  static dataOf(proof: Uint8Array, state: string, artifact: string): Buffer {
    const header = Buffer.alloc(HEADER);
    header.writeUInt32LE(proof.length);
    header.writeUInt32LE(state.length, 4);
    return Buffer.concat([header, proof, Buffer.from(state, 'latin1'), Buffer.from(artifact, 'latin1')]);
  }
}

export class FileCache implements ArtifactCache {
  readonly #files: CacheFiles;
  readonly #gates: string;

  constructor(where: CacheFiles, gates: string) {
    this.#files = where;
    this.#gates = gates;
  }

  #name(bytes: Uint8Array): string {
    return `component-${bytes.length.toString(16)}-${sampled(bytes)}-${this.#gates}${this.#files.id}`;
  }

  get(bytes: Uint8Array<ArrayBuffer>): KeptArtifact | undefined {
    const data = this.#files.read(this.#name(bytes));
    if (data === undefined || data.length < HEADER) return undefined;
    const kept = new Kept(data);
    return {
      artifact: kept.artifact,
      confirm: () => kept.confirm(bytes, (better) => this.#files.write(this.#name(bytes), better)),
    };
  }

  /** Whether the last run of a large program of these bytes was brief. */
  wasBrief(bytes: Uint8Array): boolean {
    return bytes.length > LARGE && this.#files.read(`${this.#name(bytes)}.brief`)?.toString('latin1') === 'yes';
  }

  /** A program of these bytes has run for so long. */
  ran(bytes: Uint8Array, milliseconds: number): void {
    const isBrief = milliseconds < BRIEF;
    if (bytes.length <= LARGE || isBrief === this.wasBrief(bytes)) return;
    this.#files.write(`${this.#name(bytes)}.brief`, Buffer.from(isBrief ? 'yes' : 'no', 'latin1'));
  }

  set(bytes: Uint8Array<ArrayBuffer>, artifact: string): void {
    this.#files.write(this.#name(bytes), Kept.dataOf(proofOf(bytes), fileState(bytes) ?? '', artifact));
  }
}

/** Where artifacts of components are kept that are loaded with these feature gates; undefined where nothing is. */
export function artifactCache(
  features: Readonly<Record<string, boolean | undefined>> | undefined,
): FileCache | undefined {
  if (files === undefined) return undefined;
  const gates = Object.entries(features ?? {})
    .map(([name, on]) => `${on === true ? '' : 'no-'}${name}-`)
    .sort()
    .join('');
  return new FileCache(files, gates);
}
