/** Makes the linear memories of modules that import what they defined. */
import type { MemoryType } from '../types/core-type.ts';

/** A memory of a type. */
export function newMemory({ limits }: MemoryType): WebAssembly.Memory {
  const { min, max, is64, shared } = limits;
  const pages = (count: bigint): number | bigint => (is64 ? count : Number(count));
  return new WebAssembly.Memory({
    initial: pages(min),
    ...(max === undefined ? {} : { maximum: pages(max) }),
    ...(is64 ? { address: 'i64' } : {}),
    ...(shared ? { shared: true } : {}),
  } as unknown as WebAssembly.MemoryDescriptor);
}
