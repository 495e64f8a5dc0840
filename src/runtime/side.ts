/** One side of a call in a running instance: what its canonical options refer to. Specification: CanonicalABI.md, `LiftLowerContext`. */
import type { AbiContext, HandleHooks, OptionShape } from '../abi/context.ts';
import type { Flat } from '../abi/js/border.ts';
import { withFreshContext } from './context-slots.ts';
import type { LinearMemory } from './memory.ts';
import { type Store, storeOf } from './store.ts';
import { metered } from './store-meter.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;

/** One side of a call: what its options refer to in this instantiation. */
export interface Side {
  readonly shape: OptionShape;
  readonly memory: LinearMemory | undefined;
  readonly realloc: CoreFunction | undefined;
  readonly postReturn: CoreFunction | undefined;
  readonly slot: number;
  /** Whether the instance uses context slots, which `realloc` must find zeroed and leave as they were. */
  readonly usesContext: boolean;
  readonly store: Store;
}

/** The ABI's context of one side. */
export function abiContext(side: Side, handles: HandleHooks): AbiContext {
  return { options: side.shape, memory: side.memory, realloc: wrapRealloc(side), handles };
}

/** The realloc of one side, if it has one, with numbers for sizes and addresses. */
export function wrapRealloc({ realloc: core, shape, slot, usesContext, store }: Side): AbiContext['realloc'] {
  if (core === undefined) return undefined;
  const inContext: CoreFunction = usesContext ? (...flat) => withFreshContext(slot, () => core(...flat)) : core;
  const realloc = store.meter === undefined ? inContext : measured(slot, inContext);
  if (shape.memory === '64') {
    return (old, oldSize, align, size) =>
      Number(BigInt.asUintN(64, realloc(BigInt(old), BigInt(oldSize), BigInt(align), BigInt(size)) as bigint));
  }
  return (old, oldSize, align, size) => (realloc(old, oldSize, align, size) as number) >>> 0;
}

/** Of a store with limits: what the host writes outside of any call is measured, too. */
function measured(slot: number, realloc: CoreFunction): CoreFunction {
  return (...flat) => {
    const meter = storeOf(slot)?.meter;
    return meter === undefined || meter.isInside ? realloc(...flat) : metered(meter, () => realloc(...flat));
  };
}
