/** Built-ins of resources and error contexts. Specification: CanonicalABI.md, `canon resource.*`, `canon error-context.*`. */
import { canonLift, canonLower } from './call.ts';
import { ResourceHandle, type ResourceType } from './resource.ts';
import type { Store } from './state.ts';
import type { Blocking } from './thread.ts';
import { specifies, trap, trapIf } from './trap.ts';
import type { FuncType } from './types.ts';
import { CoreValueIter, liftFlatValues, store as storeValue } from './values.ts';

const DTOR: FuncType = { params: [{ kind: 'u32' }], result: undefined, async: false };
const DTOR_OPTIONS = { async: false, callback: undefined, postReturn: undefined, encoding: 'utf8' } as const;

export function canonResourceNew(store: Store, rt: ResourceType, rep: number): number {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  return inst.handles.add(new ResourceHandle(rt, rep, true));
}

export function* canonResourceDrop(store: Store, rt: ResourceType, index: number): Blocking<void> {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const handle = inst.handles.remove(index);
  if (!(handle instanceof ResourceHandle)) trap('not-a-resource');
  trapIf(handle.rt !== rt, 'wrong-resource');
  trapIf(handle.numLends !== 0, 'handle-lent');
  if (handle.own) {
    const resources = new Map<string, ResourceType>();
    const core = rt.dtor ?? noDtor;
    const lifted = { core, ft: DTOR, opts: DTOR_OPTIONS, inst: rt.impl, resources };
    const callee = canonLift.bind(undefined, lifted);
    store.announced = rt.dtor === undefined ? undefined : () => handle.rep;
    yield* canonLower({ store, callee, ft: DTOR, async: false, resources }, [handle.rep]);
  } else {
    specifies(handle.borrowScope !== undefined, 'a borrow has a scope');
    handle.borrowScope.numBorrows--;
  }
}

// biome-ignore lint/correctness/useYield: a core function that does nothing
function* noDtor(): Blocking<readonly number[]> {
  return [];
}

export function canonResourceRep(store: Store, rt: ResourceType, index: number): number {
  const handle = store.currentInstance.handles.get(index);
  if (!(handle instanceof ResourceHandle)) trap('not-a-resource');
  trapIf(handle.rt !== rt, 'wrong-resource');
  return handle.rep;
}

export class ErrorContext {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** The message is read, and may trap, only where it is kept. */
export function canonErrorContextNew(store: Store, pointer: number, length: number): number {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const cx = { inst, borrowScope: undefined, resources: new Map<string, ResourceType>() };
  const message = store.choices.keepsMessage() ? liftString(cx, pointer, length) : '';
  return inst.handles.add(new ErrorContext(message));
}

function liftString(cx: Parameters<typeof liftFlatValues>[0], pointer: number, length: number): string {
  return liftFlatValues(cx, 2, new CoreValueIter([pointer, length]), [{ kind: 'string' }])[0] as string;
}

export function canonErrorContextDebugMessage(store: Store, index: number, pointer: number): void {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  const context = inst.handles.get(index);
  if (!(context instanceof ErrorContext)) trap('not-an-error-context');
  const cx = { inst, borrowScope: undefined, resources: new Map<string, ResourceType>() };
  storeValue(cx, context.message, { kind: 'string' }, pointer);
}

export function canonErrorContextDrop(store: Store, index: number): void {
  const inst = store.currentInstance;
  trapIf(!inst.mayLeave, 'cannot-leave');
  if (!(inst.handles.remove(index) instanceof ErrorContext)) trap('not-an-error-context');
}
