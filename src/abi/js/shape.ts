/** Questions about signatures that interpreted and generated border functions ask alike. */
import { signatureEnds, signatureResources } from '../../types/resources-of.ts';
import type { FuncType, NamedType, ResultType, ValueType } from '../../types/value-type.ts';
import type { Signature } from '../context.ts';
import { despecialize } from '../despecialize.ts';
import type { AbiHandle, AbiValue, AbiVariant } from '../values.ts';
import type { BorderEnv } from './border.ts';
import { fromJs } from './convert.ts';

/** What an asynchronous lower answers when the call has returned at once. Specification: CanonicalABI.md, `Subtask.State`. */
export const RETURNED = 2;

/** The `result` that a function answers by returning or throwing, or undefined. */
export function topResult(signature: Signature): ResultType | undefined {
  return signature.type.result?.kind === 'result' ? signature.type.result : undefined;
}

/** The error value of what a host function threw, where the function's type has one. Never throws, whatever the object does. */
export function errorOf(result: ResultType, error: unknown): { payload: unknown } | undefined {
  try {
    if (typeof error === 'object' && error !== null) {
      if (error instanceof WebAssembly.RuntimeError) return undefined;
      if ('payload' in error) return { payload: error.payload };
      if (error instanceof Error) return undefined;
    }
  } catch {
    return undefined;
  }
  return result.err === undefined ? undefined : { payload: error };
}

/** Whether a host function answered a promise. What refuses to be asked is none, and fails later as a value. */
export function isPromise(value: unknown): value is Promise<unknown> {
  try {
    return value instanceof Promise;
  } catch {
    return false;
  }
}

const known = new WeakMap<readonly NamedType[], FuncType>();

/** A function type with these parameters, the same each time. */
function typeOf(params: readonly NamedType[]): FuncType {
  let type = known.get(params);
  if (type === undefined) {
    type = { kind: 'func', async: false, params, result: undefined };
    known.set(params, type);
  }
  return type;
}

/** Checks all arguments before any is lowered, so that a wrong one leaves the handles among the others where they are. */
export function checkAll(params: readonly NamedType[], args: readonly unknown[], env: BorderEnv): void {
  const type = typeOf(params);
  const resources = signatureResources(type);
  const ends = signatureEnds(type);
  const walk = (type: ValueType, value: AbiValue, path: string): void => {
    const t = despecialize(type);
    switch (t.kind) {
      case 'own':
      case 'borrow':
        env.resources[resources.indexOf(t.resource)]?.check((value as AbiHandle).value, path, t.kind);
        return;
      case 'stream':
      case 'future':
        env.checkEnd(env.ends[ends.indexOf(t)] ?? t, (value as AbiHandle).value, path);
        return;
      case 'error-context':
        env.checkEnd({ kind: t.kind }, (value as AbiHandle).value, path);
        return;
      case 'record':
        for (const [i, f] of t.fields.entries()) walk(f.type, (value as readonly AbiValue[])[i]!, path);
        return;
      case 'variant': {
        const { case: index, value: inner } = value as AbiVariant;
        const type_ = t.cases[index]?.type;
        if (type_ !== undefined && inner !== undefined) walk(type_, inner, path);
        return;
      }
      case 'list':
      case 'fixed-list':
        for (const element of value as readonly AbiValue[]) walk(t.element, element, path);
        return;
      default:
        return;
    }
  };
  for (const [i, p] of params.entries()) {
    const path = `parameter ${JSON.stringify(p.name)} of ${env.path}`;
    walk(p.type, fromJs(p.type, args[i], path), path);
  }
}
