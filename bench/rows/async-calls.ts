/** Calls of functions of an async type that complete at once: between components, and from the host. */
import { coreModules, guest, instance, sharedGuest } from '../guest.ts';
import { asyncLoop, type Contender, loop, timed, timedAsync } from '../measure.ts';
import { jcoContenders } from '../peers/jco-contenders.ts';
import { type AnyFunction, type Exports, loadTenon, tenonExports } from '../peers/tenon.ts';
import { wasmtimeLoop } from '../peers/wasmtime.ts';
import { atMost, type Row, type Settings, TENON, times } from '../row.ts';

const SYNC = 'sync call of the same signature';
const BARE = 'bare promising call';
/** Turns of the guest's own loop a call. */
const STEP = 1000;
const WASMTIME_FLAGS = ['-W', 'component-model-async=y,component-model-async-stackful=y'];

function looping(settings: Settings, name: string): (exports: Exports) => Contender['sample'] {
  return (exports) => timed(loop({ f: exports[name] }, `x += f(${STEP});`), settings.effort, STEP);
}

/** Exports of an instance, whose calls the interpreter may carry: what that costs is what the row shows. */
async function exportsOf(settings: Settings, component: Uint8Array<ArrayBuffer>): Promise<Exports> {
  const { Component } = await loadTenon(settings.form);
  return (await (await Component.load(component)).instantiate()).exports as Exports;
}

/** Wasmtime refuses synchronous lowers of functions of an async type in a call that may not wait, and cannot take part there. */
async function between(settings: Settings, js: string, wit: string | undefined): Promise<readonly Contender[]> {
  const component = guest('async-call');
  return [
    { name: TENON, sample: looping(settings, js)(await exportsOf(settings, component)) },
    { name: SYNC, sample: looping(settings, 'loopAdd')(await tenonExports(settings.form, sharedGuest('compose'))) },
    ...(settings.peers && wit !== undefined ? wasmtimeLoop(component, wit, 300_000, WASMTIME_FLAGS) : []),
  ];
}

function betweenRow(how: string, js: string, wit?: string): Row {
  return {
    name: `async call between components, completes at once: ${how}`,
    unit: 'ns',
    claims: [times(3, SYNC)],
    contenders: (settings) => between(settings, js, wit),
  };
}

async function fromHost(settings: Settings, name: string): Promise<readonly Contender[]> {
  const component = guest('async-call');
  const { promising } = WebAssembly as unknown as { promising: (f: AnyFunction) => AnyFunction };
  const bare = promising(instance(coreModules(sharedGuest('bench'))[0]!)['add']!);
  const sample = (f: AnyFunction): Contender['sample'] =>
    timedAsync(asyncLoop({ f }, 'x = await f(i, x & 1);'), settings.effort);
  return [
    { name: TENON, sample: sample((await exportsOf(settings, component))[name]!) },
    { name: BARE, sample: sample(bare) },
    ...(await jcoContenders(settings, component, (exports) => sample(exports[name]!))),
  ];
}

function hostRow(how: string, name: string): Row {
  return {
    name: `async export called by the host, completes at once: ${how}`,
    unit: 'ns',
    claims: [atMost(1000, 'ns')],
    contenders: (settings) => fromHost(settings, name),
  };
}

export const asyncRows: readonly Row[] = [
  betweenRow('async lower, callback lift', 'loopCallback', 'loop-callback'),
  betweenRow('async lower, stackful lift', 'loopStackful', 'loop-stackful'),
  betweenRow('async lower, sync lift', 'loopSync', 'loop-sync'),
  betweenRow('sync lower, callback lift', 'loopWait'),
  hostRow('callback lift', 'addCallback'),
  hostRow('stackful lift', 'addStackful'),
];
