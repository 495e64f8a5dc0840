/**
 * Border functions by the plain interpreter: lift and lower one value after the other, then convert to JavaScript's forms. Slow
 * and obviously right: what generated border functions (`emit-*.ts`) are compared with. The protocol of a call is in `border.ts`.
 */
import { ComponentError } from '../../error/error.ts';
import { CALL_LIMIT, CALL_TOP, CLOSED, MAY_LEAVE, SUSPENDABLE } from '../../runtime/control.ts';
import { liftValues, lowerValues } from '../call.ts';
import type { Signature } from '../context.ts';
import { flattenTypes, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, pointerSize } from '../flatten.ts';
import { holdsOwn } from '../holds.ts';
import type { AbiValue } from '../values.ts';
import type {
  BorderEnv,
  BorderRuntime,
  ExportBorder,
  ExportFactory,
  Flat,
  ImportBorder,
  ImportFactory,
} from './border.ts';
import { fromJs, toJs } from './convert.ts';
import { checkAll, errorOf, isPromise, topResult } from './shape.ts';

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
  if (result !== undefined) [lifted] = liftValues(env.context, MAX_FLAT_RESULTS, results, [result]);
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
  if (params.some((p) => holdsOwn(p.type))) checkAll(params, args, env);
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

/** The functions of an export. */
export function interpretExport(signature: Signature): ExportFactory {
  return (runtime, env): ExportBorder => {
    const { control } = runtime;
    const core = env.core!;
    const outcome = (results: readonly Flat[]) => finishExport(signature, runtime, env, results);
    return {
      call(...args) {
        let s = control.i32;
        if (s[env.store >> 2] !== 0 || s[(env.slot + CLOSED) >> 2] !== 0) runtime.refuse(env);
        const top = s[CALL_TOP >> 2]!;
        if (top >= CALL_LIMIT) runtime.overflow(env);
        const suspendable = s[SUSPENDABLE >> 2]!;
        s[top >> 2] = env.slot;
        s[CALL_TOP >> 2] = top + 4;
        s[SUSPENDABLE >> 2] = 0;
        let end: ReturnType<typeof outcome>;
        try {
          const result = core(...lowerParams(signature, runtime, env, args));
          end = outcome(result === undefined ? [] : [result]);
          s = control.i32;
          if (s[env.store >> 2] !== 0) throw runtime.poisoned(env);
          s[CALL_TOP >> 2] = top;
          s[SUSPENDABLE >> 2] = suspendable;
        } catch (error) {
          control.i32[(env.slot + MAY_LEAVE) >> 2] = 1;
          throw runtime.failed(env, error, top, suspendable);
        }
        if ('error' in end) throw new ComponentError(end.error);
        return end.value;
      },
      start(entry, token, args) {
        try {
          return entry(token, ...lowerParams(signature, runtime, env, args));
        } catch (error) {
          control.i32[(env.slot + MAY_LEAVE) >> 2] = 1;
          throw error;
        }
      },
      finish(...results) {
        const end = outcome(results);
        if ('error' in end) throw new ComponentError(end.error);
        return end.value;
      },
    };
  };
}

/** The functions of an import. */
export function interpretImport(signature: Signature): ImportFactory {
  const { params, result } = signature.type;
  const types = params.map((p) => p.type);
  return (runtime, env): ImportBorder => {
    const spills =
      result !== undefined && flattenTypes([result], pointerSize(signature.options)).length > MAX_FLAT_RESULTS;
    const dead = (): boolean => runtime.control.i32[env.store >> 2] !== 0;
    const lower = (value: unknown, pointer: Flat): Flat | undefined => {
      if (dead()) throw runtime.poisoned(env);
      let flat: readonly Flat[] = [];
      if (result !== undefined) {
        try {
          const lifted = fromJs(result, value, `the result of ${env.path}`);
          flat = withoutLeave(runtime, env, () =>
            lowerValues(env.context, MAX_FLAT_RESULTS, [lifted], [result], spills ? pointer : undefined),
          );
        } catch (error) {
          throw runtime.hostValue(env, error);
        }
      }
      runtime.endBorrows(env);
      return flat[0];
    };
    const succeed = (value: unknown, pointer: Flat) =>
      lower(topResult(signature) === undefined ? value : { tag: 'ok', val: value }, pointer);
    const fail = (error: unknown, pointer: Flat): Flat | undefined => {
      const top = topResult(signature);
      const end = top === undefined ? undefined : errorOf(top, error);
      if (end === undefined) throw runtime.hostThrew(env, error);
      return lower({ tag: 'err', val: end.payload }, pointer);
    };
    return {
      enter(...flat) {
        if (runtime.control.i32[(env.slot + MAY_LEAVE) >> 2] === 0) runtime.cannotLeave(env);
        const values = liftValues(env.context, MAX_FLAT_PARAMS, flat, types);
        const args = values.map((v, i) => toJs(types[i]!, v));
        const pointer = spills ? flat.at(-1)! : 0;
        let answer: unknown;
        try {
          answer = env.host!(...args);
        } catch (error) {
          return fail(error, pointer);
        }
        if (isPromise(answer)) {
          runtime.pending(env, answer, Number(pointer));
          return zeroOf(signature);
        }
        return succeed(answer, pointer);
      },
      finish(token) {
        const { ok, value, returnPointer } = runtime.settled(env, token);
        const pointer = signature.options.memory === '64' ? BigInt(returnPointer) : returnPointer;
        return ok ? succeed(value, pointer) : fail(value, pointer);
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
