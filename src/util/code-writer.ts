/** Grows a byte buffer: LEB128, names, vectors. What the encoders of core modules and components are written with. */

const encoder = /* @__PURE__ */ new TextEncoder();

export class CodeWriter {
  /** Small at first: many writers write a few bytes, and arrays up to this size are cheap to make. */
  #bytes = new Uint8Array(64);
  #length = 0;

  /** How many bytes have been written. */
  get length(): number {
    return this.#length;
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * (this.#bytes.length < 4_096 ? 4 : 2)));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  /** Writes bytes as they are. */
  byte(...bytes: readonly number[]): this {
    this.#reserve(bytes.length);
    for (const b of bytes) this.#bytes[this.#length++] = b;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Unsigned LEB128 of a safe integer or bigint >= 0. */
  u(value: number | bigint): this {
    if (typeof value === 'number') {
      let left = value;
      for (; left >= 0x80; left = Math.floor(left / 0x80)) this.byte((left % 0x80) | 0x80);
      return this.byte(left);
    }
    let rest = value;
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    return this.byte(Number(rest));
  }

  /** Signed LEB128. */
  s(value: number | bigint): this {
    if (typeof value === 'number' && value >= -64 && value < 64) return this.byte(value & 0x7f);
    let rest = BigInt(value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  f32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.raw(bytes);
  }

  f64(value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return this.raw(bytes);
  }

  /** A name: byte length, then UTF-8. */
  name(text: string): this {
    const start = this.#length;
    this.u(text.length);
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.#length = start;
        const bytes = encoder.encode(text);
        return this.u(bytes.length).raw(bytes);
      }
      this.#bytes[this.#length++] = unit;
    }
    return this;
  }

  /** Writes what `body` writes, preceded by its byte length. */
  sized(body: (w: CodeWriter) => void): this {
    const start = this.#length;
    body(this);
    const size = this.#length - start;
    // The length goes in front, once it is known.
    this.u(size);
    const prefix = this.#length - start - size;
    const length = this.#bytes.slice(start + size, this.#length);
    this.#bytes.copyWithin(start + prefix, start, start + size);
    this.#bytes.set(length, start);
    return this;
  }

  /** A count, then each item. */
  vec<T>(items: readonly T[], each: (item: T, w: CodeWriter, index: number) => void): this {
    this.u(items.length);
    for (const [index, item] of items.entries()) each(item, this, index);
    return this;
  }

  /** A view of what was written; valid until the next write. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}
