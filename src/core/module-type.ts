/**
 * The type of a core module: what it imports and exports, with indices resolved to types. Specification: core 3.0, "Modules".
 * Bodies are not checked (the engine does), nor whether the types themselves are valid.
 */
import { ValidationError } from '../error/error.ts';
import type { CoreExternType, CoreFuncType, SubType } from '../types/core-type.ts';
import { unreachable } from '../util/invariant.ts';
import type { CoreExportDef, CoreModule } from './decode.ts';

export interface CoreImportType {
  readonly module: string;
  readonly name: string;
  readonly type: CoreExternType;
}

export interface CoreExportType {
  readonly name: string;
  readonly type: CoreExternType;
}

/** `typeIndex` of functions and tags is an index into `types`; {@link coreFuncType} looks it up. */
export interface CoreModuleType {
  readonly types: readonly SubType[];
  readonly imports: readonly CoreImportType[];
  readonly exports: readonly CoreExportType[];
}

function at<T>(space: readonly T[], index: number, what: string, offset: number): T {
  const item = space[index];
  if (item === undefined) {
    const count = `the module has ${space.length}`;
    throw new ValidationError('unknown-index', `unknown ${what} ${index}: ${count}`, { offset });
  }
  return item;
}

/**
 * The function type at `typeIndex`.
 * @throws ValidationError `unknown-index`, or `wrong-type-sort` if the type is no function
 */
export function coreFuncType(types: readonly SubType[], typeIndex: number, offset = 0): CoreFuncType {
  const { composite } = at(types, typeIndex, 'type', offset);
  if (composite.kind === 'func') return composite;
  throw new ValidationError('wrong-type-sort', `core type ${typeIndex} is not a func type`, {
    offset,
    found: composite.kind,
  });
}

function exportType(module: CoreModule, { kind, index, offset }: CoreExportDef): CoreExternType {
  switch (kind) {
    case 'func':
      return { kind, typeIndex: at(module.funcs, index, 'function', offset) };
    case 'tag':
      return { kind, typeIndex: at(module.tags, index, 'tag', offset) };
    case 'table':
      return at(module.tables, index, 'table', offset);
    case 'memory':
      return at(module.memories, index, 'memory', offset);
    case 'global':
      return at(module.globals, index, 'global', offset);
    default:
      return unreachable(kind);
  }
}

/**
 * The imports and exports of a module with their types, in order.
 * @throws ValidationError with the byte offset where an index names nothing
 */
export function moduleType(module: CoreModule): CoreModuleType {
  const check = (type: CoreExternType, offset: number): CoreExternType => {
    if (type.kind === 'func' || type.kind === 'tag') coreFuncType(module.types, type.typeIndex, offset);
    return type;
  };
  return {
    types: module.types,
    imports: module.imports.map((i) => ({ module: i.module, name: i.name, type: check(i.type, i.offset) })),
    exports: module.exports.map((e) => ({ name: e.name, type: check(exportType(module, e), e.offset) })),
  };
}
