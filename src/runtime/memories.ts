/** Linear memories of a plan: their width, and limits on their growth. */
import { decodeModule } from '../core/decode.ts';
import { definedMemories, limitMemories } from '../core/rewrite.ts';
import { LinkError } from '../error/error.ts';
import type { CoreRef, ModuleRef, Plan } from '../link/plan.ts';
import type { MemoryType } from '../types/core-type.ts';

type StaticModule = Extract<ModuleRef, { kind: 'static' }>;

/** Whether the memory that `ref` names is 32 or 64 bit. */
export function memoryWidth(ref: CoreRef, modules: readonly ModuleRef[]): '32' | '64' {
  const module = ref.kind === 'export' ? modules[ref.instance] : undefined;
  if (ref.kind !== 'export' || module?.kind !== 'static') return '32';
  return exportedWidth(module, ref.name);
}

const widths = new WeakMap<Uint8Array, Map<string, '32' | '64'>>();

function exportedWidth(module: StaticModule, name: string): '32' | '64' {
  let known = widths.get(module.bytes);
  if (known === undefined) {
    known = new Map();
    widths.set(module.bytes, known);
  }
  const key = `${module.start} ${name}`;
  let width = known.get(key);
  if (width === undefined) {
    const decoded = decodeModule(module.bytes, module.start, module.end);
    const found = decoded.exports.find((e) => e.kind === 'memory' && e.name === name);
    width = found !== undefined && decoded.memories[found.index]?.limits.is64 === true ? '64' : '32';
    known.set(key, width);
  }
  return width;
}

function pageBytes(memory: MemoryType): bigint {
  return 1n << BigInt(memory.pageSizeLog2 ?? 16);
}

/** The core modules that a plan instantiates, of those that components hold. */
export function staticModules(plan: Pick<Plan, 'steps'>): readonly StaticModule[] {
  return plan.steps.flatMap((s) => (s.kind === 'instantiate' && s.module.kind === 'static' ? [s.module] : []));
}

/** How many memories each instance of a plan has, of those that its own modules define. */
export function countMemories(plan: Pick<Plan, 'steps'>): number {
  return staticModules(plan).reduce(
    (sum, { bytes, start, end }) => sum + definedMemories(decodeModule(bytes, start, end)).length,
    0,
  );
}

/**
 * The most pages of each memory of a plan whose memories may together grow to `bytes`. Wasm has no hook on growth: each memory gets
 * its minimum and an equal share of the rest as its maximum.
 * @throws LinkError `memory-limit` if the minimums alone are more
 */
export function sharedLimit(plan: Pick<Plan, 'steps'>, bytes: number): (memory: MemoryType) => bigint {
  const memories = staticModules(plan).flatMap((ref) => definedMemories(decodeModule(ref.bytes, ref.start, ref.end)));
  const least = memories.reduce((sum, m) => sum + m.limits.min * pageBytes(m), 0n);
  if (!Number.isSafeInteger(bytes) || bytes < 0 || least > BigInt(bytes)) {
    throw new LinkError('memory-limit', 'the component starts with more memory than the limit allows', {
      expected: `a limit of at least ${least} bytes`,
      found: `${bytes}`,
    });
  }
  const share = (BigInt(bytes) - least) / BigInt(Math.max(1, memories.length));
  return (memory) => memory.limits.min + share / pageBytes(memory);
}

/** The core modules of a plan that must be others, since each memory may grow to `maximum` at most: their bytes. */
export function limitedModules(
  plan: Plan,
  maximum: ((memory: MemoryType) => bigint) | undefined,
): ReadonlyMap<ModuleRef, Uint8Array<ArrayBuffer>> {
  const limited = new Map<ModuleRef, Uint8Array<ArrayBuffer>>();
  if (maximum === undefined) return limited;
  for (const ref of new Set(staticModules(plan))) {
    const module = ref.bytes.slice(ref.start, ref.end);
    if (definedMemories(decodeModule(module)).length > 0) limited.set(ref, limitMemories(module, maximum).bytes);
  }
  return limited;
}
