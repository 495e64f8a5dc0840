/** A guest calls its host: a function with scalars, and the method of an object. */
import { coreModules, guest, instance } from '../guest.ts';
import { type Contender, loop, timed } from '../measure.ts';
import { jcoContenders } from '../peers/jco-contenders.ts';
import { type Exports, tenonExports } from '../peers/tenon.ts';
import { fasterThanJco, type Row, type Settings, TENON, times } from '../row.ts';

const BARE = 'bare import';
/** Turns of the guest's own loop a call. */
const STEP = 1000;

function calls(exports: Exports): (n: number) => number {
  return loop({ f: exports['loop'] }, `x += f(${STEP});`);
}

/** A function of its own for each contender: what the engine learns of it is not shared. */
function mixer(): (x: number, y: number) => number {
  return new Function('return (x, y) => (x + y) & 65535;')() as (x: number, y: number) => number;
}

async function functionContenders(settings: Settings): Promise<readonly Contender[]> {
  const component = guest('host-call');
  const [module] = coreModules(component);
  const imports = (): Record<string, unknown> => ({ 'bench:host/calls': { mix: mixer() } });
  const sample = (exports: Exports): (() => number) => timed(calls(exports), settings.effort, STEP);
  return [
    { name: TENON, sample: sample(await tenonExports(settings.form, component, imports())) },
    { name: BARE, sample: sample(instance(module!, { h: { mix: mixer() } })) },
    ...(await jcoContenders(settings, component, sample, imports)),
  ];
}

interface Counts {
  next(by: number): number;
}

function counterClass(): new (start: number) => Counts {
  return new Function(`return class Counter {
    constructor(start) { this.count = start; }
    next(by) { return this.count = (this.count + by) & 65535; }
  };`)() as new (
    start: number,
  ) => Counts;
}

async function methodContenders(settings: Settings): Promise<readonly Contender[]> {
  const component = guest('host-resource');
  const [module] = coreModules(component);
  const imports = (): Record<string, unknown> => ({ 'bench:host/resources': { Counter: counterClass() } });
  const sample = (exports: Exports): (() => number) => timed(calls(exports), settings.effort, STEP);
  const Counter = counterClass();
  const object = new Counter(1);
  const bare = instance(module!, {
    h: { new: () => 1, next: (_handle: number, by: number) => object.next(by), drop: () => {} },
  });
  return [
    { name: TENON, sample: sample(await tenonExports(settings.form, component, imports())) },
    { name: BARE, sample: sample(bare) },
    ...(await jcoContenders(settings, component, sample, imports)),
  ];
}

export const importRows: readonly Row[] = [
  {
    name: 'import, scalar',
    unit: 'ns',
    claims: [times(2, BARE), fasterThanJco(200)],
    contenders: functionContenders,
  },
  {
    name: 'import, method of a host resource',
    unit: 'ns',
    claims: [times(3, BARE), fasterThanJco(100)],
    contenders: methodContenders,
  },
];
