/**
 * A case at the host's border: by generated functions, by those that `tenon build` writes, and by the interpreter, each with a guest and a
 * store of its own.
 */
import type { Signature } from '../../../src/abi/context.ts';
import { type FlatType, flattenFuncType, MAX_FLAT_PARAMS } from '../../../src/abi/flatten.ts';
import type { BorderEnv, BorderRuntime, ExportFactory, ImportFactory, Settle } from '../../../src/abi/js/border.ts';
import { compileExport, compileImport } from '../../../src/abi/js/compile.ts';
import { toJs } from '../../../src/abi/js/convert.ts';
import { interpretExport, interpretImport } from '../../../src/abi/js/interpret.ts';
import { compileImportLater } from '../../../src/abi/js/lazy.ts';
import type { Flat } from '../../../src/abi/lift-flat.ts';
import { ComponentError } from '../../../src/error/error.ts';
import { borderRuntime } from '../../../src/runtime/border-runtime.ts';
import { CONTEXT_0, MAY_LEAVE } from '../../../src/runtime/control.ts';
import { Store } from '../../../src/runtime/store.ts';
import { signatureEnds } from '../../../src/types/resources-of.ts';
import type { FuncType } from '../../../src/types/value-type.ts';
import { random } from '../generate-abi.ts';
import { coreFunction, type Guest } from '../guest.ts';
import { comparable } from '../two-guests.ts';
import { builtExport, builtImport } from './built-border.ts';
import type { Case, Which } from './case.ts';
import type { Ways } from './compare.ts';
import {
  asCore,
  giveParams,
  giveResult,
  leaves,
  makeGuest,
  misbehave,
  notesOf,
  quietly,
  read,
  resetStacks,
  resultOf,
  traceText,
} from './guests.ts';
import { copied, HostHandles, holdsLoneSurrogate, spoil } from './host-values.ts';
import { copyOf, endOfError, type Outcome } from './outcome.ts';

type CoreFunction = (...flat: Flat[]) => Flat | undefined;

/** A guest with what its border function is given. */
class Side {
  readonly case: Case;
  readonly store = new Store();
  readonly guest: Guest;
  readonly handles: HostHandles;
  readonly signature: Signature;
  /** What the other side saw: by value, and bit by bit. */
  readonly seen: unknown[] = [];
  readonly exact: unknown[] = [];
  memory: Buffer = Buffer.alloc(0);
  readonly notes: string[] = [];

  constructor(c: Case, which: Which) {
    this.case = c;
    const place = { slot: this.store.newSlot('guest'), store: this.store.record };
    this.guest = makeGuest(c, which, { place });
    this.handles = new HostHandles(c.type);
    this.signature = { type: c.type, options: this.guest.shape };
  }

  env(more: Partial<BorderEnv>): BorderEnv {
    const { guest, handles } = this;
    return {
      path: 'test:fuzz/face#f',
      slot: guest.slot,
      store: guest.store,
      context: { ...guest.context({ own: 0, borrow: 0 }), handles: handles.hooks() },
      resources: handles.resources(),
      ends: signatureEnds(this.case.type),
      checkEnd: handles.checkEnd,
      core: undefined,
      host: undefined,
      zero: 0,
      postReturn: undefined,
      ...more,
    };
  }

  /** What is left when `run` has ended; `result` tells what came of it. */
  outcome(run: () => unknown, isLeaf: boolean): Outcome {
    const { guest, handles } = this;
    let end: Outcome['end'];
    resetStacks();
    try {
      end = { value: run() };
    } catch (error) {
      end = error instanceof ComponentError ? { value: { payload: error.payload } } : endOfError(error);
    }
    resetStacks();
    return {
      end,
      always: { 'the store lives': this.store.alive },
      well: {
        'what the other saw': this.seen,
        reallocs: traceText(guest.traces),
        handles: handles.log,
        state: [guest.get(MAY_LEAVE), guest.get(CONTEXT_0)],
        // Where nobody can look, it need not be said.
        ...(isLeaf ? {} : { 'may leave': leaves(guest.traces) }),
      },
      memories: { memory: copyOf(guest), 'memory when it was called': this.memory },
      exact: { 'core values': this.exact },
      notes: [...notesOf(guest), ...this.notes],
    };
  }
}

/** The host's values, one of them spoiled if a fault says so. */
function spoiled({ case: c, notes }: Side, values: unknown[]): unknown[] {
  for (const fault of c.faults) {
    if (fault.kind !== 'value' || values.length === 0) continue;
    const r = random(fault.seed);
    const at = r(values.length);
    values[at] = spoil(r, values[at]);
  }
  if (values.some(holdsLoneSurrogate)) notes.push('a lone surrogate of the host');
  return values;
}

/** The guest's core function, as the border calls it; `returns` is `task.return`. */
function coreOf(side: Side, returns: (flat: readonly Flat[]) => void): CoreFunction {
  const { case: c, guest } = side;
  const types = c.type.params.map((p) => p.type);
  const body: CoreFunction = (...args) => {
    side.seen.push(
      guest.get(MAY_LEAVE),
      quietly(guest, () => read(guest, MAX_FLAT_PARAMS, args, types)),
    );
    side.exact.push(args.map(comparable));
    side.memory = copyOf(guest);
    const flat = giveResult(c, guest);
    if (c.lift === 'sync') return flat[0];
    returns(flat);
    return c.lift === 'callback' ? 0 : undefined;
  };
  return coreFunction(flattenFuncType(c.type, 'lift', guest.shape), body) as unknown as CoreFunction;
}

type How = 'leaf' | 'lends' | undefined;

function exportOutcome(c: Case, make: (signature: Signature) => ExportFactory, how?: How): Outcome {
  const side = new Side(c, 'callee');
  const { guest, handles, signature } = side;
  let returned: readonly Flat[] = [];
  const core = coreOf(side, (flat) => {
    returned = flat;
  });
  const { results } = flattenFuncType(c.type, 'lift', guest.shape);
  const post = coreFunction({ params: results, results: [] }, (...args) => guest.trace('post-return', args));
  const postReturn = c.postReturn ? (post as unknown as BorderEnv['postReturn']) : undefined;
  let lent: unknown;
  const use = (value: unknown): void => {
    lent = copied(value);
  };
  const border = make(signature)(borderRuntime, side.env({ core, postReturn, ...(how === 'lends' ? { use } : {}) }));
  const args = spoiled(
    side,
    c.type.params.map((p, i) => toJs(p.type, handles.wrap(p.type, c.params[i]!))),
  );
  guest.set(CONTEXT_0, 22);
  misbehave(guest, c.faults, 'callee');
  const halves = (): unknown => {
    const answer = border.start((_token, ...flat) => core(...flat), 1, args) as Flat | undefined;
    if (c.lift === 'sync') returned = answer === undefined ? [] : [answer];
    return border.finish(...returned);
  };
  const run = (): unknown => {
    const value = c.halves ? halves() : border.call!(...args);
    return how === 'lends' ? lent : value;
  };
  return side.outcome(run, how === 'leaf');
}

/** The call of a guest's export. */
export function runExport(c: Case): Ways {
  const parts = { halves: c.halves, threads: c.bits % 2 === 0 };
  return {
    expected: exportOutcome(c, interpretExport),
    found: [
      ['generated', exportOutcome(c, compileExport)],
      ['generated for a leaf', exportOutcome(c, (s) => compileExport({ ...s, leaf: true }), 'leaf')],
      ['generated to lend its result', exportOutcome(c, (s) => compileExport({ ...s, lends: true }), 'lends')],
      ['built', exportOutcome(c, (s) => builtExport(s, parts))],
    ],
  };
}

/** How a function of the host ends: what it returns or throws, at once or later. */
function hostEnd({ type, ending }: Case, value: unknown): { readonly ok: boolean; readonly value: unknown } {
  const isError = ending === 'throws' || ending === 'rejects';
  if (type.result?.kind !== 'result') return { ok: !isError, value: isError ? new Error('the host fails') : value };
  const { tag, val } = typeof value === 'object' && value !== null ? (value as { tag?: unknown; val?: unknown }) : {};
  if (tag === 'err') return { ok: false, value: isError ? val : new ComponentError(val) };
  return { ok: true, value: tag === 'ok' ? val : value };
}

/** A host function that ends as the case says. */
function hostOf(side: Side): NonNullable<BorderEnv['host']> {
  const { case: c, handles } = side;
  const { result } = c.type;
  return (...given) => {
    side.seen.push(copied(c.type.async ? given.slice(0, -1) : given));
    const js = result === undefined ? undefined : toJs(result, handles.wrap(result, c.result!));
    const [value] = result === undefined ? [undefined] : spoiled(side, [js]);
    const end = hostEnd(c, value);
    if (c.ending === 'promise' || c.ending === 'rejects') {
      const promise = end.ok ? Promise.resolve(end.value) : Promise.reject(end.value);
      promise.catch(() => {});
      return promise;
    }
    if (!end.ok) throw end.value;
    return end.value;
  };
}

/** What settles a call whose host function answered a promise. */
interface Pending {
  settle: (() => Flat | undefined) | undefined;
}

/** The runtime, but that promises wait for {@link Pending}. */
function waitingRuntime(side: Side, pending: Pending): BorderRuntime {
  const { case: c, handles } = side;
  const later = (settle: Settle, pointer: Flat): void => {
    const { result } = c.type;
    const js = result === undefined ? undefined : toJs(result, handles.wrap(result, c.result!));
    const [value] = result === undefined ? [undefined] : spoiled(side, [js]);
    const end = hostEnd(c, value);
    pending.settle = () => settle(end.ok, end.value, pointer);
  };
  const SUBTASK = 0x21;
  return {
    ...borderRuntime,
    pending: (_env, _promise, settle, pointer) => later(settle, pointer),
    pendingAsync(_env, _promise, _call, settle, pointer) {
      later(settle, pointer);
      return c.lower === 'async' ? SUBTASK : zeroOf(c.type, side);
    },
  };
}

/** What stands for a core result that is not known. */
function zeroOf(type: FuncType, { guest }: Side): Flat | undefined {
  const { results } = flattenFuncType(type, 'lower', guest.shape);
  return results.length === 0 ? undefined : results[0] === 'i64' ? 0n : 0;
}

function importOutcome(c: Case, make: (signature: Signature) => ImportFactory): Outcome {
  const side = new Side(c, 'caller');
  const { guest, signature } = side;
  const { flat, pointer } = giveParams(c, guest);
  const pending: Pending = { settle: undefined };
  const runtime = waitingRuntime(side, pending);
  const { enter } = make(signature)(runtime, side.env({ host: hostOf(side), zero: 0 }));
  const core = coreFunction(flattenFuncType(c.type, 'lower', guest.shape), enter) as unknown as CoreFunction;
  // What settles a call is given to core wasm as it is.
  const { results } = flattenFuncType(c.type, 'lower', guest.shape);
  const asResult = (value: Flat | undefined): Flat | undefined =>
    value === undefined ? undefined : asCore(results as readonly FlatType[], [value])[0];
  guest.set(CONTEXT_0, 11);
  misbehave(guest, c.faults, 'caller');
  return side.outcome(() => {
    const first = core(...flat);
    side.exact.push(comparable(first));
    const back = pending.settle === undefined ? first : asResult(pending.settle());
    side.exact.push(comparable(back));
    return resultOf(c, guest, pointer, back);
  }, false);
}

/** The call of a guest's import. */
export function runImport(c: Case): Ways {
  const count = (s: Signature): number => flattenFuncType(s.type, 'lower', s.options).params.length;
  return {
    expected: importOutcome(c, interpretImport),
    found: [
      ['generated', importOutcome(c, compileImport)],
      ['generated to lend lists', importOutcome(c, (s) => compileImport({ ...s, lends: true }))],
      ['generated when it is called', importOutcome(c, (s) => compileImportLater(s, count(s)))],
      ['built', importOutcome(c, builtImport)],
    ],
  };
}
