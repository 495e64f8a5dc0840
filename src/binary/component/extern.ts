/** Imports and exports: names with attributes, external types. Specification: Binary, "Import and Export Definitions". */

import type { Reader } from '../../core/reader.ts';
import { malformed } from '../../error/malformed-reason.ts';
import type { Definition, ExternNameDecl, ExternTypeDef } from '../../types/definition.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import { unreachable } from '../../util/invariant.ts';
import type { DefinitionOf } from './definition-of.ts';
import { encodeSort, sort } from './sorts.ts';
import { encodeValType, valType } from './val-type.ts';

/** Attributes by their codes. */
const KINDS = ['implements', 'versionSuffix', 'externalId'] as const;
const LABELS = ['implements', 'versionsuffix', 'external-id'] as const;

type Attributes = Omit<ExternNameDecl, 'name' | 'offset'>;

function attributes(r: Reader): Attributes {
  const found: { implements: string | undefined; versionSuffix: string | undefined; externalId: string | undefined } = {
    implements: undefined,
    versionSuffix: undefined,
    externalId: undefined,
  };
  r.vec((x) => {
    const from = x.at;
    const b = x.byte();
    const kind = KINDS[b];
    if (kind === undefined) return x.unknown(b, 'name option', from);
    if (found[kind] !== undefined) x.fail(malformed.duplicateAttribute(LABELS[b]!), from);
    found[kind] = x.name();
  });
  return found;
}

/** `nameattributes`: 0x00 or 0x01 and a name, or 0x02, a name and attributes. */
export function externName(r: Reader): ExternNameDecl {
  const from = r.at;
  const b = r.byte();
  if (b > 0x02) r.unknown(b, 'component name', from);
  const offset = r.at;
  const name = r.name();
  if (b === 0x02) return { name, offset, ...attributes(r) };
  return { name, offset, implements: undefined, versionSuffix: undefined, externalId: undefined };
}

/** `externtype`. */
export function externType(r: Reader): ExternTypeDef {
  const from = r.at;
  const b = r.byte();
  switch (b) {
    case 0x00: {
      const module = r.byte();
      if (module !== 0x11) r.unknown(module, 'component external kind', r.at - 1);
      return { kind: 'core module', index: r.u32() };
    }
    case 0x01:
      return { kind: 'func', index: r.u32() };
    case 0x02: {
      const bound = r.byte();
      if (bound === 0x00) return { kind: 'value', bound: 'eq', index: r.u32() };
      if (bound === 0x01) return { kind: 'value', bound: 'type', type: valType(r) };
      return r.unknown(bound, 'value bound', r.at - 1);
    }
    case 0x03: {
      const bound = r.byte();
      if (bound === 0x00) return { kind: 'type', bound: 'eq', index: r.u32() };
      if (bound === 0x01) return { kind: 'type', bound: 'sub-resource' };
      return r.unknown(bound, 'type bound', r.at - 1);
    }
    case 0x04:
      return { kind: 'component', index: r.u32() };
    case 0x05:
      return { kind: 'instance', index: r.u32() };
    default:
      return r.unknown(b, 'component external kind', from);
  }
}

export function importDefinition(r: Reader): Definition {
  return { kind: 'import', offset: r.at, name: externName(r), type: externType(r) };
}

export function exportDefinition(r: Reader): Definition {
  const offset = r.at;
  const name = externName(r);
  const s = sort(r);
  const index = r.u32();
  return {
    kind: 'export',
    offset,
    name,
    sort: s,
    index,
    type: r.optional(externType, 'optional component export type'),
  };
}

/** `nameattributes`, in the oldest form that holds what there is. */
export function encodeExternName(w: CodeWriter, decl: ExternNameDecl): void {
  const written = KINDS.map((kind, code) => ({ code, value: decl[kind] })).filter((a) => a.value !== undefined);
  w.byte(written.length === 0 ? 0x00 : 0x02).name(decl.name);
  if (written.length > 0) w.vec(written, ({ code, value }) => w.byte(code).name(value!));
}

/** `externtype`. */
export function encodeExternType(w: CodeWriter, type: ExternTypeDef): void {
  switch (type.kind) {
    case 'core module':
      w.byte(0x00, 0x11).u(type.index);
      return;
    case 'func':
      w.byte(0x01).u(type.index);
      return;
    case 'value':
      w.byte(0x02, type.bound === 'eq' ? 0x00 : 0x01);
      if (type.bound === 'eq') w.u(type.index);
      else encodeValType(w, type.type);
      return;
    case 'type':
      w.byte(0x03, type.bound === 'eq' ? 0x00 : 0x01);
      if (type.bound === 'eq') w.u(type.index);
      return;
    case 'component':
      w.byte(0x04).u(type.index);
      return;
    case 'instance':
      w.byte(0x05).u(type.index);
      return;
    default:
      unreachable(type);
  }
}

/** An import, or an export inside a type: a name and what it is. */
export function encodeNamedExtern(w: CodeWriter, name: ExternNameDecl, type: ExternTypeDef): void {
  encodeExternName(w, name);
  encodeExternType(w, type);
}

export function encodeExport(w: CodeWriter, { name, sort: s, index, type }: DefinitionOf<'export'>): void {
  encodeExternName(w, name);
  encodeSort(w, s);
  w.u(index);
  if (type === undefined) w.byte(0x00);
  else encodeExternType(w.byte(0x01), type);
}
