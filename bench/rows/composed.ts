/** One guest calls another. */
import { type Core, coreModules, guest, instance, sharedGuest } from '../guest.ts';
import { type Contender, type Effort, loop, timed } from '../measure.ts';
import { jcoContenders } from '../peers/jco-contenders.ts';
import { type Exports, tenonExports } from '../peers/tenon.ts';
import { wasmtimeLoop } from '../peers/wasmtime.ts';
import { above, fasterThanJco, fasterThanWasmtime, type Row, type Settings, TENON, times } from '../row.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Sample = (exports: Exports) => () => number;

const BARE = 'bare cross-instance call';
const SCALAR = 'composed scalar call';
const COPY = 'one memory.copy';
const HAND = 'by hand in core wasm';

/** Calls an exported loop of a guest, `step` turns at a time. */
function looping(name: string, step: number, effort: Effort): Sample {
  return (exports) => timed(loop({ f: exports[name] }, `x += f(${step});`), effort, step);
}

/** Tenon and the other runtimes on one component. */
async function runtimes(
  settings: Settings,
  component: Bytes,
  sample: Sample,
  loopName: string,
  wasmtimeTurns: number,
): Promise<readonly Contender[]> {
  return [
    { name: TENON, sample: sample(await tenonExports(settings.form, component)) },
    ...(await jcoContenders(settings, component, sample)),
    ...(settings.peers ? wasmtimeLoop(component, loopName, wasmtimeTurns) : []),
  ];
}

/** The call that others are compared with, in the same process. */
async function scalarCall(settings: Settings): Promise<Contender> {
  const sample = looping('loopAdd', 1000, settings.effort);
  return { name: SCALAR, sample: sample(await tenonExports(settings.form, sharedGuest('compose'))) };
}

/** The core modules of `compose.wat` joined without anything between them. */
function bareCalls(component: Bytes): Core {
  const [callee, , caller] = coreModules(component);
  const { add, len } = instance(callee!);
  return instance(caller!, { h: { add, len } });
}

/** `compose-records.wat` with the work between its components done by hand. */
function recordsByHand(component: Bytes): Core {
  const [callee, memory, caller] = coreModules(component);
  const b = instance(callee!);
  const a = instance(memory!);
  const by = instance(new WebAssembly.Module(guest('hand/records')), { a, b });
  return instance(caller!, { h: by });
}

/** Both must have the same outcome, or they do not do the same. */
function mustAgree(a: Exports | Core, b: Exports | Core, name: string): void {
  const [one, other] = [a[name]!(3) >>> 0, b[name]!(3) >>> 0];
  if (one !== other) throw new Error(`${name}: ${one} and ${other}`);
}

export const composedRows: readonly Row[] = [
  {
    name: 'composed, scalar',
    unit: 'ns',
    claims: [times(4, BARE), fasterThanWasmtime, fasterThanJco(500)],
    contenders: async (settings) => {
      const component = sharedGuest('compose');
      const bare = looping('loop-add', 1000, settings.effort);
      return [
        ...(await runtimes(settings, component, looping('loopAdd', 1000, settings.effort), 'loop-add', 30_000_000)),
        { name: BARE, sample: bare(bareCalls(component)) },
      ];
    },
  },
  {
    name: 'composed, string of 64 B, ASCII',
    unit: 'ns',
    claims: [above(25, 'ns', SCALAR), fasterThanWasmtime, fasterThanJco(150)],
    contenders: async (settings) => [
      ...(await runtimes(
        settings,
        sharedGuest('compose'),
        looping('loopLen', 1000, settings.effort),
        'loop-len',
        10_000_000,
      )),
      await scalarCall(settings),
    ],
  },
  {
    name: 'composed, string of 64 B, not ASCII',
    unit: 'ns',
    claims: [above(60, 'ns', SCALAR), fasterThanWasmtime, fasterThanJco(150)],
    contenders: async (settings) => [
      ...(await runtimes(
        settings,
        guest('compose-strings'),
        looping('loop', 1000, settings.effort),
        'loop',
        4_000_000,
      )),
      await scalarCall(settings),
    ],
  },
  {
    name: 'composed, list<u32> of 10,000',
    unit: 'ns',
    claims: [times(2, COPY), fasterThanJco(100)],
    contenders: async (settings) => {
      const component = guest('compose-list');
      const sample = looping('loop', 20, settings.effort);
      const copy = instance(new WebAssembly.Module(guest('hand/copy')));
      return [...(await runtimes(settings, component, sample, 'loop', 100_000)), { name: COPY, sample: sample(copy) }];
    },
  },
  {
    name: 'composed, list of 100 records with strings',
    unit: 'ns',
    claims: [times(1.5, HAND), fasterThanJco(20)],
    contenders: async (settings) => {
      const component = guest('compose-records');
      const sample = looping('loop', 20, settings.effort);
      const hand = recordsByHand(component);
      mustAgree(hand, await tenonExports(settings.form, component), 'loop');
      return [...(await runtimes(settings, component, sample, 'loop', 100_000)), { name: HAND, sample: sample(hand) }];
    },
  },
  {
    name: 'composed, borrow of a resource',
    unit: 'ns',
    claims: [above(25, 'ns', SCALAR), fasterThanJco(100)],
    contenders: async (settings) => [
      ...(await runtimes(settings, guest('compose-borrow'), looping('loop', 1000, settings.effort), 'loop', 1_000_000)),
      await scalarCall(settings),
    ],
  },
];
