/** Views on a guest's linear memory that survive growth. */
import type { GuestMemory } from '../abi/context.ts';

/** Growth detaches the old buffer, whose views then have length 0; asking `memory.buffer` each time would cost ten times as much. */
export class LinearMemory implements GuestMemory {
  readonly memory: WebAssembly.Memory;
  #u8: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    const buffer = memory.buffer as ArrayBuffer;
    this.#u8 = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  get u8(): Uint8Array<ArrayBuffer> {
    if (this.#u8.length === 0) this.#refresh();
    return this.#u8;
  }

  get view(): DataView<ArrayBuffer> {
    // A detached DataView throws when asked for its length; the byte view answers 0.
    if (this.#u8.length === 0) this.#refresh();
    return this.#view;
  }

  #refresh(): void {
    const buffer = this.memory.buffer as ArrayBuffer;
    this.#u8 = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }
}
