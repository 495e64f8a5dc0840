/**
 * Collects the parts of a large binary and joins them once: what is copied from elsewhere (core modules, custom sections) is kept as
 * a view until the end. Small parts are written with `CodeWriter`.
 */
import { CodeWriter } from '../util/code-writer.ts';

export class PartWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** How many bytes have been collected. */
  get length(): number {
    return this.#length;
  }

  /** Adds bytes without copying them; they must not change before {@link finish}. */
  view(bytes: Uint8Array): this {
    if (bytes.length > 0) this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  /** Adds the parts of another writer. */
  append(other: PartWriter): this {
    for (const part of other.#parts) this.#parts.push(part);
    this.#length += other.#length;
    return this;
  }

  /** A section: id, size, contents. */
  section(id: number, contents: PartWriter): this {
    return this.view(new CodeWriter().byte(id).u(contents.length).finish()).append(contents);
  }

  /** All parts in one buffer. */
  finish(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}
