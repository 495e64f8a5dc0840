/**
 * Reads the scalars of the binary format out of a range of bytes: LEB128 as strictly as the specification demands, names, vectors.
 * Every failure is a MalformedError with the offset. Offsets are those of the outermost binary.
 */
import { MalformedError } from '../error/error.ts';
import { type MalformedReason, malformed } from '../error/malformed-reason.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Longest name: as wasm tools have it. */
const MAX_NAME = 100_000;

/** Names up to this length are read byte by byte, into an array of their length that is used again and again. */
const SHORT = 64;
const CODES: readonly number[][] = Array.from({ length: SHORT + 1 }, (_, length) => new Array<number>(length).fill(0));

/** Says where in a component a reader stands; asked only when something is wrong. */
export type Path = () => string;

export class Reader {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of the next byte. */
  at: number;
  /** Offset after the last byte that may be read. */
  readonly end: number;
  /** What errors say of the place besides the offset. */
  path: Path | undefined;

  constructor(bytes: Uint8Array<ArrayBuffer>, start = 0, end = bytes.length, path?: Path) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.path = path;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  fail({ code, message }: MalformedReason, at: number = this.at): never {
    throw new MalformedError(code, message, { offset: at, path: this.path?.() });
  }

  byte(): number {
    if (this.at >= this.end) this.fail(malformed.unexpectedEnd());
    return this.bytes[this.at++]!;
  }

  /** The next byte without taking it, or -1 at the end. */
  peek(): number {
    return this.at < this.end ? this.bytes[this.at]! : -1;
  }

  /** `u32`: at most 5 bytes, unused bits zero. */
  u32(): number {
    const from = this.at;
    // Most are one byte long.
    const first = this.byte();
    if (first < 0x80) return first;
    let result = first & 0x7f;
    for (let shift = 7; ; shift += 7) {
      const b = this.byte();
      if (shift === 28 && b > 0x0f) {
        this.fail(b >= 0x80 ? malformed.lebTooLong() : malformed.lebTooLarge(), from);
      }
      result += (b & 0x7f) * 2 ** shift;
      if (b < 0x80) return result;
    }
  }

  /** `u64`: at most 10 bytes. */
  u64(): bigint {
    const from = this.at;
    const first = this.byte();
    if (first < 0x80) return BigInt(first);
    let result = BigInt(first & 0x7f);
    for (let shift = 7n; ; shift += 7n) {
      const b = this.byte();
      if (shift === 63n && b > 0x01) {
        this.fail(b >= 0x80 ? malformed.lebTooLong() : malformed.lebTooLarge(), from);
      }
      result |= BigInt(b & 0x7f) << shift;
      if (b < 0x80) return result;
    }
  }

  /** `s33`: at most 5 bytes, unused bits equal to the sign. */
  s33(): number {
    const from = this.at;
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      if (shift === 28) {
        if (b >= 0x80) this.fail(malformed.lebTooLong(), from);
        const unused = b & 0x70;
        if (unused !== 0 && unused !== 0x70) this.fail(malformed.lebTooLarge(), from);
      }
      result += (b & 0x7f) * 2 ** shift;
      if (b < 0x80) return (b & 0x40) === 0 ? result : result - 2 ** (shift + 7);
    }
  }

  /** `s32`: at most 5 bytes, unused bits equal to the sign. */
  s32(): number {
    const from = this.at;
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      if (shift === 28) {
        if (b >= 0x80) this.fail(malformed.lebTooLong(), from);
        const unused = b & 0x78;
        if (unused !== 0 && unused !== 0x78) this.fail(malformed.lebTooLarge(), from);
      }
      result |= (b & 0x7f) << shift;
      if (b >= 0x80) continue;
      return shift < 28 && (b & 0x40) !== 0 ? result | (-1 << (shift + 7)) : result;
    }
  }

  /** `s64`: at most 10 bytes, unused bits equal to the sign. */
  s64(): bigint {
    const from = this.at;
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = this.byte();
      if (shift === 63n && b !== 0 && b !== 0x7f)
        this.fail(b >= 0x80 ? malformed.lebTooLong() : malformed.lebTooLarge(), from);
      result |= BigInt(b & 0x7f) << shift;
      if (b < 0x80) return BigInt.asIntN(Number(shift) + 7, result);
    }
  }

  /** A length, then that many bytes of UTF-8. */
  name(): string {
    const from = this.at;
    const length = this.u32();
    if (length > MAX_NAME) this.fail(malformed.nameTooLong(length, MAX_NAME), from);
    if (length > this.end - this.at) this.fail(malformed.unexpectedEnd('a name runs past the end'));
    const short = length <= SHORT ? this.#ascii(length) : undefined;
    if (short !== undefined) return short;
    const bytes = this.bytes.subarray(this.at, this.at + length);
    try {
      const text = decoder.decode(bytes);
      this.at += length;
      return text;
    } catch {
      return this.fail(malformed.invalidUtf8());
    }
  }

  /** The text of the next bytes if all are ASCII; asking the decoder costs more for as little as names are. */
  #ascii(length: number): string | undefined {
    const { bytes, at } = this;
    const codes = CODES[length]!;
    for (let i = 0; i < length; i++) {
      const byte = bytes[at + i]!;
      if (byte > 0x7f) return undefined;
      codes[i] = byte;
    }
    this.at = at + length;
    return String.fromCharCode.apply(null, codes);
  }

  /** A count of items that follow. Nothing is set aside for one that the bytes cannot hold. */
  count(): number {
    const from = this.at;
    const count = this.u32();
    if (count > this.end - this.at)
      this.fail(malformed.unexpectedEnd(`a count of ${count} with ${this.end - this.at} bytes left`), from);
    return count;
  }

  /** A count, then each item. */
  vec<T>(each: (reader: Reader) => T): T[] {
    const count = this.count();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(each(this));
    return items;
  }

  /** A byte that must be 0x00. */
  zero(what: string): void {
    const b = this.byte();
    if (b !== 0) this.unknown(b, what, this.at - 1);
  }

  /** A flag byte: 0x00 or 0x01. */
  boolean(what: string): boolean {
    const b = this.byte();
    if (b > 1) this.fail(malformed.invalidBoolean(b, what), this.at - 1);
    return b === 1;
  }

  /** A reader of the next `length` bytes; this one goes on behind them. */
  sub(length: number): Reader {
    if (length > this.end - this.at) this.fail(malformed.unexpectedEnd('a section runs past the end'));
    const inner = new Reader(this.bytes, this.at, this.at + length, this.path);
    this.at += length;
    return inner;
  }

  /** A flag byte: 0x00 absent, 0x01 then the item. */
  optional<T>(each: (reader: Reader) => T, what: string): T | undefined {
    const from = this.at;
    const flag = this.byte();
    if (flag === 0) return undefined;
    if (flag === 1) return each(this);
    return this.unknown(flag, what, from);
  }

  /** Fails with what was found where a tag byte is none of those that are allowed. */
  unknown(byte: number, what: string, at: number): never {
    return this.fail(malformed.leadingByte(byte, what), at);
  }
}
