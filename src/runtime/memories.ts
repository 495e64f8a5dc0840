/** Linear memories of a plan: their width, and limits on their growth. */
import { decodeModule } from '../core/decode.ts';
import type { CoreRef, ModuleRef, Plan } from '../link/plan.ts';

/** Whether the memory that `ref` names is 32 or 64 bit. */
export function memoryWidth(ref: CoreRef, modules: readonly ModuleRef[]): '32' | '64' {
  const module = ref.kind === 'export' ? modules[ref.instance] : undefined;
  if (ref.kind !== 'export' || module?.kind !== 'static') return '32';
  return exportedWidth(module, ref.name);
}

const widths = new WeakMap<Uint8Array, Map<string, '32' | '64'>>();

function exportedWidth(module: Extract<ModuleRef, { kind: 'static' }>, name: string): '32' | '64' {
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

export async function limitedModules(_plan: Plan, _bytes: number): Promise<ReadonlyMap<ModuleRef, WebAssembly.Module>> {
  return new Map();
}
