/** Results and arguments without a copy: views of a guest's memory that end with the call. */
import type { BorderEnv } from '../abi/js/border.ts';
import { compileExport } from '../abi/js/compile.ts';
import { endViews } from '../abi/js/lent.ts';
import { UsageError } from '../error/error.ts';
import { invariant } from '../util/invariant.ts';
import { borderRuntime } from './border-runtime.ts';
import { inFreshContext } from './export-functions.ts';
import type { AnyFunction } from './exports.ts';
import type { Instantiation } from './instantiate.ts';
import { liveFunction } from './live.ts';
import type { Lift } from './prepared.ts';

/** The environment of a host function that is lent views: they end when it returns. */
export function lending(env: BorderEnv): BorderEnv {
  const { host, context } = env;
  invariant(host !== undefined, 'a host function is bound');
  const ending = (...args: unknown[]): unknown => {
    try {
      return host(...args);
    } finally {
      endViews(context);
    }
  };
  return { ...env, host: ending };
}

type Used<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'error'; readonly error: unknown };

/**
 * A form of an exported function whose result is lent: the lists of numbers in it (`list<u8>` to `list<f64>`) are views of the guest's
 * memory in place of copies. `use` is called with the result, and its own result is given; the views end when it returns, and are empty
 * from then on. The instance cannot be called from `use` (`instance-busy`). The rest of the result, and errors, are as ever.
 *
 * @throws UsageError `cannot-lend` where `fn` is no function of a running instance's `exports`, or of an async type; the form throws what
 * the function and `use` throw
 */
export function lendResult<A extends unknown[], R, T>(fn: (...args: A) => R, use: (result: R) => T): (...args: A) => T {
  const live = liveFunction(fn);
  if (live === undefined || live.call !== fn || live.type.async)
    throw new UsageError('cannot-lend', 'the result of this function cannot be lent', {
      expected: 'a function of `instance.exports` that is not async',
      found: typeof fn === 'function' ? 'another function' : typeof fn,
      hint: 'take it from `instance.exports`, not from `promised`',
    });
  const { run: owner, func: lift, path } = live.origin;
  const run = owner as Instantiation;
  const func = lift as Lift;
  const prepared = run.prepared.exports.get(func);
  invariant(prepared !== undefined, 'an export was prepared');
  const side = run.side(func.options, func.instance);
  const factory = compileExport({ type: func.type, options: side.shape, lends: true });
  let used: Used<T> | undefined;
  const plain = run.env(prepared, path, side, { core: run.core(func.core) });
  const env: BorderEnv = {
    ...plain,
    use(value) {
      try {
        used = { kind: 'value', value: use(value as R) };
      } catch (error) {
        used = { kind: 'error', error };
      }
    },
  };
  const { call } = factory(borderRuntime, env);
  invariant(call !== undefined, 'a function of a synchronous type has a synchronous entry');
  const inContext: AnyFunction = inFreshContext(run, func, call);
  return (...args) => {
    used = undefined;
    try {
      inContext(...args);
    } finally {
      endViews(env.context);
    }
    const outcome = used as Used<T> | undefined;
    used = undefined;
    invariant(outcome !== undefined, 'the result was handed over');
    if (outcome.kind === 'error') throw outcome.error;
    return outcome.value;
  };
}
