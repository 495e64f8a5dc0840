/** Canonical built-ins and the core types that they give. Specification: Canonical ABI, "Canonical Definitions". */
import type { Canon, CanonOption, ValTypeRef } from '../types/definition.ts';
import type { FeatureName } from '../types/features.ts';
import type { FuncType, FutureType, StreamType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import {
  type Allowed,
  addressOf,
  canonMemory,
  type Options,
  readOptions,
  requireMemory,
  requireRealloc,
} from './canon-options.ts';
import { type AddressType, type FlatType, flattenFunc } from './flatten.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';
import { hasPointer, typeInfo } from './type-info.ts';
import { resolveValType, resourceAt } from './value-type.ts';

type Of<K extends Canon['kind']> = Extract<Canon, { readonly kind: K }>;
/** Canonical definitions that are neither lift nor lower. */
export type BuiltIn = Exclude<Canon, { readonly kind: 'lift' | 'lower' }>;
type StreamOrFuture = Extract<BuiltIn, { readonly kind: `stream.${string}` | `future.${string}` }>;
type Fixed = Exclude<
  BuiltIn['kind'],
  | StreamOrFuture['kind']
  | `resource.${string}`
  | 'task.return'
  | 'context.get'
  | 'context.set'
  | 'subtask.cancel'
  | 'error-context.new'
  | 'error-context.debug-message'
  | 'waitable-set.wait'
  | 'waitable-set.poll'
  | 'thread.new-indirect'
>;

/** Parameters and results of the core function. */
export type Signature = readonly [params: readonly FlatType[], results: readonly FlatType[]];

const NONE: Allowed = new Set<never>();
const FOR_COPY: Allowed = new Set(['realloc', 'async'] as const);
const FOR_ERROR_CONTEXT: Allowed = new Set(['realloc'] as const);
const CONTEXT_SLOTS = 2;

/** Built-ins that make or open resources: only for resources that the component defines itself. */
function localRep(scope: Scope, index: number, offset: number): AddressType {
  const { resource } = resourceAt(scope, index, offset);
  const local = scope.localResources.get(resource);
  if (local === undefined) scope.fail(reasons.notLocalResource(index), offset);
  return local.rep;
}

function taskReturn(
  scope: Scope,
  result: ValTypeRef | undefined,
  list: readonly CanonOption[],
  offset: number,
): Signature {
  const options = readOptions(scope, list, NONE, '`task.return`', offset);
  if (result === undefined) return [[], []];
  const type = resolveValType(scope, result, offset);
  if (typeInfo(type).hasBorrow) scope.fail(reasons.borrowInResult(), offset);
  const asParams: FuncType = { kind: 'func', async: false, params: [{ name: 'result', type }], result: undefined };
  const flat = flattenFunc(asParams, options.address, { kind: 'lower', async: false });
  if (hasPointer(type) || flat.spillsParams) requireMemory(scope, options, offset);
  return [flat.params, []];
}

function context(scope: Scope, canon: Of<'context.get' | 'context.set'>, offset: number): Signature {
  if (canon.type === 'i64') scope.require('memory64', `\`${canon.kind}\` of \`i64\``, offset);
  if (canon.slot >= CONTEXT_SLOTS) scope.fail(reasons.contextSlot(canon.kind, CONTEXT_SLOTS), offset);
  if (scope.contextType !== undefined && scope.contextType !== canon.type) scope.fail(reasons.contextTypes(), offset);
  scope.contextType = canon.type;
  return canon.kind === 'context.get' ? [[], [canon.type]] : [[canon.type], []];
}

function elementOf(scope: Scope, canon: { readonly kind: string; readonly type: number }, offset: number) {
  const kind = canon.kind.startsWith('stream.') ? 'stream' : 'future';
  const entity = scope.type(canon.type, offset);
  if (entity.kind !== kind) scope.fail(reasons.typeIndexIsNot(canon.type, `a ${kind} type`), offset);
  return (entity as StreamType | FutureType).element;
}

/** The options of stream and future copies. `lifts` means that values arrive in this component's memory. */
function copyOptions(
  scope: Scope,
  canon: Of<'stream.read' | 'stream.write' | 'future.read' | 'future.write'>,
  offset: number,
): Options {
  const element = elementOf(scope, canon, offset);
  const options = readOptions(scope, canon.options, FOR_COPY, `\`${canon.kind}\``, offset);
  if (!options.async && !scope.session.features['more-async-builtins'])
    scope.fail(reasons.needsAsync(canon.kind, 'more-async-builtins'), offset);
  if (element === undefined) return options;
  requireMemory(scope, options, offset);
  const arrives = canon.kind === 'stream.read' || canon.kind === 'future.read';
  if (arrives && hasPointer(element)) requireRealloc(scope, options, offset);
  return options;
}

function cancelAsync(scope: Scope, canon: { readonly kind: string; readonly async: boolean }, offset: number): void {
  if (canon.async) scope.require('more-async-builtins', `\`${canon.kind}\` with \`async\``, offset);
}

function wait(scope: Scope, canon: Of<'waitable-set.wait' | 'waitable-set.poll'>, offset: number): Signature {
  return [['i32', addressOf(canonMemory(scope, canon.memory, offset))], ['i32']];
}

function errorContext(
  scope: Scope,
  canon: Of<'error-context.new' | 'error-context.debug-message'>,
  offset: number,
): Signature {
  const options = readOptions(scope, canon.options, FOR_ERROR_CONTEXT, `\`${canon.kind}\``, offset);
  const { address } = options;
  requireMemory(scope, options, offset);
  if (canon.kind === 'error-context.new') return [[address, address], ['i32']];
  requireRealloc(scope, options, offset);
  return [['i32', address], []];
}

function newThread(scope: Scope, canon: Of<'thread.new-indirect'>, offset: number): Signature {
  const entry = scope.coreType(canon.type, offset);
  const start = entry.kind === 'module' ? undefined : scope.session.coreTypes.func(entry.id);
  const param = start?.params[0];
  const fits = start?.params.length === 1 && start.results.length === 0 && (param === 'i32' || param === 'i64');
  if (!fits) scope.fail(reasons.threadStart(), offset);
  if (param === 'i64') scope.require('memory64', 'a thread with an `i64` parameter', offset);
  const table = scope.coreTable(canon.table, offset);
  const funcref = { kind: 'ref', nullable: true, heap: { kind: 'abstract', shared: false, name: 'func' } } as const;
  if (!scope.session.coreTypes.valMatches(table.element, funcref)) scope.fail(reasons.threadTable(), offset);
  if (table.limits.is64) scope.require('memory64', 'a 64-bit table', offset);
  return [[table.limits.is64 ? 'i64' : 'i32', param], ['i32']];
}

/** The gate of a built-in as a whole. */
function gateOf(kind: BuiltIn['kind']): FeatureName | undefined {
  switch (kind) {
    case 'resource.new':
    case 'resource.drop':
    case 'resource.rep':
      return undefined;
    case 'error-context.new':
    case 'error-context.debug-message':
    case 'error-context.drop':
      return 'error-context';
    case 'thread.index':
    case 'thread.new-indirect':
    case 'thread.resume-later':
    case 'thread.suspend':
    case 'thread.suspend-then-resume':
    case 'thread.yield-then-resume':
    case 'thread.suspend-then-promote':
    case 'thread.yield-then-promote':
      return 'threading';
    default:
      return 'async';
  }
}

/** Built-ins whose type depends on nothing. */
function fixedSignature(kind: Fixed): Signature {
  switch (kind) {
    case 'task.cancel':
    case 'backpressure.inc':
    case 'backpressure.dec':
      return [[], []];
    case 'subtask.drop':
    case 'waitable-set.drop':
    case 'error-context.drop':
    case 'thread.resume-later':
      return [['i32'], []];
    case 'waitable.join':
      return [['i32', 'i32'], []];
    case 'waitable-set.new':
    case 'thread.index':
    case 'thread.yield':
    case 'thread.suspend':
      return [[], ['i32']];
    case 'thread.suspend-then-resume':
    case 'thread.yield-then-resume':
    case 'thread.suspend-then-promote':
    case 'thread.yield-then-promote':
      return [['i32'], ['i32']];
    default:
      return unreachable(kind);
  }
}

/** Built-ins of streams and futures. */
function endSignature(scope: Scope, canon: StreamOrFuture, offset: number): Signature {
  switch (canon.kind) {
    case 'stream.new':
    case 'future.new':
      elementOf(scope, canon, offset);
      return [[], ['i64']];
    case 'stream.read':
    case 'stream.write': {
      const { address } = copyOptions(scope, canon, offset);
      return [['i32', address, address], [address]];
    }
    case 'future.read':
    case 'future.write':
      return [['i32', copyOptions(scope, canon, offset).address], ['i32']];
    case 'stream.cancel-read':
    case 'stream.cancel-write':
    case 'future.cancel-read':
    case 'future.cancel-write':
      elementOf(scope, canon, offset);
      cancelAsync(scope, canon, offset);
      return [['i32'], ['i32']];
    case 'stream.drop-readable':
    case 'stream.drop-writable':
    case 'future.drop-readable':
    case 'future.drop-writable':
      elementOf(scope, canon, offset);
      return [['i32'], []];
    default:
      return unreachable(canon);
  }
}

function isStreamOrFuture(canon: BuiltIn): canon is StreamOrFuture {
  return canon.kind.startsWith('stream.') || canon.kind.startsWith('future.');
}

function signature(scope: Scope, canon: Exclude<BuiltIn, StreamOrFuture>, offset: number): Signature {
  switch (canon.kind) {
    case 'resource.new':
      return [[localRep(scope, canon.type, offset)], ['i32']];
    case 'resource.drop':
      resourceAt(scope, canon.type, offset);
      return [['i32'], []];
    case 'resource.rep':
      return [['i32'], [localRep(scope, canon.type, offset)]];
    case 'task.return':
      return taskReturn(scope, canon.result, canon.options, offset);
    case 'context.get':
    case 'context.set':
      return context(scope, canon, offset);
    case 'subtask.cancel':
      cancelAsync(scope, canon, offset);
      return [['i32'], ['i32']];
    case 'error-context.new':
    case 'error-context.debug-message':
      return errorContext(scope, canon, offset);
    case 'waitable-set.wait':
    case 'waitable-set.poll':
      return wait(scope, canon, offset);
    case 'thread.new-indirect':
      return newThread(scope, canon, offset);
    default:
      return fixedSignature(canon.kind);
  }
}

/** Checks a built-in and answers the core type that it gets. */
export function builtInSignature(scope: Scope, canon: BuiltIn, offset: number): Signature {
  const gate = gateOf(canon.kind);
  if (gate !== undefined) scope.require(gate, `\`${canon.kind}\``, offset);
  return isStreamOrFuture(canon) ? endSignature(scope, canon, offset) : signature(scope, canon, offset);
}
