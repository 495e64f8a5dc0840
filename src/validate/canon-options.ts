/** Canonical options. Specification: Canonical ABI, "canonopt Validation"; Binary, "opts". */
import type { CoreFuncType, MemoryType } from '../types/core-type.ts';
import type { CanonOption, StringEncoding } from '../types/definition.ts';
import { unreachable } from '../util/invariant.ts';
import { coreExternProblem } from './core-subtype.ts';
import { printFuncType } from './core-types.ts';
import type { AddressType, FlatType } from './flatten.ts';
import { LIMITS } from './limits.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';

export interface Options {
  readonly encoding: StringEncoding | undefined;
  readonly memory: MemoryType | undefined;
  /** Core function indices. */
  readonly realloc: number | undefined;
  readonly postReturn: number | undefined;
  readonly callback: number | undefined;
  readonly async: boolean;
  readonly address: AddressType;
}

/** Which options a canonical definition may have; encoding and memory are always allowed. */
export type Allowed = ReadonlySet<'realloc' | 'post-return' | 'callback' | 'async'>;

const ENCODING_NAMES: Readonly<Record<StringEncoding, string>> = {
  utf8: 'utf8',
  utf16: 'utf16',
  'latin1+utf16': 'latin1-utf16',
};

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The memory with an index, which must be fit to be used by a canonical definition. */
export function canonMemory(scope: Scope, index: number, offset: number): MemoryType {
  const memory = scope.coreMemory(index, offset);
  if (memory.limits.is64) scope.require('memory64', 'a 64-bit memory', offset);
  const limits = { min: 0n, max: undefined, is64: memory.limits.is64, shared: false };
  const expected: MemoryType = { kind: 'memory', limits, pageSizeLog2: memory.pageSizeLog2 };
  const problem = coreExternProblem(scope.session.coreTypes, memory, expected);
  if (problem !== undefined) scope.fail(reasons.optionSignature('memory', problem, '(memory 0)'), offset);
  return memory;
}

export function addressOf(memory: MemoryType | undefined): AddressType {
  return memory?.limits.is64 ? 'i64' : 'i32';
}

function readOption(scope: Scope, options: Writable<Options>, option: CanonOption): void {
  const { offset } = option;
  const once = (name: string, before: unknown) => {
    if (before !== undefined && before !== false) scope.fail(reasons.optionTwice(name), offset);
  };
  switch (option.kind) {
    case 'encoding':
      if (options.encoding !== undefined)
        scope.fail(reasons.encodingConflict(ENCODING_NAMES[options.encoding], ENCODING_NAMES[option.encoding]), offset);
      options.encoding = option.encoding;
      return;
    case 'memory':
      once('memory', options.memory);
      options.memory = canonMemory(scope, option.index, offset);
      return;
    case 'realloc':
      once('realloc', options.realloc);
      scope.coreFunc(option.index, offset);
      options.realloc = option.index;
      return;
    case 'post-return':
      once('post-return', options.postReturn);
      scope.coreFunc(option.index, offset);
      options.postReturn = option.index;
      return;
    case 'async':
      once('async', options.async);
      scope.require('async', 'the canonical option `async`', offset);
      options.async = true;
      return;
    case 'callback':
      once('callback', options.callback);
      scope.require('async', 'the canonical option `callback`', offset);
      scope.coreFunc(option.index, offset);
      options.callback = option.index;
      return;
    default:
      unreachable(option);
  }
}

function sameTypes(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i]);
}

/** Checks the type of the function that an option names. */
export function checkOptionFunc(
  scope: Scope,
  option: string,
  index: number,
  params: readonly FlatType[],
  results: readonly FlatType[],
  offset: number,
): void {
  const found = scope.coreFunc(index, offset).type;
  if (sameTypes(found.params, params) && sameTypes(found.results, results)) return;
  const expected: CoreFuncType = { kind: 'func', params, results };
  scope.fail(reasons.optionSignature(option, printFuncType(found), printFuncType(expected)), offset);
}

function checkAllowed(scope: Scope, options: Options, allowed: Allowed, where: string, offset: number): void {
  const present = [
    ['realloc', options.realloc !== undefined],
    ['post-return', options.postReturn !== undefined],
    ['callback', options.callback !== undefined],
    ['async', options.async],
  ] as const;
  for (const [name, given] of present)
    if (given && !allowed.has(name)) scope.fail(reasons.optionForbidden(name, where), offset);
}

/** Reads options and checks what holds for them wherever they stand. `where` names the canonical definition in messages. */
export function readOptions(
  scope: Scope,
  list: readonly CanonOption[],
  allowed: Allowed,
  where: string,
  offset: number,
): Options {
  scope.checkCount('canonical option', list.length, LIMITS.canonOptions, offset);
  const options: Writable<Options> = {
    encoding: undefined,
    memory: undefined,
    realloc: undefined,
    postReturn: undefined,
    callback: undefined,
    async: false,
    address: 'i32',
  };
  for (const option of list) readOption(scope, options, option);
  options.address = addressOf(options.memory);
  checkAllowed(scope, options, allowed, where, offset);
  if (options.realloc !== undefined) {
    if (options.memory === undefined) scope.fail(reasons.optionNeeds('realloc', 'memory'), offset);
    const { address } = options;
    checkOptionFunc(scope, 'realloc', options.realloc, [address, address, address, address], [address], offset);
  }
  if (options.callback !== undefined) {
    if (!options.async) scope.fail(reasons.optionNeeds('callback', 'async'), offset);
    checkOptionFunc(scope, 'callback', options.callback, ['i32', 'i32', 'i32'], ['i32'], offset);
  }
  if (options.async && options.postReturn !== undefined) scope.fail(reasons.postReturnAsync(), offset);
  return options;
}

export function requireMemory(scope: Scope, options: Options, offset: number): void {
  if (options.memory === undefined) scope.fail(reasons.optionRequired('memory'), offset);
}

export function requireRealloc(scope: Scope, options: Options, offset: number): void {
  requireMemory(scope, options, offset);
  if (options.realloc === undefined) scope.fail(reasons.optionRequired('realloc'), offset);
}
