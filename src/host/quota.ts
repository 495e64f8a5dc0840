/**
 * What a program has added to a directory, and the most that it may add. Counted are the bytes by which files grow, holes included, and
 * the names that are made; what was there before is not the program's, and what it takes away of its own is given back. Platform-neutral:
 * a host tells the ledger what happens, before it happens where it can be refused.
 *
 * A file is known by an identity that its names share. The bytes of one that has no name any more are given back when it is not open
 * any more, since until then they are there.
 */
import type { Quota } from '../grants/grant.ts';
import { HostError } from './host.ts';

/** What the program has to do with one file. */
interface Account {
  /** Bytes that it added. */
  bytes: bigint;
  /** Names that it made. */
  names: number;
  /** Descriptors that are open. */
  open: number;
  /** Whether its last name is gone. */
  nameless: boolean;
}

export class Ledger {
  readonly #most: bigint | undefined;
  readonly #mostFiles: number | undefined;
  readonly #accounts = new Map<string, Account>();
  #bytes = 0n;
  #files = 0;

  constructor({ bytes, files }: Quota) {
    this.#most = bytes === undefined ? undefined : BigInt(bytes);
    this.#mostFiles = files;
  }

  /** What is added at the moment. */
  get used(): { readonly bytes: bigint; readonly files: number } {
    return { bytes: this.#bytes, files: this.#files };
  }

  #account(id: string): Account {
    const found = this.#accounts.get(id);
    if (found !== undefined) return found;
    const fresh = { bytes: 0n, names: 0, open: 0, nameless: false };
    this.#accounts.set(id, fresh);
    return fresh;
  }

  /** Forgets what there is nothing to know of, and gives back what is gone. */
  #settle(id: string, account: Account): void {
    if (account.open > 0) return;
    if (account.nameless) {
      this.#bytes -= account.bytes;
      account.bytes = 0n;
    }
    if (account.bytes === 0n && account.names === 0) this.#accounts.delete(id);
  }

  /** Whether one more name may be made. */
  get full(): boolean {
    return this.#mostFiles !== undefined && this.#files >= this.#mostFiles;
  }

  /** Throws HostError (`quota`) where no name may be made, or `bytes` may not be added. */
  check(bytes: bigint): void {
    if (this.#most !== undefined && this.#bytes + bytes > this.#most) {
      throw new HostError('quota', `the quota of ${this.#most} bytes is used up`);
    }
  }

  /** A name was made for a file. `fresh`: the file is new, and whatever had its identity before is gone. */
  named(id: string, fresh: boolean): void {
    if (fresh) this.#reset(id);
    this.#account(id).names++;
    this.#files++;
  }

  #reset(id: string): void {
    const stale = this.#accounts.get(id);
    if (stale === undefined) return;
    this.#bytes -= stale.bytes;
    this.#files -= stale.names;
    this.#accounts.delete(id);
  }

  /** A name of a file was taken away; `last`: it has none any more. */
  unnamed(id: string, last: boolean): void {
    const account = this.#accounts.get(id);
    if (account === undefined) return;
    if (account.names > 0) {
      account.names--;
      this.#files--;
    }
    account.nameless ||= last;
    this.#settle(id, account);
  }

  opened(id: string): void {
    this.#account(id).open++;
  }

  /** `gone`: the file has no name any more. */
  closed(id: string, gone: boolean): void {
    const account = this.#accounts.get(id);
    if (account === undefined) return;
    account.open--;
    account.nameless ||= gone;
    this.#settle(id, account);
  }

  /** A file is about to grow. Throws HostError (`quota`). */
  grow(id: string, bytes: bigint): void {
    if (bytes <= 0n) return;
    this.check(bytes);
    this.#account(id).bytes += bytes;
    this.#bytes += bytes;
  }

  /** A file has shrunk, or did not grow as far as it was to. */
  shrink(id: string, bytes: bigint): void {
    const account = this.#accounts.get(id);
    if (account === undefined || bytes <= 0n) return;
    const back = bytes < account.bytes ? bytes : account.bytes;
    account.bytes -= back;
    this.#bytes -= back;
    this.#settle(id, account);
  }
}
