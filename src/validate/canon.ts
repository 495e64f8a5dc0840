/**
 * Canonical definitions: lift, lower and the built-ins, with the core types that they give. Specification: Binary, "canon";
 * Canonical ABI, "Canonical Definitions".
 */
import type { CoreValType } from '../types/core-type.ts';
import type { Canon, CanonOption, Definition, ValTypeRef } from '../types/definition.ts';
import type { FeatureName } from '../types/features.ts';
import type { FuncType, FutureType, StreamType, ValueType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import {
  type Allowed,
  addressOf,
  canonMemory,
  checkOptionFunc,
  type Options,
  readOptions,
  requireMemory,
  requireRealloc,
} from './canon-options.ts';
import { type AddressType, type FlatType, flattenFunc } from './flatten.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';
import { typeInfo } from './type-info.ts';
import { resolveValType, resourceAt } from './value-type.ts';

type Of<K extends Canon['kind']> = Extract<Canon, { readonly kind: K }>;
/** Parameters and results of a built-in. */
type Signature = readonly [params: readonly FlatType[], results: readonly FlatType[]];

const NONE: Allowed = new Set<never>();
const FOR_LIFT: Allowed = new Set(['realloc', 'post-return', 'callback', 'async'] as const);
const FOR_LOWER: Allowed = new Set(['realloc', 'async'] as const);
const FOR_ERROR_CONTEXT: Allowed = new Set(['realloc'] as const);
const CONTEXT_SLOTS = 2;

function printTypes(types: readonly CoreValType[]): string {
  const names = types.map((type) => (typeof type === 'string' ? type.toUpperCase() : 'Ref'));
  return `[${names.join(', ')}]`;
}

function sameTypes(a: readonly CoreValType[], b: readonly CoreValType[]): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i]);
}

function hasPointer(type: ValueType | undefined): boolean {
  return type !== undefined && typeInfo(type).hasPointer;
}

function paramsHavePointer(type: FuncType): boolean {
  return type.params.some((param) => hasPointer(param.type));
}

/** `0x00 0x00 f:<core:funcidx> opts:<opts> ft:<typeidx>` */
function lift(scope: Scope, canon: Of<'lift'>, offset: number): void {
  const callee = scope.coreFunc(canon.func, offset).type;
  const type = scope.type(canon.type, offset);
  if (type.kind !== 'func') scope.fail(reasons.typeIndexIsNot(canon.type, 'a function type'), offset);
  const options = readOptions(scope, canon.options, FOR_LIFT, 'liftings', offset);
  if (options.async && !type.async) scope.fail(reasons.asyncNeedsAsyncType(), offset);
  const callback = options.callback !== undefined;
  if (options.async && !callback)
    scope.require('async-stackful', 'the canonical option `async` without `callback`', offset);
  const flat = flattenFunc(type, options.address, { kind: 'lift', async: options.async, callback });
  if (paramsHavePointer(type) || flat.spillsParams) requireRealloc(scope, options, offset);
  if (hasPointer(type.result) || flat.spillsResult) requireMemory(scope, options, offset);
  if (!sameTypes(flat.params, callee.params))
    scope.fail(reasons.liftedParams(printTypes(flat.params), printTypes(callee.params), canon.func), offset);
  if (!sameTypes(flat.results, callee.results))
    scope.fail(reasons.liftedResults(printTypes(flat.results), printTypes(callee.results), canon.func), offset);
  if (options.postReturn !== undefined)
    checkOptionFunc(scope, 'post-return', options.postReturn, flat.results, [], offset);
  scope.addFunc(type, offset);
}

/** `0x01 0x00 f:<funcidx> opts:<opts>` */
function lower(scope: Scope, canon: Of<'lower'>, offset: number): Signature {
  const type = scope.func(canon.func, offset);
  const options = readOptions(scope, canon.options, FOR_LOWER, 'lowerings', offset);
  if (options.async && !type.async) scope.fail(reasons.asyncNeedsAsyncType(), offset);
  const flat = flattenFunc(type, options.address, { kind: 'lower', async: options.async });
  // The text of the specification asks for `memory` with every `async`; its suite lowers functions without it that need none.
  const needsMemory = paramsHavePointer(type) || flat.spillsParams || flat.spillsResult;
  if (needsMemory) requireMemory(scope, options, offset);
  if (hasPointer(type.result)) requireRealloc(scope, options, offset);
  return [flat.params, flat.results];
}

/** Built-ins that make or open resources: only for resources that the component defines itself. */
function localRep(scope: Scope, index: number, offset: number): AddressType {
  const { resource } = resourceAt(scope, index, offset);
  const local = scope.localResources.get(resource);
  if (local === undefined) scope.fail(reasons.notLocalResource(index), offset);
  return local.rep;
}

function taskReturn(scope: Scope, result: ValTypeRef | undefined, list: readonly CanonOption[], offset: number): Signature {
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
  const options = readOptions(scope, canon.options, FOR_LOWER, `\`${canon.kind}\``, offset);
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
function gateOf(kind: Canon['kind']): FeatureName | undefined {
  switch (kind) {
    case 'lift':
    case 'lower':
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

type BuiltIn = Exclude<Canon, { readonly kind: 'lift' }>;

function signature(scope: Scope, canon: BuiltIn, offset: number): Signature {
  switch (canon.kind) {
    case 'lower':
      return lower(scope, canon, offset);
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
      return unreachable(canon);
  }
}

/** `canon` */
export function validateCanon(scope: Scope, definition: Extract<Definition, { readonly kind: 'canon' }>): void {
  const { canon, offset } = definition;
  const gate = gateOf(canon.kind);
  if (gate !== undefined) scope.require(gate, `\`${canon.kind}\``, offset);
  if (canon.kind === 'lift') return lift(scope, canon, offset);
  const [params, results] = signature(scope, canon, offset);
  scope.addCanonFunc(params, results, offset);
}
