/**
 * Links the modelled components (`model-text.ts`). Whoever calls a host function may have to wait for it, as far as a plan tells; the host
 * functions that hand out steps never answer with a promise, nor call guests. Only without them does the plan tell which instances are
 * prompt, and which call nobody.
 */
import { Component } from '../../src/index.ts';
import { callsOut, whoMaySuspend } from '../../src/link/analyse.ts';
import type { ModuleRef, PlanCanon } from '../../src/link/plan.ts';
import { makePlan } from '../../src/link/planner.ts';
import { bind } from '../../src/runtime/bind.ts';
import { GENERATED_BORDERS, INTERPRETED_BORDERS } from '../../src/runtime/borders.ts';
import { FULL_KIT } from '../../src/runtime/full-kit.ts';
import { InstancePre, type LinkOptions } from '../../src/runtime/linker.ts';
import { dataOf, moduleOf } from '../../src/runtime/loaded.ts';
import { memoryWidth } from '../../src/runtime/memories.ts';
import { prepare } from '../../src/runtime/prepare.ts';

const NEVER_WAITED_FOR: readonly string[] = ['next', 'show'];

function isWaitedFor(canon: PlanCanon): boolean {
  if (canon.kind !== 'lower' || canon.func.kind !== 'import') return true;
  return !NEVER_WAITED_FOR.includes(canon.func.path.at(-1) ?? '');
}

/** Links `bytes` to the functions of the host. */
export async function linkFamily(
  bytes: Uint8Array<ArrayBuffer>,
  host: Readonly<Record<string, unknown>>,
  options: LinkOptions,
): Promise<InstancePre> {
  const data = dataOf(await Component.load(bytes));
  if (data === undefined) throw new Error('a component has its data');
  const plan = makePlan(data, new Map(), memoryWidth);
  const canons = plan.canons.filter(isWaitedFor);
  const told = {
    maySuspend: whoMaySuspend(plan.instances.length, canons),
    callsOut: callsOut(plan.instances.length, canons),
  };
  const modules = (ref: ModuleRef): WebAssembly.Module => {
    const module = ref.kind === 'static' ? moduleOf(ref.bytes, ref.start) : undefined;
    if (module === undefined) throw new Error('the components import no modules');
    return module;
  };
  const { mode = 'generated', flavour = 'plain' } = options;
  const borders = mode === 'generated' ? GENERATED_BORDERS : INTERPRETED_BORDERS;
  const bindings = bind({ ...plan, exported: [] }, new Map([['host', host]]));
  const prepared = prepare({ ...plan, ...told }, bindings, { mode, flavour, borders, kit: FULL_KIT });
  return new InstancePre(prepared, modules, options);
}
