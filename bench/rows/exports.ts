/** A host calls a guest: scalars. */
import { coreModules, guest, instance, sharedGuest } from '../guest.ts';
import { type Contender, loop, timed } from '../measure.ts';
import { jcoContenders } from '../peers/jco-contenders.ts';
import { type AnyFunction, type Exports, tenonExports } from '../peers/tenon.ts';
import { fasterThanJco, type Row, type Settings, TENON, times } from '../row.ts';

const BARE = 'bare core call';

/** One call site with one target. */
function one(exports: Exports): (n: number) => number {
  return loop({ f: exports['add'] }, 'x = f(i, x & 1);');
}

/** One call site with four targets. */
function four(exports: Exports): (n: number) => number {
  const fs = ['add', 'sub', 'xor', 'or'].map((name) => exports[name] as AnyFunction);
  return loop({ fs }, 'x = fs[i & 3](i | 8, x & 1);');
}

async function contenders(
  settings: Settings,
  component: Uint8Array<ArrayBuffer>,
  calls: (exports: Exports) => (n: number) => number,
): Promise<readonly Contender[]> {
  const [module] = coreModules(component);
  const { effort } = settings;
  return [
    { name: TENON, sample: timed(calls(await tenonExports(settings.form, component)), effort) },
    { name: BARE, sample: timed(calls(instance(module!)), effort) },
    ...(await jcoContenders(settings, component, (exports) => timed(calls(exports), effort))),
  ];
}

export const exportRows: readonly Row[] = [
  {
    name: 'export, scalar, one target',
    unit: 'ns',
    claims: [times(2, BARE), fasterThanJco(200)],
    contenders: (settings) => contenders(settings, sharedGuest('bench'), one),
  },
  {
    name: 'export, scalar, 4 exports at one call site',
    unit: 'ns',
    claims: [times(2, BARE), fasterThanJco(200)],
    contenders: (settings) => contenders(settings, guest('targets'), four),
  },
];
