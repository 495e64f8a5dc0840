/** The host's functions for the exports of one instantiation. */
import type { ExportBorder } from '../abi/js/border.ts';
import type { PlanFunc } from '../link/plan.ts';
import { invariant } from '../util/invariant.ts';
import { pathKey } from './bind.ts';
import type { AnyFunction, ExportedFunction } from './exports.ts';
import type { Instantiation } from './instantiate.ts';
import type { LiveFunc } from './live.ts';
import type { Lift } from './prepared.ts';

/** An exported function, with its path for messages. */
export function exportedFunction(run: Instantiation, func: PlanFunc, path: string): ExportedFunction {
  if (func.kind === 'lift') return lifted(run, func, path);
  const binding = run.prepared.bindings.functions.get(pathKey(func.path));
  invariant(binding !== undefined, 'an exported import is bound');
  if (binding.kind === 'live') return { call: binding.live.call, promised: binding.live.promised, live: binding.live };
  const { fn } = binding;
  return { call: fn, promised: async (...args) => fn(...args), live: undefined };
}

/** The promised form of an exported function alone. */
export function promisedFunction(run: Instantiation, func: PlanFunc, path: string): AnyFunction {
  const canWait = func.kind === 'lift' && !func.type.async && run.prepared.exports.get(func)?.entry !== undefined;
  if (!canWait) return exportedFunction(run, func, path).promised;
  return run.prepared.kit.promised!(run, { func, path, border: () => borderOf(run, func, path, true) });
}

function lifted(run: Instantiation, func: Lift, path: string): ExportedFunction {
  const { plan, kit } = run.prepared;
  const side = run.side(func.options, func.instance);
  const border = (promised: boolean): ExportBorder => borderOf(run, func, path, promised);
  let call: AnyFunction;
  let promised: AnyFunction;
  let callee: LiveFunc['callee'];
  if (func.type.async) {
    // Of a function of an async type both forms are the same.
    ({ call, callee } = kit.asyncExport!(run, { func, path, border: () => border(true) }));
    promised = call;
  } else {
    call = measured(run, inFreshContext(run, func, synchronous(border(false))));
    promised =
      run.prepared.exports.get(func)?.entry !== undefined
        ? kit.promised!(run, { func, path, border: () => border(true) })
        : promisedAtOnce(run, func, call, () => synchronous(border(true)));
  }
  const live: LiveFunc = {
    type: func.type,
    types: run,
    origin: { run, func, path },
    core: run.core(func.core) as LiveFunc['core'],
    shape: side.shape,
    memory: side.memory,
    realloc: side.realloc as LiveFunc['realloc'],
    postReturn: side.postReturn as LiveFunc['postReturn'],
    slot: side.slot,
    store: run.store,
    callee,
    maySuspend: plan.maySuspend[func.instance] === true,
    isConcurrent: plan.isConcurrent[func.instance] === true,
    usesContext: plan.usesContext[func.instance] === true,
    call,
    promised: promised as LiveFunc['promised'],
  };
  return { call, promised, live };
}

function borderOf(run: Instantiation, func: Lift, path: string, promised: boolean): ExportBorder {
  const prepared = run.prepared.exports.get(func);
  invariant(prepared !== undefined, 'an export was prepared');
  const side = run.side(func.options, func.instance);
  return prepared.factory(run.env(prepared, path, side, { core: run.core(func.core), promised }));
}

function synchronous({ call }: ExportBorder): AnyFunction {
  invariant(call !== undefined, 'a function of a synchronous type has a synchronous entry');
  return call;
}

/** A call of a store that has limits of calls counts as one of its calls. */
function measured({ store }: Instantiation, call: AnyFunction): AnyFunction {
  const { meter } = store;
  return meter?.countsCalls !== true ? call : (...args) => meter.call(() => call(...args));
}

/** Every call is a thread of its own, with context slots of its own. */
export function inFreshContext(run: Instantiation, func: Lift, call: AnyFunction): AnyFunction {
  const { plan, kit } = run.prepared;
  if (plan.usesContext[func.instance] !== true) return call;
  const slot = run.slots[func.instance]!;
  const inContext = kit.freshContext!;
  return (...args) => inContext(slot, () => call(...args));
}

/** The promised form of an export that nothing can make wait: a plain call, whose objects have methods that answer promises. */
function promisedAtOnce(run: Instantiation, func: Lift, call: AnyFunction, makeCall: () => AnyFunction): AnyFunction {
  const hasClasses = (run.prepared.exports.get(func)?.resources.length ?? 0) > 0;
  let made: AnyFunction | undefined;
  return async (...args) => {
    made ??= hasClasses ? measured(run, inFreshContext(run, func, makeCall())) : call;
    return made(...args);
  };
}
