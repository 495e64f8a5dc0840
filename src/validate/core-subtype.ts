/** Matching of core imports and exports. Specification: core 3.0, "Import Subtyping"; Explainer, "Type Checking" for modules. */
import type { GlobalType, Limits, MemoryType, TableType } from '../types/core-type.ts';
import type { CoreExtern, ModuleType } from '../types/extern-type.ts';
import { type CoreTypes, printFuncType, printValType } from './core-types.ts';

/** Why `found` does not match, as a part of a sentence; undefined if it does. */
export type Problem = string | undefined;

function limitsMatch(found: Limits, expected: Limits): boolean {
  if (found.is64 !== expected.is64 || found.min < expected.min) return false;
  return expected.max === undefined || (found.max !== undefined && found.max <= expected.max);
}

function indexType(limits: Limits): string {
  return limits.is64 ? 'i64' : 'i32';
}

function memoryProblem(found: MemoryType, expected: MemoryType): Problem {
  if (found.limits.shared !== expected.limits.shared) return 'mismatch in the shared flag for memories';
  if (found.limits.is64 !== expected.limits.is64)
    return `mismatch in the address type of memories: expected ${indexType(expected.limits)}, found ${indexType(found.limits)}`;
  if ((found.pageSizeLog2 ?? 16) !== (expected.pageSizeLog2 ?? 16)) return 'mismatch in the page size of memories';
  return limitsMatch(found.limits, expected.limits) ? undefined : 'mismatch in memory limits';
}

function tableProblem(types: CoreTypes, found: TableType, expected: TableType): Problem {
  if (!types.valEquals(found.element, expected.element))
    return `expected table element type ${printValType(expected.element)}, found ${printValType(found.element)}`;
  if (found.limits.shared !== expected.limits.shared) return 'mismatch in the shared flag for tables';
  if (found.limits.is64 !== expected.limits.is64)
    return `mismatch in the address type of tables: expected ${indexType(expected.limits)}, found ${indexType(found.limits)}`;
  return limitsMatch(found.limits, expected.limits) ? undefined : 'mismatch in table limits';
}

function globalProblem(types: CoreTypes, found: GlobalType, expected: GlobalType): Problem {
  if (found.mutable !== expected.mutable)
    return `expected a global that is ${expected.mutable ? 'mutable' : 'immutable'}, found the other`;
  if (found.shared !== expected.shared) return 'mismatch in the shared flag for globals';
  const matches = expected.mutable
    ? types.valEquals(found.type, expected.type)
    : types.valMatches(found.type, expected.type);
  return matches ? undefined : `expected global type ${printValType(expected.type)}, found ${printValType(found.type)}`;
}

type CoreFuncExtern = Extract<CoreExtern, { readonly kind: 'func' }>;

function funcProblem(types: CoreTypes, found: CoreFuncExtern, expected: CoreFuncExtern): Problem {
  const matches = types.idMatches(found.typeId, expected.typeId);
  return matches ? undefined : `expected: ${printFuncType(expected.type)}, found: ${printFuncType(found.type)}`;
}

/** Why a core item does not match what is expected. */
export function coreExternProblem(types: CoreTypes, found: CoreExtern, expected: CoreExtern): Problem {
  if (expected.kind === 'func' && found.kind === 'func') return funcProblem(types, found, expected);
  if (expected.kind === 'table' && found.kind === 'table') return tableProblem(types, found, expected);
  if (expected.kind === 'memory' && found.kind === 'memory') return memoryProblem(found, expected);
  if (expected.kind === 'global' && found.kind === 'global') return globalProblem(types, found, expected);
  if (expected.kind === 'tag' && found.kind === 'tag')
    return found.typeId === expected.typeId
      ? undefined
      : `expected tag: ${printFuncType(expected.type)}, found tag: ${printFuncType(found.type)}`;
  return `expected ${expected.kind}, found ${found.kind}`;
}

/** Why a module does not match a module type: it may import less and export more. */
export function moduleProblem(types: CoreTypes, found: ModuleType, expected: ModuleType): Problem {
  const supplied = new Map(expected.imports.map((one) => [JSON.stringify([one.module, one.name]), one.type]));
  for (const { module, name, type } of found.imports) {
    const offered = supplied.get(JSON.stringify([module, name]));
    if (offered === undefined) return `missing expected import \`${module}::${name}\``;
    const problem = coreExternProblem(types, offered, type);
    if (problem !== undefined) return `type mismatch in import \`${module}::${name}\`: ${problem}`;
  }
  for (const [name, type] of expected.exports) {
    const offered = found.exports.get(name);
    if (offered === undefined) return `missing expected export \`${name}\``;
    const problem = coreExternProblem(types, offered, type);
    if (problem !== undefined) return `type mismatch in export \`${name}\`: ${problem}`;
  }
  return undefined;
}
