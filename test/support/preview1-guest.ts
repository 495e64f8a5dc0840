/** A guest of preview 1 in JavaScript, with a directory of its own as the preopen 3. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { GrantInput } from '../../src/grants/grant.ts';
import { nodeHost } from '../../src/host/node/host.ts';
import { bytesSource, memorySink } from '../../src/host/streams.ts';
import type { WasiOptions } from '../../src/wasi/open-grant.ts';
import { createPreview1 } from '../../src/wasi/p1/preview1.ts';

const top = mkdtempSync(join(tmpdir(), 'tenon-p1-'));
after(() => rmSync(top, { recursive: true, force: true }));

export const ALL = (1n << 30n) - 1n;
export const OUT = 60_000;
let count = 0;

/** A guest in JavaScript: one page of memory, strings from 1000 on, results at OUT. */
export class Guest {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  readonly stdout = memorySink();
  readonly inside: string;
  readonly #functions: Record<string, (...args: unknown[]) => unknown>;
  readonly #dispose: () => void;
  #at = 1000;

  constructor(grant: GrantInput = {}, options: Partial<WasiOptions> = {}, readonly = false) {
    this.inside = join(top, `scene${count++}`);
    mkdirSync(join(this.inside, 'sub'), { recursive: true });
    writeFileSync(join(this.inside, 'a.txt'), 'alpha');
    const preview1 = createPreview1({
      host: nodeHost(),
      grant: { args: ['prog', 'ärg'], dirs: [{ host: this.inside, guest: '/data', readonly }], ...grant },
      stdin: bytesSource(Buffer.from('from stdin')),
      stdout: this.stdout,
      ...options,
    });
    this.#functions = preview1.imports(() => this.memory) as never;
    this.#dispose = () => preview1[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#dispose();
  }

  get names(): readonly string[] {
    return Object.keys(this.#functions);
  }

  /** Calls a function that must not wait. */
  call(name: string, ...args: (number | bigint)[]): number {
    const errno = this.#functions[name]!(...args);
    assert.equal(typeof errno, 'number', `${name} waits`);
    return errno as number;
  }

  /** Calls a function that must wait. */
  later(name: string, ...args: (number | bigint)[]): Promise<number> {
    const errno = this.#functions[name]!(...args);
    assert.ok(errno instanceof Promise, `${name} does not wait`);
    return errno as Promise<number>;
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }
  bytes(pointer: number, length: number): Buffer {
    return Buffer.from(this.memory.buffer, pointer, length);
  }
  u32(pointer = OUT): number {
    return this.view.getUint32(pointer, true);
  }
  u64(pointer = OUT): bigint {
    return this.view.getBigUint64(pointer, true);
  }

  /** Puts text into the memory: pointer and length. */
  put(text: string): [number, number] {
    const bytes = Buffer.from(text);
    const at = this.#at;
    this.bytes(at, bytes.length).set(bytes);
    this.#at += bytes.length;
    return [at, bytes.length];
  }

  /** A list of one or more buffers: pointer and count. */
  vectors(...list: readonly [number, number][]): [number, number] {
    const at = (this.#at + 7) & ~7;
    for (const [index, [pointer, length]] of list.entries()) {
      this.view.setUint32(at + index * 8, pointer, true);
      this.view.setUint32(at + index * 8 + 4, length, true);
    }
    this.#at = at + list.length * 8;
    return [at, list.length];
  }

  /** Opens a path below the preopen 3; the errno, or the descriptor. */
  open(path: string, oflags = 0, rights = ALL, fdflags = 0, follow = 1): { errno: number; fd: number } {
    const errno = this.call('path_open', 3, follow, ...this.put(path), oflags, rights, ALL, fdflags, OUT);
    return { errno, fd: this.u32() };
  }

  read(fd: number, length = 100): string {
    assert.equal(this.call('fd_read', fd, ...this.vectors([30_000, length]), OUT), 0);
    return this.bytes(30_000, this.u32()).toString();
  }

  write(fd: number, text: string): number {
    return this.call('fd_write', fd, ...this.vectors(this.put(text)), OUT);
  }
}
