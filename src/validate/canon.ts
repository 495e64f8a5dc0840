/**
 * Canonical definitions: lift, lower and the built-ins. Specification: Binary, "canon"; Canonical ABI, "Canonical Definitions".
 * The built-ins' own rules are in `built-in.ts`.
 */
import type { CoreValType } from '../types/core-type.ts';
import type { Canon, Definition } from '../types/definition.ts';
import type { FuncType } from '../types/value-type.ts';
import { builtInSignature, type Signature } from './built-in.ts';
import { type Allowed, checkOptionFunc, readOptions, requireMemory, requireRealloc } from './canon-options.ts';
import { printFuncType } from './core-types.ts';
import { flattenFunc } from './flatten.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';
import { hasPointer } from './type-info.ts';

type Of<K extends Canon['kind']> = Extract<Canon, { readonly kind: K }>;

const FOR_LIFT: Allowed = new Set(['realloc', 'post-return', 'callback', 'async'] as const);
const FOR_LOWER: Allowed = new Set(['realloc', 'async'] as const);

function printTypes(types: readonly CoreValType[]): string {
  const names = types.map((type) => (typeof type === 'string' ? type.toUpperCase() : 'Ref'));
  return `[${names.join(', ')}]`;
}

function sameTypes(a: readonly CoreValType[], b: readonly CoreValType[]): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i]);
}

function paramsHavePointer(type: FuncType): boolean {
  return type.params.some((param) => hasPointer(param.type));
}

/** `0x00 0x00 f:<core:funcidx> opts:<opts> ft:<typeidx>` */
function lift(scope: Scope, canon: Of<'lift'>, offset: number): void {
  const { type: callee, typeId } = scope.coreFunc(canon.func, offset);
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
  // Equal lists are not equal types where the callee's stands in a larger recursion group, or may have subtypes.
  const flatId = scope.session.coreTypes.defineFunc({ kind: 'func', params: flat.params, results: flat.results });
  if (typeId !== flatId) scope.fail(reasons.liftedType(printFuncType(callee), canon.func), offset);
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

/** `canon` */
export function validateCanon(scope: Scope, definition: Extract<Definition, { readonly kind: 'canon' }>): void {
  const { canon, offset } = definition;
  if (canon.kind === 'lift') {
    lift(scope, canon, offset);
    return;
  }
  const [params, results] =
    canon.kind === 'lower' ? lower(scope, canon, offset) : builtInSignature(scope, canon, offset);
  scope.addCanonFunc(params, results, offset);
}
