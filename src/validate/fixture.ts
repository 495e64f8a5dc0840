/** Decoded components built by hand, for the unit tests of this folder. */
import { ValidationError } from '../error/error.ts';
import type {
  AnySort,
  Canon,
  Component,
  Declaration,
  Definition,
  ExternNameDecl,
  ExternTypeDef,
  TypeDef,
  ValTypeRef,
} from '../types/definition.ts';
import type { PrimitiveKind } from '../types/value-type.ts';
import { type ValidatedComponent, type ValidateOptions, validateComponent } from './validate.ts';

export function prim(primitive: PrimitiveKind): ValTypeRef {
  return { kind: 'primitive', primitive };
}

export function at(index: number): ValTypeRef {
  return { kind: 'index', index };
}

export function name(text: string, attributes: Partial<ExternNameDecl> = {}): ExternNameDecl {
  return {
    name: text,
    offset: 0,
    implements: undefined,
    versionSuffix: undefined,
    externalId: undefined,
    ...attributes,
  };
}

export function type(def: TypeDef): Extract<Definition, { kind: 'type' }> {
  return { kind: 'type', offset: 0, type: def };
}

export function func(
  params: Record<string, ValTypeRef> = {},
  result?: ValTypeRef,
  async = false,
): Definition & Declaration {
  const list = Object.entries(params).map(([label, ref]) => ({ name: label, type: ref }));
  return type({ kind: 'func', async, params: list, result });
}

export function importOf(text: string, extern: ExternTypeDef): Extract<Definition, { kind: 'import' }> {
  return { kind: 'import', offset: 0, name: name(text), type: extern };
}

export function exportOf(text: string, sort: AnySort, index: number, ascribed?: ExternTypeDef): Definition {
  return { kind: 'export', offset: 0, name: name(text), sort, index, type: ascribed };
}

export function declareExport(text: string, extern: ExternTypeDef): Declaration {
  return { kind: 'export', offset: 0, name: name(text), type: extern };
}

export function canon(definition: Canon): Definition {
  return { kind: 'canon', offset: 0, canon: definition };
}

export const SUB_RESOURCE: ExternTypeDef = { kind: 'type', bound: 'sub-resource' };

export function component(definitions: readonly Definition[]): Component {
  return { kind: 'component', bytes: new Uint8Array(), start: 0, end: 0, definitions, customs: [], sections: [] };
}

export function nested(...definitions: Definition[]): Definition {
  return { kind: 'component', offset: 0, component: component(definitions) };
}

export function check(definitions: readonly Definition[], options?: ValidateOptions): ValidatedComponent {
  return validateComponent(component(definitions), options);
}

/** The error of a component that is not valid. */
export function rejection(definitions: readonly Definition[], options?: ValidateOptions): ValidationError {
  try {
    check(definitions, options);
  } catch (error) {
    if (error instanceof ValidationError) return error;
    throw error;
  }
  throw new Error('the component was accepted');
}
