/** Views on a guest's linear memory that survive growth. */
import type { GuestMemory, NumberViews } from '../abi/context.ts';
import { TYPED_ARRAYS } from '../abi/js/typed-array.ts';

/** Growth detaches the old buffer, whose views then have length 0; asking `memory.buffer` each time would cost ten times as much. */
export class LinearMemory implements GuestMemory {
  readonly memory: WebAssembly.Memory;
  #u8: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  /** Those that were asked for since the memory last grew. */
  #numbers: Partial<NumberViews> = {};

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

  numbers<K extends keyof NumberViews>(kind: K): NumberViews[K] {
    if (this.#u8.length === 0) this.#refresh();
    return this.#numbers[kind] ?? this.#makeNumbers(kind);
  }

  #makeNumbers<K extends keyof NumberViews>(kind: K): NumberViews[K] {
    const { buffer } = this.#u8;
    const Typed = TYPED_ARRAYS[kind];
    const made = new Typed(buffer, 0, Math.floor(buffer.byteLength / Typed.BYTES_PER_ELEMENT));
    this.#numbers = { ...this.#numbers, [kind]: made };
    return made as unknown as NumberViews[K];
  }

  #refresh(): void {
    const buffer = this.memory.buffer as ArrayBuffer;
    this.#u8 = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#numbers = {};
  }
}

/** The views on a memory, as the kit makes them. */
export function linearMemory(memory: WebAssembly.Memory): LinearMemory {
  return new LinearMemory(memory);
}
