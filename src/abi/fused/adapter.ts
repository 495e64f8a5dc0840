/**
 * Adapters: core functions by which one component calls another, with nothing but wasm in between. One module holds those of one
 * step of a plan; everything that belongs to an instance is an import, so that modules are compiled once.
 * Specification: CanonicalABI.md, `canon_lower` over `canon_lift`. Functions of a synchronous type are here, those of an async type in
 * `async-adapter.ts`.
 *
 * Imports: `tenon` (`control`, `trap`, `closed`, `end-thread`), `memory` (`m<key>`), and for the adapter `i` a module `a<i>`: `callee`, `post`,
 * `from-realloc`, `to-realloc`, globals `from-slot` and `to-slot`, `counter`, `end`, and for the n-th resource `own-in<n>`,
 * `borrow-in<n>`, `own-out<n>` and the globals `type<n>` and `home<n>`, for the n-th stream or future `end-in<n>`, `end-out<n>`, and `error-in`, `error-out`. Exports `a<i>`.
 *
 * Where both sides share a memory (an instance that calls itself) and `realloc` or the return pointer gives a place that overlaps a
 * source not yet read, the value that arrives is a mix; every access is checked all the same.
 */
import { ModuleBuilder } from '../../core/builder.ts';
import { CLOSED, FRAME_THREAD } from '../../runtime/control.ts';
import type { OptionShape } from '../context.ts';
import { flattenFuncType } from '../flatten.ts';
import { AsyncAdapter } from './async-adapter.ts';
import { CallValues } from './call-values.ts';
import { emitCount, emitFrame, emitMustLeave, emitMustLive, emitPop, emitPush } from './frame.ts';
import { FunctionWriter, type Memory } from './function.ts';
import { endLends } from './handles.ts';
import { emitMayLeave, emitTrap, enterThread, leaveThread, type Shared } from './side.ts';
import { type AdapterSpec, type Imports, importsOf } from './spec.ts';
import { StringKit } from './strings.ts';

export interface AdapterModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly specs: readonly AdapterSpec[];
}

/** Emits one module with an adapter for each spec. */
export function emitAdapters(specs: readonly AdapterSpec[]): AdapterModule {
  const module = new ModuleBuilder();
  const control: Memory = { index: module.importMemory('tenon', 'control'), is64: false };
  const trap = module.importFunction('tenon', 'trap', { params: ['i32'], results: [] });
  const closed = module.importFunction('tenon', 'closed', { params: ['i32'], results: [] });
  const endThread = module.importFunction('tenon', 'end-thread', { params: ['i32'], results: [] });
  const shared: Shared = { module, control, trap, closed, endThread, made: new Map() };
  const memories = new Map<number, Memory>();
  const memory = (key: number | undefined, options: OptionShape): Memory | undefined => {
    if (key === undefined) return undefined;
    let known = memories.get(key);
    if (known === undefined) {
      known = {
        index: module.importMemory('memory', `m${key}`, options.memory === '64'),
        is64: options.memory === '64',
      };
      memories.set(key, known);
    }
    return known;
  };
  const imports = specs.map((spec, i) => importsOf(spec, `a${i}`, shared, memory));
  const asynchronous = specs.map((spec, i) =>
    spec.type.async ? new AsyncAdapter(spec, imports[i]!, shared, `a${i}`) : undefined,
  );
  const kit = new StringKit();
  for (const [i, spec] of specs.entries()) {
    const values = new CallValues(spec, imports[i]!, kit);
    const adapter = asynchronous[i];
    if (adapter !== undefined) adapter.emit(i, values);
    else module.exportFunction(`a${i}`, emitSync(spec, imports[i]!, shared, values));
  }
  return { bytes: module.finish(), specs };
}

function emitSync(spec: AdapterSpec, imports: Imports, shared: Shared, values: CallValues): number {
  const f = new FunctionWriter(shared.module, flattenFuncType(spec.type, 'lower', spec.lower));
  const { to, callee, post, end } = imports;
  const pushes = spec.maySuspend || spec.crossStore || spec.isConcurrent || end !== undefined;
  f.open('block').tryAll(0);
  emitMustLeave(f, imports.from);
  emitCount(f, imports);
  if (pushes) emitEnter(f, spec, imports, shared);
  const args = values.params(f);
  const core = flattenFuncType(spec.type, 'lift', spec.lift).results;
  const answer = core[0] === undefined ? undefined : f.local(core[0]);
  const thread = enterThread(f, to);
  for (const local of args) f.get(local);
  f.call(callee);
  if (answer !== undefined) f.set(answer);
  const result = values.result(f, answer === undefined ? [] : [answer], values.returnPointer);
  if (post !== undefined) {
    emitMayLeave(f, to, 0);
    if (answer !== undefined) f.get(answer);
    f.call(post);
    emitMayLeave(f, to, 1);
  }
  leaveThread(f, to, thread);
  if (end !== undefined) f.call(endLends(shared)).open('if').call(end).op('end');
  if (pushes) emitExit(f, spec, imports, shared);
  if (result !== undefined) f.get(result);
  f.op('return', 'end', 'end');
  emitTrap(f, shared, 'uncaught-exception');
  return f.finish();
}

/** The callee's store must live and its instance be open; its slot goes on the call stack. */
function emitEnter(f: FunctionWriter, spec: AdapterSpec, { to }: Imports, shared: Shared): void {
  if (spec.crossStore) emitMustLive(f, to);
  if (spec.maySuspend) {
    f.global(to.slot).access('i32.load', shared.control, CLOSED).open('if').global(to.slot).call(shared.closed);
    // While this stack waited, others ran.
    if (spec.crossStore) emitMustLive(f, to);
    f.op('end');
  }
  emitPush(f, to, () => f.i32(0));
}

/** Takes the callee's frame off the call stack; ends the thread that was asked for. */
function emitExit(f: FunctionWriter, spec: AdapterSpec, { to }: Imports, shared: Shared): void {
  const frame = emitFrame(f, to);
  emitPop(f, to, frame);
  if (!spec.isConcurrent) return;
  const thread = f.local('i32');
  f.get(frame).access('i32.load', shared.control, FRAME_THREAD).tee(thread).open('if');
  f.get(thread).call(shared.endThread).op('end');
}

export { isDeferred, isDirect, markOf } from './async-adapter.ts';
export { spillsResult } from './call-values.ts';
export { type AdapterSpec, canFuse, lends } from './spec.ts';
