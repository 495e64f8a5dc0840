/**
 * Core modules inside components: their types, names that the component level can tell apart, and the engine's verdict on their
 * bodies. Specification: Binary, "core:module"; Explainer, "Type Definitions" (module types).
 */

import { type CoreExportDef, type CoreModule, decodeModule } from '../core/decode.ts';
import { Reader } from '../core/reader.ts';
import { recType } from '../core/types.ts';
import type { CoreExternType } from '../types/core-type.ts';
import type { Definition } from '../types/definition.ts';
import type { ModuleType } from '../types/extern-type.ts';
import { unreachable } from '../util/invariant.ts';
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

/** The type index space. The recursion groups are read here, since a type's identity depends on its group. */
function typeSpace(scope: Scope, module: CoreModule, offset: number): TypeSpace {
  const space: TypeSpace = [];
  for (const section of module.sections) {
    if (section.id !== 1) continue;
    for (const rec of new Reader(module.bytes, section.start, section.end).vec(recType))
      defineRec(scope, space, rec, offset);
  }
  return space;
}

function exportType(scope: Scope, module: CoreModule, { kind, index, offset }: CoreExportDef): CoreExternType {
  const at = <T>(space: readonly T[], what: string): T => {
    const item = space[index];
    if (item === undefined) scope.fail(reasons.unknownIndex(what, index), offset);
    return item;
  };
  switch (kind) {
    case 'func':
      return { kind, typeIndex: at(module.funcs, 'function') };
    case 'tag':
      return { kind, typeIndex: at(module.tags, 'tag') };
    case 'table':
      return at(module.tables, 'table');
    case 'memory':
      return at(module.memories, 'memory');
    case 'global':
      return at(module.globals, 'global');
    default:
      return unreachable(kind);
  }
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
  const space = typeSpace(scope, module, offset);
  const builder = new ModuleTypeBuilder(scope);
  for (const { module: from, name, type, offset: at } of module.imports)
    builder.addImport(from, name, resolveCoreExtern(scope, space, type, at), at);
  for (const definition of module.exports) {
    const type = exportType(scope, module, definition);
    builder.addExport(definition.name, resolveCoreExtern(scope, space, type, definition.offset), definition.offset);
  }
  return builder.finish();
}
