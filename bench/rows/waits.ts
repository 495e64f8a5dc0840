/** A guest calls a function of its host that answers a promise, from a call that may wait. */
import { coreModules, guest, instance } from '../guest.ts';
import { asyncLoop, type Contender, timedAsync } from '../measure.ts';
import { type AnyFunction, tenonInstance } from '../peers/tenon.ts';
import { above, type Claim, type Row, type Settings, TENON, times } from '../row.ts';

const BARE = 'bare JSPI wait';
/** Waits a call: entering a stack that may wait costs more than a wait. */
const STEP = 200;

interface Jspi {
  readonly Suspending: new (f: AnyFunction) => unknown;
  readonly promising: (f: AnyFunction) => AnyFunction;
}

async function contenders(settings: Settings, name: string, wait: () => AnyFunction): Promise<readonly Contender[]> {
  const component = guest(name);
  const { Suspending, promising } = WebAssembly as unknown as Jspi;
  const [module] = coreModules(component);
  const bare = promising(instance(module!, { h: { wait: new Suspending(wait()) } })['loop']!);
  const { promised } = await tenonInstance(settings.form, component, { 'bench:host/waits': { wait: wait() } });
  const sample = (f: AnyFunction): (() => Promise<number>) =>
    timedAsync(asyncLoop({ f }, `x += await f(${STEP});`), settings.effort, STEP);
  return [
    { name: TENON, sample: sample(promised['loop'] as AnyFunction) },
    { name: BARE, sample: sample(bare) },
  ];
}

function row(name: string, claim: Claim, source: string, component = 'waiting'): Row {
  return {
    name,
    unit: 'ns',
    claims: [claim],
    // A function of its own for each contender: what the engine learns of it is not shared.
    contenders: (settings) => contenders(settings, component, () => new Function(`return ${source};`)() as AnyFunction),
  };
}

const WAITS = '(x) => new Promise((done) => setImmediate(done, x))';
const RESOLVED = '(x) => Promise.resolve(x)';

export const waitRows: readonly Row[] = [
  row('import that waits (setImmediate)', times(1.3, BARE), WAITS),
  row('import whose promise is resolved', above(350, 'ns', BARE), RESOLVED),
  row('async import that waits (setImmediate)', times(1.3, BARE), WAITS, 'waiting-async'),
  row('async import whose promise is resolved', above(350, 'ns', BARE), RESOLVED, 'waiting-async'),
];
