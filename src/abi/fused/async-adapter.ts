/**
 * Adapters of functions of an async type. Every one exports `p<i>`, which carries the parameters (those of the caller's core function, to
 * those of the callee's), and `r<i>`, which carries the result (what the callee gave and the caller's pointer, to the caller's core result):
 * with them JavaScript carries a call that has a task. Where the callee cannot have to wait amid its code, `a<i>` is the whole call:
 * neither task nor subtask is made unless something asks for one, or the call does not complete at once.
 * Specification: CanonicalABI.md, `canon_lower`, `canon_lift`, `Task.enter_implicit_thread`, `canon_task_return`.
 *
 * Imports of `a<i>`, besides those in `adapter.ts`: the global `mark`, what the frame has for a thread (`markOf`); `slow` of the
 * caller's type, for a call that must wait to enter; `settle` `(...core results)`, for a callee that is not done or has a task; and then
 * `answer`, which gives the caller's result; `slow` and `answer` may ask to wait, for which `tenon.wait` and `tenon.go-on:<results>`
 * are (`link/shim.ts`). `d<i>` `(...given, frame)` is what `task.return` calls (`return-shim.ts`).
 */
import type { WasmType } from '../../core/builder.ts';
import {
  BACKPRESSURE,
  CURRENT,
  DEFERRED,
  EXCLUSIVE,
  FRAME_POINTER,
  FRAME_THREAD,
  FRAME_VALUE,
  HELD,
  MAY_LEAVE,
  PENDING,
  RETURNED,
} from '../../runtime/control.ts';
import type { ValueType } from '../../types/value-type.ts';
import { type FlatType, flattenFuncType } from '../flatten.ts';
import { type CallValues, givenResults } from './call-values.ts';
import { emitCount, emitPop, emitPush } from './frame.ts';
import { type Access, FunctionWriter } from './function.ts';
import { endLends } from './handles.ts';
import { emitMayLeave, emitTrap, enterThread, leaveThread, type Shared } from './side.ts';
import type { AdapterSpec, Imports } from './spec.ts';

/** What a frame of a direct call has for a thread: the adapter's record is at `record`. */
export function markOf(spec: AdapterSpec, record: number): number {
  return -(record + (isDeferred(spec) ? DEFERRED : 0));
}

/** Whether the whole call is in core wasm. */
export function isDirect(spec: AdapterSpec): boolean {
  return spec.type.async && !spec.crossStore && !spec.maySuspend;
}

const NUMBERS: ReadonlySet<ValueType['kind']> = new Set([
  'bool',
  'u8',
  's8',
  'u16',
  's16',
  'u32',
  's32',
  'u64',
  's64',
  'f32',
  'f64',
]);

/**
 * Whether what `task.return` is given can wait for the end of the call: it has no memory, its passage cannot fail once the caller's
 * pointer is known to be right, and nobody sees when it happens.
 */
export function isDeferred({ type, lift, seesCaller }: AdapterSpec): boolean {
  return lift.async && !seesCaller && (type.result === undefined || NUMBERS.has(type.result.kind));
}

/** What a direct call imports besides. */
interface DirectImports {
  readonly mark: number;
  readonly slow: number;
  readonly settle: number;
  readonly answer: number;
  readonly release: number;
  readonly wait: number;
  readonly goOn: number;
}

/** Specification: `CallbackCode.EXIT`, in the bits that {@link CODE_BITS} masks. */
const CODE_BITS = 0xf;
/** Specification: `Subtask.State.RETURNED`. */
const SUBTASK_RETURNED = 2;

export class AsyncAdapter {
  readonly #spec: AdapterSpec;
  readonly #imports: Imports;
  readonly #shared: Shared;
  readonly #lower: { readonly params: readonly WasmType[]; readonly results: readonly WasmType[] };
  readonly #core: { readonly params: readonly WasmType[]; readonly results: readonly WasmType[] };
  readonly #direct: DirectImports | undefined;

  /** Declares the imports. */
  constructor(spec: AdapterSpec, imports: Imports, shared: Shared, name: string) {
    const { module } = shared;
    this.#spec = spec;
    this.#imports = imports;
    this.#shared = shared;
    this.#lower = flattenFuncType(spec.type, 'lower', spec.lower);
    this.#core = flattenFuncType(spec.type, 'lift', spec.lift);
    if (!isDirect(spec)) return;
    this.#direct = {
      mark: module.importGlobal(name, 'mark', 'i32'),
      slow: module.importFunction(name, 'slow', this.#lower),
      settle: module.importFunction(name, 'settle', { params: this.#core.results, results: [] }),
      answer: module.importFunction(name, 'answer', { params: [], results: this.#lower.results }),
      release: module.importFunction(name, 'release', { params: [], results: [] }),
      wait: module.importFunction('tenon', 'wait', { params: [], results: ['i32'] }),
      goOn: module.importFunction('tenon', `go-on:${this.#lower.results.join()}`, {
        params: ['i32'],
        results: this.#lower.results,
      }),
    };
  }

  /** Emits its functions. */
  emit(i: number, values: CallValues): void {
    const { module } = this.#shared;
    const params = this.#params(values);
    const result = this.#result(values);
    module.exportFunction(`p${i}`, params);
    module.exportFunction(`r${i}`, result);
    if (this.#direct === undefined) return;
    if (this.#spec.lift.async && !isDeferred(this.#spec)) module.exportFunction(`d${i}`, this.#deliver(values));
    module.exportFunction(`a${i}`, this.#call(this.#direct, values));
  }

  /** A function whose exceptions end in a trap. */
  #guarded(params: readonly WasmType[], results: readonly WasmType[], body: (f: FunctionWriter) => void): number {
    const f = new FunctionWriter(this.#shared.module, { params, results });
    f.open('block').tryAll(0);
    body(f);
    f.op('return', 'end', 'end');
    emitTrap(f, this.#shared, 'uncaught-exception');
    return f.finish();
  }

  #params(values: CallValues): number {
    return this.#guarded(this.#lower.params, this.#core.params, (f) => {
      for (const local of values.params(f)) f.get(local);
    });
  }

  #result(values: CallValues): number {
    const { from, to } = this.#imports;
    const given = givenResults(this.#spec, to);
    const spills = values.returnPointer !== undefined;
    return this.#guarded([...given, ...(spills ? [from.address] : [])], this.#results, (f) => {
      const locals = given.map((_, local) => local);
      const flat = values.result(f, locals, spills ? given.length : undefined);
      if (flat !== undefined) f.get(flat);
    });
  }

  /** What a result is to the caller's core function, where it is not in memory. */
  get #results(): readonly WasmType[] {
    return this.#spec.lower.async ? [] : this.#lower.results;
  }

  /** Delivers what `task.return` was given; a result that is not in memory goes where the frame has room. */
  #deliver(values: CallValues): number {
    const { from, to } = this.#imports;
    const { control } = this.#shared;
    const given = givenResults(this.#spec, to);
    const f = new FunctionWriter(this.#shared.module, { params: [...given, 'i32'], results: [] });
    const frame = given.length;
    const [flat] = this.#results;
    let pointer: number | undefined;
    if (values.returnPointer !== undefined) {
      pointer = f.local(from.address);
      f.get(frame).access(`${from.address}.load`, control, FRAME_POINTER).set(pointer);
    }
    const out = values.result(
      f,
      given.map((_, local) => local),
      pointer,
    );
    if (flat !== undefined)
      f.get(frame)
        .get(out!)
        .access(`${flat as FlatType}.store` as Access, control, FRAME_VALUE);
    return f.finish();
  }

  /**
   * Emits: branches out unless the task may begin at once. Specification: `has_backpressure` in `Task.enter_implicit_thread`; also what ends in
   * a trap. An instance that is never on a stack that waits is never closed.
   */
  #mustBegin(f: FunctionWriter, values: CallValues): void {
    const { from, to } = this.#imports;
    const { control } = this.#shared;
    f.global(from.slot).access('i32.load', control, MAY_LEAVE).op('i32.eqz').brIf(0);
    // BACKPRESSURE and ENTERING in one.
    f.global(to.slot).access('i64.load', control, BACKPRESSURE).i64(0n).op('i64.ne').brIf(0);
    if (this.#needsExclusive) f.global(to.slot).access('i32.load', control, EXCLUSIVE).brIf(0);
    const pointer = values.returnPointer;
    if (pointer !== undefined && isDeferred(this.#spec)) values.mustFit(f, pointer);
  }

  get #needsExclusive(): boolean {
    const { lift } = this.#spec;
    return !lift.async || lift.callback;
  }

  /** Whether anybody can look at the lock while the call is under way, and nothing has asked for its task. */
  get #locks(): boolean {
    return this.#needsExclusive && !this.#spec.isLeaf;
  }

  #header(f: FunctionWriter, word: number): FunctionWriter {
    return f.i32(0).access('i32.load', this.#shared.control, word);
  }

  #call(direct: DirectImports, values: CallValues): number {
    const { from, to, callee } = this.#imports;
    const { control } = this.#shared;
    return this.#guarded(this.#lower.params, this.#lower.results, (f) => {
      emitCount(f, this.#imports);
      f.open('block');
      this.#mustBegin(f, values);
      const pointer = values.returnPointer;
      // What realloc calls while parameters are on their way is no `task.return` of the task.
      const later = isDeferred(this.#spec) && values.paramsAllocate;
      const frame = emitPush(f, to, () => (later ? f.i32(0) : f.global(direct.mark)));
      if (pointer !== undefined) f.get(frame).get(pointer).access(`${from.address}.store`, control, FRAME_POINTER);
      if (this.#locks) f.global(to.slot).i32(CURRENT).access('i32.store', control, EXCLUSIVE);
      const args = values.params(f);
      if (later) f.get(frame).global(direct.mark).access('i32.store', control, FRAME_THREAD);
      const thread = enterThread(f, to);
      for (const local of args) f.get(local);
      f.call(callee);
      const answers = this.#core.results.map((type) => f.local(type));
      for (const local of answers.toReversed()) f.set(local);
      f.open('block');
      this.#mustBeDone(f, direct, frame, answers);
      const flat = this.#finish(f, direct, values, frame, answers);
      this.#endLends(f);
      leaveThread(f, to, thread);
      emitPop(f, to, frame);
      this.#value(f, frame, flat);
      f.op('return', 'end');
      for (const local of answers) f.get(local);
      f.call(direct.settle);
      this.#endLends(f);
      leaveThread(f, to, thread);
      emitPop(f, to, frame);
      f.call(direct.answer);
      this.#waiting(f, direct);
      f.op('return', 'end');
      for (let local = 0; local < this.#lower.params.length; local++) f.get(local);
      f.call(direct.slow);
      this.#waiting(f, direct);
    });
  }

  /** What JavaScript was asked for has its result on the stack, unless it asks to wait: then that after the wait. */
  #waiting(f: FunctionWriter, { wait, goOn }: DirectImports): void {
    const [type] = this.#lower.results;
    const result = type === undefined ? undefined : f.local(type);
    if (result !== undefined) f.set(result);
    f.open('loop');
    this.#header(f, PENDING).open('if').call(wait).call(goOn);
    if (result !== undefined) f.set(result);
    f.br(1).op('end', 'end');
    if (result !== undefined) f.get(result);
  }

  /** Gives back what the call was lent; of one that has a task, JavaScript has taken that over. */
  #endLends(f: FunctionWriter): void {
    const { end } = this.#imports;
    if (end !== undefined) f.call(endLends(this.#shared)).open('if').call(end).op('end');
  }

  /** Emits: branches out unless the task is over and nothing has asked for it: it has started nothing that must go before its caller. */
  #mustBeDone(f: FunctionWriter, direct: DirectImports, frame: number, answers: readonly number[]): void {
    const { lift } = this.#spec;
    f.get(frame).access('i32.load', this.#shared.control, FRAME_THREAD);
    if (lift.async) f.i32(RETURNED).op('i32.add');
    f.global(direct.mark).op('i32.ne').brIf(0);
    if (lift.callback) f.get(answers[0]!).i32(CODE_BITS).op('i32.and').brIf(0);
  }

  /** The end of a task that nothing has asked for; gives the local of the caller's result, where it is not in memory or in the frame. */
  #finish(
    f: FunctionWriter,
    { release }: DirectImports,
    values: CallValues,
    frame: number,
    answers: readonly number[],
  ): number | undefined {
    const { to, post } = this.#imports;
    const { control } = this.#shared;
    let flat: number | undefined;
    if (isDeferred(this.#spec)) {
      const given = givenResults(this.#spec, to).map((type) => {
        const local = f.local(type);
        f.get(frame)
          .access(`${type}.load` as Access, control, FRAME_VALUE)
          .set(local);
        return local;
      });
      flat = values.result(f, given, values.returnPointer, true);
    } else if (!this.#spec.lift.async) {
      flat = values.result(f, answers, values.returnPointer);
      if (post !== undefined) {
        emitMayLeave(f, to, 0);
        for (const local of answers) f.get(local);
        f.call(post);
        emitMayLeave(f, to, 1);
      }
    }
    if (this.#locks) {
      f.global(to.slot).i32(0).access('i32.store', control, EXCLUSIVE);
      f.global(to.slot).access('i32.load', control, HELD).open('if').call(release).op('end');
    }
    return flat;
  }

  /** Leaves what the caller gets. */
  #value(f: FunctionWriter, frame: number, flat: number | undefined): void {
    if (this.#spec.lower.async) {
      f.i32(SUBTASK_RETURNED);
      return;
    }
    const [type] = this.#results;
    if (type === undefined) return;
    if (flat !== undefined) f.get(flat);
    else f.get(frame).access(`${type as FlatType}.load` as Access, this.#shared.control, FRAME_VALUE);
  }
}
