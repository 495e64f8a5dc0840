/**
 * The guest's memory as preview 1 uses it. Every access is checked against the memory as it is now: a pointer beyond its end is
 * answered with `fault`, never an exception of JavaScript's. Numbers are little-endian; alignment does not matter.
 */
import { Errno, FAULT, fail, ILSEQ, INVAL, NAMETOOLONG } from './errno.ts';

/** Buffers in one scatter or gather list, as IOV_MAX. */
const MAX_IOVECS = 1024;
/** Bytes of one read or write that a list of buffers asks for: 16 MiB. More is done in part, as the interface allows. */
const MAX_TRANSFER = 1 << 24;
/** Bytes of a path. */
const MAX_PATH = 16_384;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The memory of the module that calls. Kept for one call or part of one that does not wait. */
export class GuestMemory {
  readonly #get: () => WebAssembly.Memory;
  #view = new DataView(new ArrayBuffer(0));

  constructor(get: () => WebAssembly.Memory) {
    this.#get = get;
  }

  #checked(pointer: number, length: number): DataView {
    const { buffer } = this.#get();
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    if (pointer + length > this.#view.byteLength) throw new Errno(FAULT);
    return this.#view;
  }

  getU8(pointer: number): number {
    return this.#checked(pointer, 1).getUint8(pointer);
  }
  getU16(pointer: number): number {
    return this.#checked(pointer, 2).getUint16(pointer, true);
  }
  getU32(pointer: number): number {
    return this.#checked(pointer, 4).getUint32(pointer, true);
  }
  getU64(pointer: number): bigint {
    return this.#checked(pointer, 8).getBigUint64(pointer, true);
  }
  setU8(pointer: number, value: number): void {
    this.#checked(pointer, 1).setUint8(pointer, value);
  }
  setU16(pointer: number, value: number): void {
    this.#checked(pointer, 2).setUint16(pointer, value, true);
  }
  setU32(pointer: number, value: number): void {
    this.#checked(pointer, 4).setUint32(pointer, value, true);
  }
  setU64(pointer: number, value: bigint): void {
    this.#checked(pointer, 8).setBigUint64(pointer, value, true);
  }

  /** A view of the guest's bytes; valid until the memory grows. */
  view(pointer: number, length: number): Uint8Array {
    const { buffer } = this.#checked(pointer, length);
    return new Uint8Array(buffer, pointer, length);
  }

  /** Throws `fault` unless the region is inside the memory. */
  check(pointer: number, length: number): void {
    this.#checked(pointer, length);
  }

  put(pointer: number, bytes: Uint8Array): void {
    this.view(pointer, bytes.length).set(bytes);
  }

  /** A path: UTF-8 of a length that makes sense. */
  path(pointer: number, length: number): string {
    this.check(pointer, length);
    if (length > MAX_PATH) fail(NAMETOOLONG);
    try {
      return utf8.decode(this.view(pointer, length).slice());
    } catch {
      return fail(ILSEQ);
    }
  }

  /** A list of buffers. Those beyond {@link MAX_TRANSFER} bytes are cut off, after all were checked. */
  iovecs(pointer: number, count: number): readonly { readonly pointer: number; readonly length: number }[] {
    if (count > MAX_IOVECS) fail(INVAL);
    this.check(pointer, count * 8);
    const list: { pointer: number; length: number }[] = [];
    let left = MAX_TRANSFER;
    for (let index = 0; index < count; index++) {
      const start = this.getU32(pointer + index * 8);
      const length = this.getU32(pointer + index * 8 + 4);
      this.check(start, length);
      const taken = Math.min(length, left);
      left -= taken;
      if (taken > 0) list.push({ pointer: start, length: taken });
    }
    return list;
  }

  /** The bytes of a list of buffers, copied into one. */
  gather(pointer: number, count: number): Uint8Array {
    const list = this.iovecs(pointer, count);
    const all = new Uint8Array(list.reduce((sum, each) => sum + each.length, 0));
    let at = 0;
    for (const each of list) {
      all.set(this.view(each.pointer, each.length), at);
      at += each.length;
    }
    return all;
  }
}
