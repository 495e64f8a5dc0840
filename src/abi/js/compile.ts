/** Compiles emitted border functions, once for each structure of signature. */
import { ComponentError } from '../../error/error.ts';
import type { Signature } from '../context.ts';
import { partsOf } from '../parts.ts';
import type { BorderEnv, BorderRuntime, ExportBorder, ExportFactory, ImportBorder, ImportFactory } from './border.ts';
import { MAX_EMITTED_PARTS } from './emit-code.ts';
import { type Emitted, emitExport, emitImport } from './emit-function.ts';
import { signatureKey } from './key.ts';
import { checkAll, errorOf, isValueError } from './shape.ts';
import * as support from './support.ts';
import { TYPED_ARRAYS } from './typed-array.ts';

const S = { ...support, checkAll, errorOf, isValueError, TYPED_ARRAYS };

type Factory<T> = (
  runtime: BorderRuntime,
  env: BorderEnv,
  support: typeof S,
  constants: readonly unknown[],
  error: typeof ComponentError,
) => T;

const MAX_CACHED = 5_000;

function compile<T>(emitted: Emitted): (runtime: BorderRuntime, env: BorderEnv) => T {
  const factory = new Function('R', 'env', 'S', 'K', 'ComponentError', emitted.source) as Factory<T>;
  return (runtime, env) => factory(runtime, env, S, emitted.constants, ComponentError);
}

/** Code that refers to types as constants (large ones, and those whose handles hooks look up) belongs to one signature alone. */
function isShared(signature: Signature, emitted: Emitted): boolean {
  const { params, result } = signature.type;
  const types = [...params.map((p) => p.type), ...(result === undefined ? [] : [result])];
  return types.every((t) => partsOf(t) <= MAX_EMITTED_PARTS) || emitted.constants.length === 0;
}

function cached<T>(
  cache: Map<string, T>,
  signature: Signature,
  emit: (signature: Signature) => Emitted,
  make: (emitted: Emitted) => T,
): T {
  const key = signatureKey(signature);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const emitted = emit(signature);
  const made = make(emitted);
  if (isShared(signature, emitted) && cache.size < MAX_CACHED) cache.set(key, made);
  return made;
}

const exportsByKey = new Map<string, ExportFactory>();
const importsByKey = new Map<string, ImportFactory>();

/** The generated functions of an export. */
export function compileExport(signature: Signature): ExportFactory {
  return cached(exportsByKey, signature, emitExport, (emitted) => compile<ExportBorder>(emitted));
}

/** The generated functions of an import. */
export function compileImport(signature: Signature): ImportFactory {
  return cached(importsByKey, signature, emitImport, (emitted) => compile<ImportBorder>(emitted));
}
