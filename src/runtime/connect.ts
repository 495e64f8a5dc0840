/** Makes the core functions by which one component calls another: adapters in core wasm, or the interpreter where none fits. */
import type { OptionShape } from '../abi/context.ts';
import { flattenFuncType, flattenType, pointerSize } from '../abi/flatten.ts';
import { type AdapterSpec, isDeferred, isDirect, lends, markOf, spillsResult } from '../abi/fused/adapter.ts';
import { holds } from '../abi/fused/contents.ts';
import type { BorderEnv, Flat } from '../abi/js/border.ts';
import type { WasmType } from '../core/builder.ts';
import { makeTrap, trapReason } from '../error/trap.ts';
import type { PlanCanon, PlanFunc } from '../link/plan.ts';
import type { ShimSource } from '../link/shims.ts';
import { signatureResources } from '../types/resources-of.ts';
import type { FuncType, ResourceType } from '../types/value-type.ts';
import { invariant } from '../util/invariant.ts';
import { showPath } from './bind.ts';
import { endCall, remember } from './borrow-log.ts';
import { calleeOf, componentOf } from './callee.ts';
import { control, RECORD_DELIVER, RECORD_KEY, RECORD_OTHER_KEY } from './control.ts';
import { Counters } from './counters.ts';
import { DirectCall } from './direct-call.ts';
import { awaitedOpen, awaitOpen } from './entrance.ts';
import { FusedTransfer } from './fused-transfer.ts';
import { type Borrow, handleImports } from './handle-imports.ts';
import type { Instantiation } from './instantiate.ts';
import { interpretCall } from './interpret-call.ts';
import type { LiveFunc } from './live.ts';
import { interpretedTransfer, type Lower, lowerToComponent, type Transfer, zeroOf } from './lower.ts';
import { importsOf } from './module-cache.ts';
import type { PreparedCall, PreparedGroup } from './prepared.ts';
import { giveBorrow, lend } from './resource.ts';
import type { Side } from './side.ts';
import { resumed, waitImport } from './stack.ts';
import { linkStores } from './store-links.ts';
import { returnsOf } from './task-returns.ts';

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

function endsOf(run: Instantiation, call: PreparedCall): Ends {
  const canon = run.prepared.plan.canons[call.canon] as Extract<PlanCanon, { kind: 'lower' }>;
  const caller = run.side(canon.options, canon.instance);
  const { callee } = call;
  if (!isLive(callee)) {
    const { label } = run.prepared.plan.instances[callee.instance]!;
    return { caller, callee: run.side(callee.options, callee.instance), core: run.core(callee.core), path: label };
  }
  // What a dead store was made of may be another's by now.
  if (!callee.store.alive) throw callee.store.deadTrap(undefined);
  linkStores(run.store, callee.store);
  const side: Side = {
    shape: callee.shape,
    memory: callee.memory,
    realloc: callee.realloc as CoreFunction | undefined,
    postReturn: callee.postReturn as CoreFunction | undefined,
    slot: callee.slot,
    usesContext: callee.usesContext,
    store: callee.store,
  };
  const path = canon.func.kind === 'import' ? showPath(canon.func.path) : 'a live instance';
  return { caller, callee: side, core: callee.core as unknown as CoreFunction, path };
}

let closed: WebAssembly.ImportValue | undefined;

/** The function by which adapters wait for a closed instance; one for the thread. */
function closedFunction(shims: ShimSource): WebAssembly.ImportValue {
  if (closed === undefined) {
    const tenon = {
      control: control.memory,
      'await-open': awaitOpen,
      wait: waitImport as WebAssembly.ImportValue,
      resumed: awaitedOpen,
    };
    closed = new WebAssembly.Instance(shims('closed'), { tenon }).exports['closed'] as WebAssembly.ImportValue;
  }
  return closed;
}

function nothing(): void {}

function raise(code: number): never {
  throw makeTrap(trapReason(code));
}

function global(value: number): WebAssembly.Global {
  return new WebAssembly.Global({ value: 'i32' }, value);
}

/** Lends a handle for a synchronous call: until it ends. */
function borrowUntilEnd(from: number, to: number, owner: BorderEnv): Borrow {
  return (index, resource) => {
    const { rep, giveBack } = lend(from, index, resource);
    remember(owner, giveBack);
    if (resource.kind === 'guest' && resource.slot === to) return rep;
    const given = giveBorrow(to, resource, rep);
    remember(owner, given.end);
    return given.index;
  };
}

/** The core types of what `task.return` is given for a result that is a number, or for none. */
function givenFlat({ result }: FuncType, shape: OptionShape): readonly WasmType[] {
  return result === undefined ? [] : flattenType(result, pointerSize(shape));
}

/** One call that has an adapter. */
class AdaptedCall {
  readonly call: PreparedCall;
  readonly spec: AdapterSpec;
  readonly ends: Ends;
  readonly imports: Imports;
  readonly #transfer: FusedTransfer;
  readonly #lower: Lower | undefined;
  /** Address of the counter of its calls, in the flavour `counted`. */
  readonly #counter: number | undefined;
  #direct: DirectCall | undefined;

  constructor(run: Instantiation, call: PreparedCall, spec: AdapterSpec) {
    const ends = endsOf(run, call);
    const { caller, callee, core, path } = ends;
    this.call = call;
    this.spec = spec;
    this.ends = ends;
    if (spec.flavour === 'counted') run.store.counters ??= new Counters();
    this.#counter = run.store.counters?.between(path);
    const imports: Imports = {
      callee: core as WebAssembly.ImportValue,
      'from-slot': global(caller.slot),
      'to-slot': global(callee.slot),
    };
    if (caller.realloc !== undefined) imports['from-realloc'] = caller.realloc as WebAssembly.ImportValue;
    if (callee.realloc !== undefined) imports['to-realloc'] = callee.realloc as WebAssembly.ImportValue;
    if (callee.postReturn !== undefined) imports['post'] = callee.postReturn as WebAssembly.ImportValue;
    if (this.#counter !== undefined) imports['counter'] = global(this.#counter);
    const { type } = call;
    this.imports = imports;
    // Stands for the adapter in the log of what a call must undo.
    const owner = { path, slot: callee.slot } as BorderEnv;
    if (lends(type)) imports['end'] = () => endCall(owner);
    this.#transfer = new FusedTransfer(owner, spillsResult(spec), caller.slot, callee.slot);
    let borrow: Borrow = (index, resource) => this.#transfer.borrow(index, resource);
    if (type.async) {
      this.#lower = lowerOf(run, call, ends, this.#transfer);
      if (isDirect(spec)) this.#importDirect(run, this.#lower);
    } else {
      borrow = borrowUntilEnd(caller.slot, callee.slot, owner);
    }
    for (const [n, mentioned] of signatureResources(type).entries()) {
      const resource = run.resource(mentioned);
      imports[`type${n}`] = global(resource.number);
      imports[`home${n}`] = global(resource.kind === 'guest' ? resource.slot : 0);
    }
    Object.assign(imports, handleImports(type, run, caller.slot, callee.slot, borrow));
  }

  #importDirect(run: Instantiation, lower: Lower): void {
    const { type } = this.call;
    const { shape } = this.ends.caller;
    const { params, results } = flattenFuncType(type, 'lower', shape);
    const spills = spillsResult(this.spec);
    const direct = new DirectCall(run.store, {
      lower,
      owner: this.#transfer.owner,
      pointer: spills ? params.at(-1) : undefined,
      result: shape.async ? undefined : results[0],
      deferred: isDeferred(this.spec) ? givenFlat(type, this.ends.callee.shape) : undefined,
    });
    this.#direct = direct;
    const { component } = lower.callee;
    Object.assign(this.imports, {
      mark: global(markOf(this.spec, direct.record)),
      slow: lowerToComponent(lower, () => {}),
      settle: (...answers: Flat[]) => direct.settle(answers),
      answer: () => direct.answer(),
      release: () => component.release(),
    });
    const { callee } = lower;
    const returns = returnsOf(run);
    const keys = [returns.key(callee.result), returns.key(callee.result, callee.memory, callee.shape.encoding)];
    for (const [i, word] of [RECORD_KEY, RECORD_OTHER_KEY].entries())
      control.i32[(direct.record + word) >> 2] = callee.shape.async ? (keys[i] ?? 0) : 0;
  }

  /** Whether everything that the call lends is a resource of the callee's. */
  #lendsHome(run: Instantiation): boolean {
    const { type } = this.call;
    const borrowed = (resource: ResourceType): boolean =>
      type.params.some((p) => holds(p.type, (t) => t.kind === 'borrow' && t.resource === resource));
    return signatureResources(type).every((mentioned) => {
      const resource = run.resource(mentioned);
      return !borrowed(mentioned) || (resource.kind === 'guest' && resource.slot === this.ends.callee.slot);
    });
  }

  /** The function of the call, from the exports of the adapters. */
  made(run: Instantiation, exports: WebAssembly.Exports): CoreFunction {
    const i = this.call.adapter;
    const get = (name: string): CoreFunction => exports[`${name}${i}`] as CoreFunction;
    if (this.#lower === undefined) return get('a');
    this.#transfer.carryBy(get('p'), get('r'));
    const counter = this.#counter;
    if (this.#direct === undefined || !this.#lendsHome(run))
      return lowerToComponent(this.#lower, () => {
        if (counter !== undefined) control.i32[counter >> 2] = (control.i32[counter >> 2] ?? 0) + 1;
      });
    if (this.spec.lift.async && !isDeferred(this.spec))
      control.i32[(this.#direct.record + RECORD_DELIVER) >> 2] = returnsOf(run).deliveredBy(get('d'));
    return get('a');
  }
}

/** A lower of a function of an async type. */
function lowerOf(run: Instantiation, call: PreparedCall, ends: Ends, transfer: Transfer): Lower {
  const { callee, type } = call;
  const target = isLive(callee) ? callee.callee : calleeOf(run, callee, ends.path, true);
  invariant(target !== undefined, 'a function of an async type');
  const { shape } = ends.caller;
  const lower = run.prepared.plan.canons[call.canon] as Extract<PlanCanon, { kind: 'lower' }>;
  const zero = zeroOf(flattenFuncType(type, 'lower', shape).results[0]);
  return { component: componentOf(run, lower.instance), isAsync: shape.async, callee: target, transfer, zero };
}

/** The function of a call that the interpreter carries. */
function interpretedCall(run: Instantiation, call: PreparedCall): CoreFunction {
  const ends = endsOf(run, call);
  const { type, maySuspend } = call;
  if (!type.async) return interpretCall({ ...ends, type, types: run, maySuspend, shims: run.prepared.shims });
  const { caller, callee } = ends;
  return lowerToComponent(lowerOf(run, call, ends, interpretedTransfer(type, caller, callee, run)), () => {
    caller.store.interpreted++;
  });
}

/** Makes the functions of one group and hands each to `made`. */
export function connect(
  run: Instantiation,
  group: PreparedGroup,
  made: (canon: number, fn: CoreFunction) => void,
): void {
  const adapted: AdaptedCall[] = [];
  for (const call of group.calls) {
    const spec = call.adapter === undefined ? undefined : group.adapters[call.adapter];
    if (spec === undefined) made(call.canon, interpretedCall(run, call));
    else adapted.push(new AdaptedCall(run, call, spec));
  }
  if (group.adapterModule === undefined) return;
  const exports = instantiateAdapters(run, group.adapterModule, adapted);
  for (const one of adapted) {
    const fn = one.made(run, exports);
    made(one.call.canon, one.call.edge === undefined ? fn : throughEdge(run, one.call, fn));
  }
}

function instantiateAdapters(
  run: Instantiation,
  module: WebAssembly.Module,
  adapted: readonly AdaptedCall[],
): WebAssembly.Exports {
  const tenon: Imports = {
    control: control.memory,
    trap: raise,
    closed: closedFunction(run.prepared.shims),
    'end-thread': run.prepared.kit.concurrency?.ends(run.prepared.shims).thread ?? nothing,
    wait: waitImport as WebAssembly.ImportValue,
  };
  const memory: Imports = {};
  const imports: Record<string, Imports> = { tenon, memory };
  for (const { call, spec, ends, imports: own } of adapted) {
    imports[`a${call.adapter}`] = own;
    if (spec.callerMemory !== undefined) memory[`m${spec.callerMemory}`] = ends.caller.memory!.memory;
    if (spec.calleeMemory !== undefined) memory[`m${spec.calleeMemory}`] = ends.callee.memory!.memory;
  }
  for (const { module: from, name } of importsOf(module))
    if (from === 'tenon' && name.startsWith('go-on:')) tenon[name] = resumed as WebAssembly.ImportValue;
  return new WebAssembly.Instance(module, imports).exports;
}

/** Puts a table slot between caller and adapter, so that what stands behind the edge can be replaced. */
function throughEdge(run: Instantiation, call: PreparedCall, fn: CoreFunction): CoreFunction {
  invariant(call.edge !== undefined, 'an edge');
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  table.set(0, fn);
  run.edges.push({ canon: call.canon, table });
  return new WebAssembly.Instance(call.edge, { edge: { table } }).exports['edge'] as CoreFunction;
}
