/**
 * Reads the scalars of the binary format out of a range of bytes: LEB128 as strictly as the specification demands, names, vectors.
 * Every failure is a MalformedError with the offset. Offsets are those of the outermost binary.
 */
import { MalformedError } from '../error/error.ts';
import { type MalformedReason, malformed } from '../error/malformed-reason.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Longest name: as wasm tools have it. */
const MAX_NAME = 100_000;

export class Reader {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of the next byte. */
  at: number;
  /** Offset after the last byte that may be read. */
  readonly end: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  fail({ code, message }: MalformedReason, at: number = this.at): never {
    throw new MalformedError(code, message, { offset: at });
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
    let result = 0;
    for (let shift = 0; ; shift += 7) {
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
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
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

  /** A length, then that many bytes of UTF-8. */
  name(): string {
    const from = this.at;
    const length = this.u32();
    if (length > MAX_NAME) this.fail(malformed.nameTooLong(length, MAX_NAME), from);
    if (length > this.end - this.at) this.fail(malformed.unexpectedEnd('a name runs past the end'));
    const bytes = this.bytes.subarray(this.at, this.at + length);
    try {
      const text = decoder.decode(bytes);
      this.at += length;
      return text;
    } catch {
      return this.fail(malformed.invalidUtf8());
    }
  }

  /** A count, then each item. Nothing is set aside for a count that the bytes cannot hold. */
  vec<T>(each: (reader: Reader) => T): T[] {
    const from = this.at;
    const count = this.u32();
    if (count > this.end - this.at)
      this.fail(malformed.unexpectedEnd(`a count of ${count} with ${this.end - this.at} bytes left`), from);
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
    const inner = new Reader(this.bytes, this.at, this.at + length);
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
