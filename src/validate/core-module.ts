/**
 * Core modules inside components: their types, names that the component level can tell apart, and the engine's verdict on their
 * bodies. Specification: Binary, "core:module"; Explainer, "Type Definitions" (module types).
 */
import { decodeModule } from '../core/decode.ts';
import type { Definition } from '../types/definition.ts';
import type { ModuleType } from '../types/extern-type.ts';
import { defineRec, ModuleTypeBuilder, resolveCoreExtern, type TypeSpace } from './core-type.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';

type CoreModuleDefinition = Extract<Definition, { readonly kind: 'core module' }>;

/** What the engine says against a module; only asked when it has refused it. */
function engineProblem(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    const text = error instanceof Error ? error.message.replace(/^WebAssembly\.Module\(\): /, '') : String(error);
    const mismatch = /expected (?:\d+ )?(?:type|element)|not enough arguments|type error|subtype/.test(text);
    return mismatch ? `type mismatch: ${text}` : text;
  }
  return 'the engine refuses it';
}

/** `core:module`; the type is read even where the bodies are checked elsewhere. */
export function validateCoreModule(scope: Scope, definition: CoreModuleDefinition): ModuleType {
  const { start, end, offset } = definition;
  const { bytes, coreBodies } = scope.session;
  const module = decodeModule(bytes, start, end);
  if (coreBodies === 'engine') {
    const range = bytes.subarray(start, end);
    if (!WebAssembly.validate(range)) scope.fail(reasons.coreModule(engineProblem(range)), offset);
  }
  const space: TypeSpace = [];
  for (const rec of module.types) defineRec(scope, space, rec, offset);
  const builder = new ModuleTypeBuilder(scope);
  for (const { module: from, name, type } of module.imports)
    builder.addImport(from, name, resolveCoreExtern(scope, space, type, offset), offset);
  for (const { name, type } of module.exports)
    builder.addExport(name, resolveCoreExtern(scope, space, type, offset), offset);
  return builder.finish();
}
