/** Makes the core functions by which one component calls another: adapters in core wasm, or the interpreter where none fits. */
import { flattenFuncType } from '../abi/flatten.ts';
import { type AdapterSpec, lends } from '../abi/fused/adapter.ts';
import type { BorderEnv, Flat } from '../abi/js/border.ts';
import { makeTrap, trapReason } from '../error/trap.ts';
import type { PlanCanon, PlanFunc } from '../link/plan.ts';
import { closedShim } from '../link/shim.ts';
import { invariant } from '../util/invariant.ts';
import { showPath } from './bind.ts';
import { endCall, remember } from './borrow-log.ts';
import { control } from './control.ts';
import { awaitedOpen, awaitOpen } from './entrance.ts';
import type { Instantiation } from './instantiate.ts';
import { interpretCall } from './interpret-call.ts';
import type { LiveFunc } from './live.ts';
import { interpretedTransfer, lowerToComponent, zeroOf } from './lower.ts';
import { cachedModule } from './module-cache.ts';
import type { PreparedAsyncCall, PreparedCall, PreparedGroup } from './prepare.ts';
import { giveBorrow, lend, type RuntimeResource, takeOwn } from './resource.ts';
import type { Side } from './side.ts';
import { waitImport } from './stack.ts';
import { addHandle, OWN } from './table.ts';
import { endSyncThread } from './task.ts';

type CoreFunction = (...args: Flat[]) => Flat | undefined;
type Imports = Record<string, WebAssembly.ImportValue>;

/** Both ends of one call, found in an instantiation. */
interface Ends {
  readonly caller: Side;
  readonly callee: Side;
  readonly core: CoreFunction;
  readonly path: string;
}

function isLive(callee: Extract<PlanFunc, { kind: 'lift' }> | LiveFunc): callee is LiveFunc {
  return 'store' in callee;
}

function endsOf(run: Instantiation, call: Pick<PreparedCall, 'canon' | 'callee'>): Ends {
  const canon = run.prepared.plan.canons[call.canon] as Extract<PlanCanon, { kind: 'lower' }>;
  const caller = run.side(canon.options, canon.instance);
  const { callee } = call;
  if (!isLive(callee)) {
    const { label } = run.prepared.plan.instances[callee.instance]!;
    return { caller, callee: run.side(callee.options, callee.instance), core: run.core(callee.core), path: label };
  }
  run.store.linkTo(callee.store);
  const side: Side = {
    shape: callee.shape,
    memory: callee.memory,
    realloc: callee.realloc as CoreFunction | undefined,
    postReturn: callee.postReturn as CoreFunction | undefined,
    slot: callee.slot,
    store: callee.store,
  };
  const path = canon.func.kind === 'import' ? showPath(canon.func.path) : 'a live instance';
  return { caller, callee: side, core: callee.core as unknown as CoreFunction, path };
}

let closed: WebAssembly.ImportValue | undefined;

/** The function by which adapters wait for a closed instance; one for the thread. */
function closedFunction(): WebAssembly.ImportValue {
  if (closed === undefined) {
    const tenon = {
      control: control.memory,
      'await-open': awaitOpen,
      wait: waitImport as WebAssembly.ImportValue,
      resumed: awaitedOpen,
    };
    closed = new WebAssembly.Instance(cachedModule(closedShim()), { tenon }).exports[
      'closed'
    ] as WebAssembly.ImportValue;
  }
  return closed;
}

function raise(code: number): never {
  throw makeTrap(trapReason(code));
}

function global(value: number): WebAssembly.Global {
  return new WebAssembly.Global({ value: 'i32' }, value);
}

/** Functions that move one resource type's handles between the tables of caller and callee. */
function handleImports(n: number, resource: RuntimeResource, from: number, to: number, owner: BorderEnv): Imports {
  return {
    [`own-in${n}`]: (index: number) => addHandle(to, resource.number, takeOwn(from, index, resource), OWN, 0),
    [`own-out${n}`]: (index: number) => addHandle(from, resource.number, takeOwn(to, index, resource), OWN, 0),
    [`borrow-in${n}`]: (index: number) => {
      const { rep, giveBack } = lend(from, index, resource);
      remember(owner, giveBack);
      if (resource.kind === 'guest' && resource.slot === to) return rep;
      const given = giveBorrow(to, resource, rep);
      remember(owner, given.end);
      return given.index;
    },
  };
}

/** The imports of one adapter. */
function adapterImports(
  run: Instantiation,
  call: PreparedCall,
  spec: AdapterSpec,
  { caller, callee, core, path }: Ends,
): Imports {
  const imports: Imports = {
    callee: core as WebAssembly.ImportValue,
    'from-slot': global(caller.slot),
    'to-slot': global(callee.slot),
  };
  if (caller.realloc !== undefined) imports['from-realloc'] = caller.realloc as WebAssembly.ImportValue;
  if (callee.realloc !== undefined) imports['to-realloc'] = callee.realloc as WebAssembly.ImportValue;
  if (callee.postReturn !== undefined) imports['post'] = callee.postReturn as WebAssembly.ImportValue;
  if (spec.flavour === 'counted') imports['counter'] = global(run.store.counters.between(path));
  // Stands for the adapter in the log of what a call must undo.
  const owner = { path, slot: callee.slot } as BorderEnv;
  if (lends(spec.type)) imports['end'] = () => endCall(owner);
  for (const [n, type] of call.resources.entries()) {
    Object.assign(imports, handleImports(n, run.resource(type), caller.slot, callee.slot, owner));
  }
  return imports;
}

/** Makes the function by which a component calls one of an async type. */
function asyncCall(run: Instantiation, { canon, callee, type }: PreparedAsyncCall): CoreFunction {
  const lower = run.prepared.plan.canons[canon] as Extract<PlanCanon, { kind: 'lower' }>;
  const ends = endsOf(run, { canon, callee });
  const target = isLive(callee) ? callee.callee : run.callee(callee, ends.path, true);
  invariant(target !== undefined, 'a function of an async type');
  const { caller } = ends;
  const zero = zeroOf(flattenFuncType(type, 'lower', caller.shape).results[0]);
  const transfer = interpretedTransfer(type, caller, ends.callee, run);
  return lowerToComponent(run.component(lower.instance), caller.shape.async, target, transfer, zero, () => {
    caller.store.interpreted++;
  });
}

/** Makes the functions of one group and hands each to `made`. */
export function connect(
  run: Instantiation,
  group: PreparedGroup,
  made: (canon: number, fn: CoreFunction) => void,
): void {
  for (const call of group.asyncCalls) made(call.canon, asyncCall(run, call));
  const adapters = instantiateAdapters(run, group);
  for (const call of group.calls) {
    const ends = endsOf(run, call);
    const fn =
      call.adapter === undefined
        ? interpretCall({ ...ends, type: call.type, types: run, maySuspend: call.maySuspend })
        : (adapters?.[`a${call.adapter}`] as CoreFunction);
    made(call.canon, call.edge === undefined || call.adapter === undefined ? fn : throughEdge(run, call, fn));
  }
}

function instantiateAdapters(run: Instantiation, group: PreparedGroup): WebAssembly.Exports | undefined {
  if (group.adapters === undefined || group.adapterModule === undefined) return undefined;
  const tenon: Imports = {
    control: control.memory,
    trap: raise,
    closed: closedFunction(),
    'end-thread': endSyncThread,
  };
  const memory: Imports = {};
  const imports: Record<string, Imports> = { tenon, memory };
  for (const call of group.calls) {
    if (call.adapter === undefined) continue;
    const spec = group.adapters.specs[call.adapter];
    invariant(spec !== undefined, 'an adapter has a spec');
    const ends = endsOf(run, call);
    imports[`a${call.adapter}`] = adapterImports(run, call, spec, ends);
    if (spec.callerMemory !== undefined) memory[`m${spec.callerMemory}`] = ends.caller.memory!.memory;
    if (spec.calleeMemory !== undefined) memory[`m${spec.calleeMemory}`] = ends.callee.memory!.memory;
  }
  return new WebAssembly.Instance(group.adapterModule, imports).exports;
}

/** Puts a table slot between caller and adapter, so that what stands behind the edge can be replaced. */
function throughEdge(run: Instantiation, call: PreparedCall, fn: CoreFunction): CoreFunction {
  invariant(call.edge !== undefined, 'an edge');
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  table.set(0, fn);
  run.edges.push({ canon: call.canon, table });
  return new WebAssembly.Instance(call.edge, { edge: { table } }).exports['edge'] as CoreFunction;
}
