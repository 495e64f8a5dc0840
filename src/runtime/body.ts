/**
 * What one store of a pool is made of and keeps from tenant to tenant: its memories, and how all that changes is set back.
 * The proof that nothing else changes is in the recipe (`recipe.ts`).
 */
import { LEDGER_ENTRY } from '../core/recycle.ts';
import { invariant } from '../util/invariant.ts';
import { newMemory } from './new-memory.ts';
import type { Image, Recipe, RecipeModule } from './recipe.ts';

const PAGE = 65_536;

interface Kept {
  readonly memory: WebAssembly.Memory;
  readonly is64: boolean;
  readonly place: number;
}

/** A start function, and the slot of the component instance in which it runs. */
export interface Start {
  readonly run: () => void;
  readonly slot: number;
}

type CoreFunction = () => void;

/** From the first byte that is not zero to the last. */
function imageOf(memory: WebAssembly.Memory): Image {
  const bytes = new Uint8Array(memory.buffer as ArrayBuffer);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  let at = 0;
  while (at < end && bytes[at] === 0) at++;
  return { at, bytes: bytes.slice(at, end) };
}

export class Body {
  readonly #recipe: Recipe;
  readonly #ledger = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  readonly #sizes = new DataView(this.#ledger.buffer as ArrayBuffer);
  readonly #kept: Kept[] = [];
  readonly #resets: CoreFunction[] = [];
  /** In the order in which they ran. */
  readonly starts: Start[] = [];

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
  }

  #module(core: number): RecipeModule {
    const module = this.#recipe.modules.get(core);
    invariant(module !== undefined, 'a recipe has every core instance');
    return module;
  }

  /** The rewritten module of a core instance, or undefined where it can stay as it is. */
  moduleOf(core: number): WebAssembly.Module | undefined {
    return this.#module(core).module;
  }

  /** Adds what the rewritten module of a core instance imports besides; `more` is what its limits need. */
  addImports(
    core: number,
    imports: Record<string, Record<string, WebAssembly.ImportValue>>,
    more: Readonly<Record<string, WebAssembly.ImportValue>> = {},
  ): void {
    const { rewritten, places, module } = this.#module(core);
    if (module === undefined) return;
    const own: Record<string, WebAssembly.ImportValue> = { ...more, ledger: this.#ledger };
    for (const { index, type } of rewritten.memories) {
      const place = places[index]!;
      const memory = newMemory(type);
      own[`memory${index}`] = memory;
      this.#kept.push({ memory, is64: type.limits.is64, place });
      this.#setSize(place);
    }
    imports[rewritten.from] = own;
  }

  #setSize(place: number): void {
    this.#sizes.setBigUint64(place * LEDGER_ENTRY, this.#recipe.memories[place]!.limits.min, true);
  }

  /** A core instance was made: remembers how it is reset, and runs its start function. */
  made(core: number, exports: WebAssembly.Exports, slot: number): void {
    const { rewritten, touches } = this.#module(core);
    const { reset, start } = rewritten;
    if (reset !== undefined) this.#resets.push(exports[reset] as CoreFunction);
    if (start === undefined) return;
    this.#takeImages((place) => touches.includes(place));
    const run = exports[start] as CoreFunction;
    this.starts.push({ run, slot });
    run();
  }

  /** All core instances were made. */
  complete(): void {
    this.#takeImages(() => true);
  }

  /** Memories are as their segments left them as long as no code could change them. */
  #takeImages(wanted: (place: number) => boolean): void {
    const { images } = this.#recipe;
    for (const { memory, place } of this.#kept) if (wanted(place)) images[place] ??= imageOf(memory);
  }

  /**
   * Sets everything back to what it was before any code ran. Answers false where that is not possible: the memories have
   * grown by more than `growth` bytes, or the engine left a view of one alive.
   */
  clear(growth: number): boolean {
    let grown = 0;
    for (const { memory, place } of this.#kept)
      grown += memory.buffer.byteLength - Number(this.#recipe.memories[place]!.limits.min) * PAGE;
    if (grown > growth) return false;
    for (const kept of this.#kept) if (!this.#clearMemory(kept)) return false;
    for (const reset of this.#resets) reset();
    return true;
  }

  #clearMemory({ memory, is64, place }: Kept): boolean {
    const before = memory.buffer;
    // Growth by nothing detaches the buffer, and every view of it.
    memory.grow((is64 ? 0n : 0) as number);
    if (before.byteLength !== 0) return false;
    const bytes = new Uint8Array(memory.buffer as ArrayBuffer);
    const image = this.#recipe.images[place];
    invariant(image !== undefined, 'images were taken when the first instance was made');
    bytes.fill(0, 0, image.at);
    bytes.set(image.bytes, image.at);
    bytes.fill(0, image.at + image.bytes.length);
    this.#setSize(place);
    return true;
  }
}
