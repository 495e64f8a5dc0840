/**
 * Core modules inside components: their types, names that the component level can tell apart, and the engine's verdict on their
 * bodies. Specification: Binary, "core:module"; Explainer, "Type Definitions" (module types).
 */

import { type CoreExportDef, type CoreModule, decodeModule } from '../core/decode.ts';
import type { CoreExternType } from '../types/core-type.ts';
import type { Definition } from '../types/definition.ts';
import type { ModuleType } from '../types/extern-type.ts';
import { unreachable } from '../util/invariant.ts';
import { defineRec, ModuleTypeBuilder, resolveCoreExtern, type TypeSpace } from './core-type.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';

type CoreModuleDefinition = Extract<Definition, { readonly kind: 'core module' }>;

/** What the engine says against a module, with the place if it says one. */
interface EngineProblem {
  readonly text: string;
  /** Byte offset in the module. */
  readonly at: number;
  /** Index of the function. */
  readonly func: string | undefined;
}

/** V8 writes `WebAssembly.Module(): Compiling function #3:"f" failed: ... @+123`; of others the words are taken as they are. */
function engineProblem(bytes: Uint8Array<ArrayBuffer>): EngineProblem {
  let message = 'the engine refuses it';
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    message = error instanceof Error ? error.message.replace(/^WebAssembly\.Module\(\): /, '') : String(error);
  }
  const [place, offset] = / @\+(\d+)$/.exec(message) ?? ['', '0'];
  const text = message.slice(0, message.length - place.length);
  const mismatch = /expected (?:\d+ )?(?:type|element)|not enough arguments|type error|subtype|empty stack/.test(text);
  const func = /^Compiling function #(\d+)/.exec(text)?.[1];
  return { text: mismatch ? `type mismatch: ${text}` : text, at: Number(offset), func };
}

function checkByEngine(scope: Scope, start: number, end: number): void {
  const range = scope.session.bytes.subarray(start, end);
  if (WebAssembly.validate(range)) return;
  const { text, at, func } = engineProblem(range);
  const fail = () => scope.fail(reasons.coreModule(text), start + Math.min(at, end - start));
  if (func === undefined) fail();
  else scope.within(`func ${func}`, fail);
}

/** The type index space. A type's identity depends on its recursion group. */
function typeSpace(scope: Scope, module: CoreModule, offset: number): TypeSpace {
  const space: TypeSpace = [];
  for (const rec of module.recs) defineRec(scope, space, rec, offset);
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
  const module = decodeModule(bytes, start, end, () => scope.place);
  if (coreBodies === 'engine') checkByEngine(scope, start, end);
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
