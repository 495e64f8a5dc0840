/** What an adapter is emitted from, and what it imports. */
import type { ModuleBuilder } from '../../core/builder.ts';
import { signatureEnds, signatureResources } from '../../types/resources-of.ts';
import type { FuncType, ResourceType, ValueType } from '../../types/value-type.ts';
import { invariant } from '../../util/invariant.ts';
import type { OptionShape } from '../context.ts';
import { flattenFuncType, pointerSize, pointerType } from '../flatten.ts';
import { emittedParts, holds } from './contents.ts';
import type { Memory } from './function.ts';
import type { Shared, Side } from './side.ts';
import type { HandleFunction, HandleType } from './translate.ts';

export interface AdapterSpec {
  readonly type: FuncType;
  /** Options of the caller and of the callee. */
  readonly lower: OptionShape;
  readonly lift: OptionShape;
  /** Which memory each side has: equal keys are the same memory. */
  readonly callerMemory: number | undefined;
  readonly calleeMemory: number | undefined;
  /** The callee may have to wait, or is in another store: its slot goes on the call stack. */
  readonly maySuspend: boolean;
  /** The callee may see or change the caller's memory before its call has ended (`link/analyse.ts`, `Sight`). */
  readonly seesCaller: boolean;
  /** The callee's calls may be asked for their thread: its slot goes on the call stack, and the thread ends with the call. */
  readonly isConcurrent: boolean;
  /** The callee's instance calls nothing outside of itself, and so is not called again while it runs. */
  readonly isLeaf: boolean;
  /** The callee is in another store, which may be dead. */
  readonly crossStore: boolean;
  /** Whether the callee, and the caller, use context slots. */
  readonly context: boolean;
  readonly callerContext: boolean;
  readonly flavour: 'plain' | 'counted';
}

/** Types whose code would have more parts than this are left to the interpreter. */
const MAX_PARTS = 100_000;

function valuesOf(type: FuncType): readonly ValueType[] {
  return [...type.params.map((p) => p.type), ...(type.result === undefined ? [] : [type.result])];
}

/** Whether an adapter can carry the call. */
export function canFuse(spec: AdapterSpec): boolean {
  return emittedParts(valuesOf(spec.type)) <= MAX_PARTS;
}

/** Whether the call lends handles, so that something must be undone when it ends. */
export function lends(type: FuncType): boolean {
  return type.params.some((p) => holds(p.type, (t) => t.kind === 'borrow'));
}

/** Globals of a resource type: its number, and the slot of the instance whose resource it is. */
export interface ResourceImports {
  readonly type: number;
  readonly home: number;
}

/** What the imports of an adapter are, as indices of its module. */
export interface Imports {
  readonly callee: number;
  readonly post: number | undefined;
  readonly end: number | undefined;
  readonly counter: number | undefined;
  readonly from: Side;
  readonly to: Side;
  /** Moves handles from the caller to the callee, and back. */
  readonly handleIn: HandleFunction;
  readonly handleOut: HandleFunction;
  readonly resources: ReadonlyMap<ResourceType, ResourceImports>;
}

/** Finds a memory of the module by its key. */
export type MemoryOf = (key: number | undefined, options: OptionShape) => Memory | undefined;

const INDEX = { params: ['i32'], results: ['i32'] } as const;

/** Functions that move handles, by what they are handles to; names as in `adapter.ts`. */
function handleFunctions(module: ModuleBuilder, name: string, type: FuncType, way: 'in' | 'out'): HandleFunction {
  const made = new Map<object | string, number>();
  const add = (key: object | string, label: string): void => {
    made.set(key, module.importFunction(name, label, INDEX));
  };
  const borrows = new Map<object, number>();
  for (const [n, resource] of signatureResources(type).entries()) {
    add(resource, `own-${way}${n}`);
    if (way === 'in') borrows.set(resource, module.importFunction(name, `borrow-in${n}`, INDEX));
  }
  for (const [n, end] of signatureEnds(type).entries()) add(end, `end-${way}${n}`);
  if (valuesOf(type).some((t) => holds(t, ({ kind }) => kind === 'error-context')))
    add('error-context', `error-${way}`);
  return (handle: HandleType): number => {
    const index =
      handle.kind === 'borrow'
        ? borrows.get(handle.resource)
        : made.get(handle.kind === 'own' ? handle.resource : handle.kind === 'error-context' ? handle.kind : handle);
    invariant(index !== undefined, 'a handle of the signature');
    return index;
  };
}

function sideOf(
  shared: Shared,
  name: string,
  which: 'from' | 'to',
  options: OptionShape,
  memory: Memory | undefined,
  context: boolean,
): Side {
  const { module } = shared;
  const address = pointerType(options) as 'i32' | 'i64';
  const signature = { params: [address, address, address, address], results: [address] } as const;
  return {
    shared,
    encoding: options.encoding,
    memory,
    pointer: pointerSize(options),
    address,
    realloc: options.realloc ? module.importFunction(name, `${which}-realloc`, signature) : undefined,
    slot: module.importGlobal(name, `${which}-slot`, 'i32'),
    context,
    alloc: new Map(),
  };
}

/** Declares the imports of the adapter `name`. */
export function importsOf(spec: AdapterSpec, name: string, shared: Shared, memory: MemoryOf): Imports {
  const { module } = shared;
  const { type, lower, lift } = spec;
  const core = flattenFuncType(type, 'lift', lift);
  return {
    callee: module.importFunction(name, 'callee', core),
    post: lift.postReturn ? module.importFunction(name, 'post', { params: core.results, results: [] }) : undefined,
    end: lends(type) ? module.importFunction(name, 'end', { params: [], results: [] }) : undefined,
    counter: spec.flavour === 'counted' ? module.importGlobal(name, 'counter', 'i32') : undefined,
    from: sideOf(shared, name, 'from', lower, memory(spec.callerMemory, lower), spec.callerContext),
    to: sideOf(shared, name, 'to', lift, memory(spec.calleeMemory, lift), spec.context),
    handleIn: handleFunctions(module, name, type, 'in'),
    handleOut: handleFunctions(module, name, type, 'out'),
    resources: new Map(
      signatureResources(type).map((resource, n) => [
        resource,
        {
          type: module.importGlobal(name, `type${n}`, 'i32'),
          home: module.importGlobal(name, `home${n}`, 'i32'),
        },
      ]),
    ),
  };
}
