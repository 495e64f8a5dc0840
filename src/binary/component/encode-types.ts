/** Writes component types; the inverse of `types.ts`. Specification: Binary, "Type Definitions". */
import type { Declaration, DefValType, NamedTypeRef, TypeDef, ValTypeRef } from '../../types/definition.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import { unreachable } from '../../util/invariant.ts';
import { encodeAlias } from './alias.ts';
import { encodeCoreType } from './core-types.ts';
import { encodeNamedExtern } from './extern.ts';
import { encodePrimitive, encodeValType } from './val-type.ts';

function named(w: CodeWriter, items: readonly NamedTypeRef[]): void {
  w.vec(items, ({ name, type }) => encodeValType(w.name(name), type));
}

function labels(w: CodeWriter, items: readonly string[]): void {
  w.vec(items, (label) => w.name(label));
}

function optional(w: CodeWriter, type: ValTypeRef | undefined): void {
  if (type === undefined) w.byte(0x00);
  else encodeValType(w.byte(0x01), type);
}

/** `resultlist`. */
export function encodeResultList(w: CodeWriter, result: ValTypeRef | undefined): void {
  if (result === undefined) w.byte(0x01, 0x00);
  else encodeValType(w.byte(0x00), result);
}

/** `defvaltype`. */
function encodeDefValType(w: CodeWriter, type: DefValType): void {
  switch (type.kind) {
    case 'primitive':
      encodePrimitive(w, type.primitive);
      return;
    case 'record':
      named(w.byte(0x72), type.fields);
      return;
    case 'variant':
      w.byte(0x71).vec(type.cases, (c) => {
        optional(w.name(c.name), c.type);
        w.byte(0x00);
      });
      return;
    case 'list':
      encodeValType(w.byte(0x70), type.element);
      return;
    case 'fixed-list':
      encodeValType(w.byte(0x67), type.element);
      w.u(type.length);
      return;
    case 'tuple':
      w.byte(0x6f).vec(type.types, (t) => encodeValType(w, t));
      return;
    case 'flags':
      labels(w.byte(0x6e), type.labels);
      return;
    case 'enum':
      labels(w.byte(0x6d), type.labels);
      return;
    case 'option':
      encodeValType(w.byte(0x6b), type.type);
      return;
    case 'result':
      optional(w.byte(0x6a), type.ok);
      optional(w, type.err);
      return;
    case 'own':
      w.byte(0x69).u(type.index);
      return;
    case 'borrow':
      w.byte(0x68).u(type.index);
      return;
    case 'stream':
      optional(w.byte(0x66), type.element);
      return;
    case 'future':
      optional(w.byte(0x65), type.element);
      return;
    case 'map':
      encodeValType(w.byte(0x63), type.key);
      encodeValType(w, type.value);
      return;
    default:
      unreachable(type);
  }
}

/** `deftype`. */
export function encodeTypeDef(w: CodeWriter, type: TypeDef): void {
  switch (type.kind) {
    case 'func':
      named(w.byte(type.async ? 0x43 : 0x40), type.params);
      encodeResultList(w, type.result);
      return;
    case 'component':
    case 'instance':
      w.byte(type.kind === 'component' ? 0x41 : 0x42).vec(type.declarations, (d) => encodeDeclaration(w, d));
      return;
    case 'resource':
      w.byte(0x3f, type.rep === 'i32' ? 0x7f : 0x7e);
      if (type.dtor === undefined) w.byte(0x00);
      else w.byte(0x01).u(type.dtor);
      return;
    default:
      encodeDefValType(w, type);
      return;
  }
}

/** `componentdecl`, `instancedecl`. */
function encodeDeclaration(w: CodeWriter, declaration: Declaration): void {
  switch (declaration.kind) {
    case 'core type':
      encodeCoreType(w.byte(0x00), declaration.type);
      return;
    case 'type':
      encodeTypeDef(w.byte(0x01), declaration.type);
      return;
    case 'alias':
      encodeAlias(w.byte(0x02), declaration);
      return;
    case 'import':
      encodeNamedExtern(w.byte(0x03), declaration.name, declaration.type);
      return;
    case 'export':
      encodeNamedExtern(w.byte(0x04), declaration.name, declaration.type);
      return;
    default:
      unreachable(declaration);
  }
}
