/** What the operands of canonical definitions stand for. Specification: Binary, "Canonical Definitions". */
import type { Canon, CanonOption } from '../types/definition.ts';
import { invariant, unreachable } from '../util/invariant.ts';
import type { CoreRef, PlanCanon, PlanOptions } from './plan.ts';
import { resolveValType } from './resolve-type.ts';
import { at, type Scope } from './scope.ts';

/** Canonical options with their operands found. */
export function planOptions(
  options: readonly CanonOption[],
  scope: Scope,
  width: (memory: CoreRef) => '32' | '64',
): PlanOptions {
  const found: { -readonly [K in keyof PlanOptions]: PlanOptions[K] } = {
    shape: { encoding: 'utf8', memory: undefined, realloc: false, postReturn: false, async: false, callback: false },
    memory: undefined,
    realloc: undefined,
    postReturn: undefined,
    callback: undefined,
  };
  let encoding: PlanOptions['shape']['encoding'] = 'utf8';
  let async = false;
  for (const o of options) {
    switch (o.kind) {
      case 'encoding':
        encoding = o.encoding;
        break;
      case 'memory':
        found.memory = at(scope.core.memory, o.index);
        break;
      case 'realloc':
        found.realloc = at(scope.core.func, o.index);
        break;
      case 'post-return':
        found.postReturn = at(scope.core.func, o.index);
        break;
      case 'async':
        async = true;
        break;
      case 'callback':
        found.callback = at(scope.core.func, o.index);
        break;
      default:
        unreachable(o);
    }
  }
  found.shape = {
    encoding,
    memory: found.memory === undefined ? undefined : width(found.memory),
    realloc: found.realloc !== undefined,
    postReturn: found.postReturn !== undefined,
    async,
    callback: found.callback !== undefined,
  };
  return found;
}

export type ConcurrencyCanon = Exclude<
  Canon,
  {
    readonly kind: 'lift' | 'lower' | 'resource.new' | 'resource.drop' | 'resource.rep' | 'context.get' | 'context.set';
  }
>;

type Builtin = Extract<PlanCanon, { readonly kind: 'builtin' }>;

/** A built-in of concurrency with its operands found. */
export function planBuiltin(canon: ConcurrencyCanon, scope: Scope, width: (memory: CoreRef) => '32' | '64'): Builtin {
  const plain: Builtin = {
    kind: 'builtin',
    canon,
    instance: scope.instance,
    type: undefined,
    options: undefined,
    table: undefined,
    start: undefined,
  };
  switch (canon.kind) {
    case 'task.return': {
      const type = canon.result === undefined ? undefined : resolveValType(canon.result, scope.types);
      return { ...plain, type, options: planOptions(canon.options, scope, width) };
    }
    case 'stream.read':
    case 'stream.write':
    case 'future.read':
    case 'future.write':
      return { ...plain, type: elementType(canon.type, scope), options: planOptions(canon.options, scope, width) };
    case 'stream.new':
    case 'future.new':
    case 'stream.cancel-read':
    case 'stream.cancel-write':
    case 'future.cancel-read':
    case 'future.cancel-write':
    case 'stream.drop-readable':
    case 'stream.drop-writable':
    case 'future.drop-readable':
    case 'future.drop-writable':
      return { ...plain, type: elementType(canon.type, scope) };
    case 'error-context.new':
    case 'error-context.debug-message':
      return { ...plain, options: planOptions(canon.options, scope, width) };
    case 'waitable-set.wait':
    case 'waitable-set.poll':
      return { ...plain, options: planOptions([{ kind: 'memory', offset: 0, index: canon.memory }], scope, width) };
    case 'thread.new-indirect': {
      const type = scope.coreTypes[canon.type];
      const [param] = type?.params ?? [];
      invariant(param === 'i32' || param === 'i64', 'a thread starts with one integer');
      return { ...plain, table: at(scope.core.table, canon.table), start: param };
    }
    default:
      return plain;
  }
}

/** What the stream or future type at an index carries. */
function elementType(index: number, scope: Scope): Builtin['type'] {
  const type = at(scope.types, index);
  invariant(
    type.kind === 'value' && (type.type.kind === 'stream' || type.type.kind === 'future'),
    `type ${index} is a stream or future`,
  );
  return type.type.element;
}
