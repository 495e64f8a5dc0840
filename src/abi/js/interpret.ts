/**
 * Border functions by the plain interpreter: lift and lower one value after the other, then convert to JavaScript's forms. Slow
 * and obviously right: what generated border functions (`emit-*.ts`) are compared with. The protocol of a call is in `border.ts`.
 */
import { ComponentError } from '../../error/error.ts';
import {
  CALL_LIMIT,
  CALL_TOP,
  CLOSED,
  FRAME_SIZE,
  FRAME_THREAD,
  MAY_LEAVE,
  STORE,
  STORE_STATE,
  SUSPENDABLE,
} from '../../runtime/control.ts';
import { liftValues, lowerValues } from '../call.ts';
import type { Signature } from '../context.ts';
import { flattenTypes, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, pointerSize } from '../flatten.ts';
import { holdsKept } from '../holds.ts';
import type { AbiValue } from '../values.ts';
import type {
  BorderEnv,
  BorderRuntime,
  ExportBorder,
  ExportFactory,
  Flat,
  ImportBorder,
  ImportFactory,
  Settle,
} from './border.ts';
import { fromJs, toJs } from './convert.ts';
import { checkAll, errorOf, isPromise, RETURNED, topResult } from './shape.ts';

function withoutLeave<T>(runtime: BorderRuntime, env: BorderEnv, body: () => T): T {
  const word = (env.slot + MAY_LEAVE) >> 2;
  runtime.control.i32[word] = 0;
  const value = body();
  runtime.control.i32[word] = 1;
  return value;
}

/** Lifts a core result, runs post-return, and gives the value or throws the component's error. */
function finishExport(
  signature: Signature,
  runtime: BorderRuntime,
  env: BorderEnv,
  results: readonly Flat[],
): { value: unknown } | { error: unknown } {
  const { result } = signature.type;
  let lifted: AbiValue | undefined;
  // An asynchronous lift gives its result as the parameters of `task.return`.
  const limit = signature.options.async ? MAX_FLAT_PARAMS : MAX_FLAT_RESULTS;
  if (result !== undefined) [lifted] = liftValues(env.context, limit, results, [result]);
  const value = result === undefined || lifted === undefined ? undefined : toJs(result, lifted);
  if (env.postReturn !== undefined) {
    const post = env.postReturn;
    withoutLeave(runtime, env, () => post(...results));
  }
  runtime.endBorrows(env);
  if (topResult(signature) === undefined) return { value };
  const { tag, val } = value as { tag: string; val: unknown };
  return tag === 'ok' ? { value: val } : { error: val };
}

function lowerParams(
  signature: Signature,
  runtime: BorderRuntime,
  env: BorderEnv,
  args: readonly unknown[],
): readonly Flat[] {
  const { params } = signature.type;
  if (params.some((p) => holdsKept(p.type))) checkAll(params, args, env);
  const values = params.map((p, i) => fromJs(p.type, args[i], `parameter ${JSON.stringify(p.name)} of ${env.path}`));
  return withoutLeave(runtime, env, () =>
    lowerValues(
      env.context,
      MAX_FLAT_PARAMS,
      values,
      params.map((p) => p.type),
    ),
  );
}

type Outcome = ReturnType<typeof finishExport>;

function outcomeValue(end: Outcome): unknown {
  if ('error' in end) throw new ComponentError(end.error);
  return end.value;
}

/** The synchronous entry. */
function callExport(signature: Signature, runtime: BorderRuntime, env: BorderEnv, args: readonly unknown[]): Outcome {
  const { control } = runtime;
  let s = control.i32;
  if (s[env.store >> 2] !== 0 || s[(env.slot + CLOSED) >> 2] !== 0) runtime.refuse(env);
  const top = s[CALL_TOP >> 2]!;
  if (top >= CALL_LIMIT) runtime.overflow(env);
  const suspendable = s[SUSPENDABLE >> 2]!;
  s[top >> 2] = env.slot;
  s[(top + FRAME_THREAD) >> 2] = 0;
  s[CALL_TOP >> 2] = top + FRAME_SIZE;
  s[SUSPENDABLE >> 2] = 0;
  try {
    const result = env.core!(...lowerParams(signature, runtime, env, args));
    const end = finishExport(signature, runtime, env, result === undefined ? [] : [result]);
    s = control.i32;
    if (s[env.store >> 2] !== 0) throw runtime.poisoned(env);
    const thread = s[(top + FRAME_THREAD) >> 2]!;
    if (thread !== 0) runtime.endThread(thread);
    s[CALL_TOP >> 2] = top;
    s[SUSPENDABLE >> 2] = suspendable;
    return end;
  } catch (error) {
    // Dead until it is known why: at the end of the stack, asking may fail.
    control.i32[env.store >> 2] = 1;
    control.i32[(env.slot + MAY_LEAVE) >> 2] = 1;
    throw runtime.failed(env, error, top, suspendable);
  }
}

/** The functions of an export. */
export function interpretExport(signature: Signature): ExportFactory {
  return (runtime, env): ExportBorder => ({
    call: signature.type.async ? undefined : (...args) => outcomeValue(callExport(signature, runtime, env, args)),
    start(entry, token, args) {
      try {
        return entry(token, ...lowerParams(signature, runtime, env, args));
      } catch (error) {
        runtime.control.i32[(env.slot + MAY_LEAVE) >> 2] = 1;
        throw error;
      }
    },
    finish: (...results) => outcomeValue(finishExport(signature, runtime, env, results)),
  });
}

/** Lifts the parameters of an import into JavaScript's forms. */
function liftArgs({ type, options }: Signature, env: BorderEnv, flat: readonly Flat[]): unknown[] {
  const types = type.params.map((p) => p.type);
  const limit = options.async ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS;
  return liftValues(env.context, limit, flat, types).map((v, i) => toJs(types[i]!, v));
}

/** The functions of an import. */
export function interpretImport(signature: Signature): ImportFactory {
  const { result, async } = signature.type;
  const maxResults = signature.options.async ? 0 : MAX_FLAT_RESULTS;
  const top = topResult(signature);
  return (runtime, env): ImportBorder => {
    const spills = result !== undefined && flattenTypes([result], pointerSize(signature.options)).length > maxResults;
    const lower = (value: unknown, pointer: Flat): Flat | undefined => {
      const { i32 } = runtime.control;
      if (i32[((i32[(env.slot + STORE) >> 2] ?? 0) + STORE_STATE) >> 2] !== 0) throw runtime.poisoned(env);
      let flat: readonly Flat[] = [];
      if (result !== undefined) {
        try {
          const lifted = fromJs(result, value, `the result of ${env.path}`);
          flat = withoutLeave(runtime, env, () =>
            lowerValues(env.context, maxResults, [lifted], [result], spills ? pointer : undefined),
          );
        } catch (error) {
          throw runtime.hostValue(env, error);
        }
      }
      if (!async) runtime.endBorrows(env);
      return signature.options.async ? RETURNED : flat[0];
    };
    const succeed = (value: unknown, pointer: Flat) =>
      lower(top === undefined ? value : { tag: 'ok', val: value }, pointer);
    const fail = (error: unknown, pointer: Flat): Flat | undefined => {
      const end = top === undefined ? undefined : errorOf(top, error);
      if (end === undefined) throw runtime.hostThrew(env, error);
      return lower({ tag: 'err', val: end.payload }, pointer);
    };
    const settle: Settle = (ok, value, pointer) => (ok ? succeed(value, pointer) : fail(value, pointer));
    return {
      enter(...flat) {
        if (runtime.control.i32[(env.slot + MAY_LEAVE) >> 2] === 0) runtime.cannotLeave(env);
        const call = async ? runtime.hostCall() : undefined;
        let args: unknown[];
        if (call !== undefined) runtime.lending(call);
        try {
          args = liftArgs(signature, env, flat);
        } finally {
          if (call !== undefined) runtime.lifted();
        }
        const pointer = spills ? flat.at(-1)! : 0;
        let answer: unknown;
        try {
          answer = call === undefined ? env.host!(...args) : env.host!(...args, call);
        } catch (error) {
          call?.end();
          return fail(error, pointer);
        }
        if (result?.kind !== 'future' && isPromise(answer)) {
          if (call !== undefined) return runtime.pendingAsync(env, answer, call, settle, pointer);
          runtime.pending(env, answer, settle, pointer);
          return zeroOf(signature);
        }
        call?.end();
        return succeed(answer, pointer);
      },
    };
  };
}

/** What an import answers while it waits: a value of its core result type. */
function zeroOf(signature: Signature): Flat | undefined {
  const { result } = signature.type;
  if (result === undefined) return undefined;
  const flat = flattenTypes([result], pointerSize(signature.options));
  return flat.length === 1 && flat[0] === 'i64' ? 0n : 0;
}
