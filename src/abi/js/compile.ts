/**
 * Compiles emitted border functions, once for each structure of signature, those of one component together: a script for each
 * would cost several times as much.
 */
import { ComponentError } from '../../error/error.ts';
import { carryResources } from '../../types/resources-of.ts';
import type { Signature } from '../context.ts';
import { partsOf } from '../parts.ts';
import type { BorderEnv, BorderRuntime, ExportBorder, ExportFactory, ImportBorder, ImportFactory } from './border.ts';
import {
  checkBig,
  checkBool,
  checkCharText,
  checkFloat,
  checkInt,
  checkObject,
  checkString,
  mismatch,
} from './check.ts';
import { MAX_EMITTED_PARTS } from './emit-code.ts';
import { type Emitted, emitExport, emitImport } from './emit-function.ts';
import { signatureKey } from './key.ts';
import { checkAll, errorOf, isPromise } from './shape.ts';
import {
  allocateList,
  allocatePlace,
  arrayOf,
  charText,
  checkList,
  checkPlace,
  defineField,
  f32ToI32,
  f64ToI64,
  i32ToF32,
  i32ToI64,
  i64ToF64,
  i64ToI32,
  invalidDiscriminant,
  last,
  liftAny,
  liftNumbers,
  liftString,
  loadAny,
  lowerAny,
  lowerNumbers,
  lowerString,
  storeAny,
  viewNumbers,
  word64,
} from './support.ts';
import { TYPED_ARRAYS } from './typed-array.ts';

/** What emitted code calls as `S`. Named one by one: a namespace as an object would keep all of it in every bundle (`runtime.ts`). */
const S = {
  TYPED_ARRAYS,
  allocateList,
  allocatePlace,
  arrayOf,
  charText,
  checkAll,
  checkBig,
  checkBool,
  checkCharText,
  checkFloat,
  checkInt,
  checkList,
  checkObject,
  checkPlace,
  checkString,
  defineField,
  errorOf,
  f32ToI32,
  f64ToI64,
  i32ToF32,
  i32ToI64,
  i64ToF64,
  i64ToI32,
  invalidDiscriminant,
  isPromise,
  last,
  liftAny,
  liftNumbers,
  viewNumbers,
  liftString,
  loadAny,
  lowerAny,
  lowerNumbers,
  lowerString,
  mismatch,
  storeAny,
  word64,
};

type Factory<T> = (
  runtime: BorderRuntime,
  env: BorderEnv,
  support: typeof S,
  constants: readonly unknown[],
  error: typeof ComponentError,
) => T;
type Made<T> = (runtime: BorderRuntime, env: BorderEnv) => T;

const MAX_CACHED = 5_000;

/** Code that refers to types as constants belongs to one signature alone: types are told apart by identity. */
function isShared({ type }: Signature, emitted: Emitted): boolean {
  const types = [...type.params.map((p) => p.type), ...(type.result === undefined ? [] : [type.result])];
  if (emitted.constants.length === 0) return true;
  // What a stream or future carries is looked up by its type, and a resource in it is that of one component.
  return types.every((t) => partsOf(t) <= MAX_EMITTED_PARTS) && !carryResources(types);
}

/** Compiles several function bodies as one script. */
function compileAll<T>(emitted: readonly Emitted[]): readonly Made<T>[] {
  if (emitted.length === 0) return [];
  const functions = emitted.map(({ source }) => `function (R, env, S, K, ComponentError) {\n${source}\n}`);
  const factories = new Function(`'use strict';\nreturn [${functions.join(',\n')}];`)() as Factory<T>[];
  return factories.map((factory, i) => {
    const { constants } = emitted[i]!;
    return (runtime, env) => factory(runtime, env, S, constants, ComponentError);
  });
}

function compile<T>(
  cache: Map<string, Made<T>>,
  signatures: readonly Signature[],
  emit: (signature: Signature) => Emitted,
): readonly Made<T>[] {
  const keys = signatures.map(signatureKey);
  const fresh = new Map<string, { readonly emitted: Emitted; readonly shared: boolean }>();
  for (const [i, key] of keys.entries()) {
    if (cache.has(key) || fresh.get(key)?.shared === true) continue;
    const emitted = emit(signatures[i]!);
    const shared = isShared(signatures[i]!, emitted);
    // Code of one signature alone has a key of its own.
    if (!shared) keys[i] = `${key}#${i}`;
    fresh.set(keys[i]!, { emitted, shared });
  }
  const made = compileAll<T>([...fresh.values()].map((f) => f.emitted));
  const byKey = new Map([...fresh.keys()].map((key, i) => [key, made[i]!]));
  for (const [key, { shared }] of fresh) if (shared && cache.size < MAX_CACHED) cache.set(key, byKey.get(key)!);
  return keys.map((key) => byKey.get(key) ?? cache.get(key)!);
}

const exportsByKey = new Map<string, ExportFactory>();
const importsByKey = new Map<string, ImportFactory>();

/** The generated functions of exports. */
export function compileExports(signatures: readonly Signature[]): readonly ExportFactory[] {
  return compile<ExportBorder>(exportsByKey, signatures, (signature) => emitExport(signature));
}

/** The generated functions of imports. */
export function compileImports(signatures: readonly Signature[]): readonly ImportFactory[] {
  return compile<ImportBorder>(importsByKey, signatures, emitImport);
}

/** The generated functions of one export. */
export function compileExport(signature: Signature): ExportFactory {
  return compileExports([signature])[0]!;
}

/** The generated functions of one import. */
export function compileImport(signature: Signature): ImportFactory {
  return compileImports([signature])[0]!;
}
