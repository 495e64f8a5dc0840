/**
 * A guest at the host's border without a component around it: memory, a realloc, a slot in a store of its own, and core functions
 * that work with the interpreter (`src/abi`), so that they are independent of the border functions under test.
 */
import { liftValues, lowerValues } from '../../src/abi/call.ts';
import type { AbiContext, HandleHooks, OptionShape, Signature } from '../../src/abi/context.ts';
import { flattenFuncType, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from '../../src/abi/flatten.ts';
import type { BorderEnv, Flat } from '../../src/abi/js/border.ts';
import type { AbiValue } from '../../src/abi/values.ts';
import { LinearMemory } from '../../src/runtime/memory.ts';
import { Store } from '../../src/runtime/store.ts';

const none = (): never => {
  throw new Error('no handles here');
};
const NO_HANDLES: HandleHooks = {
  liftOwn: none,
  liftBorrow: none,
  lowerOwn: none,
  lowerBorrow: none,
  liftEnd: none,
  lowerEnd: none,
  liftErrorContext: none,
  lowerErrorContext: none,
};

const PAGES = 64;

export class OneGuest {
  readonly store = new Store();
  readonly slot: number = this.store.newSlot('guest');
  readonly memory: LinearMemory;
  readonly context: AbiContext;
  #top = 1_024;

  constructor(options: OptionShape) {
    const descriptor = options.memory === '64' ? { address: 'i64', initial: BigInt(PAGES) } : { initial: PAGES };
    this.memory = new LinearMemory(new WebAssembly.Memory(descriptor as unknown as WebAssembly.MemoryDescriptor));
    this.context = {
      options,
      memory: this.memory,
      realloc: (old, oldSize, align, size) => this.#realloc(old, oldSize, align, size),
      handles: NO_HANDLES,
    };
  }

  #realloc(old: number, oldSize: number, align: number, size: number): number {
    if (old !== 0 && size <= oldSize) return old;
    const pointer = Math.ceil(this.#top / align) * align;
    this.#top = pointer + size;
    if (old !== 0) this.memory.u8.copyWithin(pointer, old, old + oldSize);
    return pointer;
  }

  /** Frees everything: each call may take the memory from its beginning. */
  reset(): void {
    this.#top = 1_024;
  }

  env(path: string, core: BorderEnv['core'], host: BorderEnv['host']): BorderEnv {
    return {
      path,
      slot: this.slot,
      store: this.store.record,
      context: this.context,
      resources: [],
      ends: [],
      checkEnd() {},
      core,
      host,
      zero: 0,
      postReturn: undefined,
    };
  }

  /** A core function of an export: gives what it was called with to `see`, and answers `value`. */
  core(
    { type, options }: Signature,
    see: (params: readonly AbiValue[]) => void,
    answer: () => AbiValue | undefined,
  ): (...flat: Flat[]) => Flat | undefined {
    const { results } = flattenFuncType(type, 'lift', options);
    return (...flat) => {
      see(
        liftValues(
          this.context,
          MAX_FLAT_PARAMS,
          flat,
          type.params.map((p) => p.type),
        ),
      );
      const value = answer();
      if (type.result === undefined || value === undefined) return undefined;
      const lowered = lowerValues(this.context, MAX_FLAT_RESULTS, [value], [type.result]);
      return results[0] === 'f32' ? Math.fround(lowered[0] as number) : lowered[0];
    };
  }

  /** Calls an import's `enter` as core code would; gives the lifted result. */
  call(
    enter: (...flat: Flat[]) => Flat | undefined,
    { type, options }: Signature,
    params: readonly AbiValue[],
  ): AbiValue | undefined {
    const types = type.params.map((p) => p.type);
    const flat = [...lowerValues(this.context, MAX_FLAT_PARAMS, params, types)];
    const { results, params: core } = flattenFuncType(type, 'lower', options);
    const spills = type.result !== undefined && results.length === 0;
    const area = 512 * 8;
    if (spills) {
      this.#top = Math.max(this.#top, 200_000);
      flat.push(core.at(-1) === 'i64' ? BigInt(area) : area);
    }
    const answer = enter(...flat);
    if (type.result === undefined) return undefined;
    const from: Flat[] = spills ? [flat.at(-1)!] : [answer!];
    return liftValues(this.context, MAX_FLAT_RESULTS, from, [type.result])[0];
  }
}
