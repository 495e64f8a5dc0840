/** Imports and exports: names with attributes, external types. Specification: Binary, "Import and Export Definitions". */

import type { Reader } from '../../core/reader.ts';
import { malformed } from '../../error/malformed-reason.ts';
import type { Definition, ExternNameDecl, ExternTypeDef } from '../../types/definition.ts';
import { sort } from './sorts.ts';
import { valType } from './val-type.ts';

type Attributes = Omit<ExternNameDecl, 'name' | 'offset'>;

function attributes(r: Reader): Attributes {
  const found: { implements: string | undefined; versionSuffix: string | undefined; externalId: string | undefined } = {
    implements: undefined,
    versionSuffix: undefined,
    externalId: undefined,
  };
  const kinds = ['implements', 'versionSuffix', 'externalId'] as const;
  const labels = ['implements', 'versionsuffix', 'external-id'] as const;
  r.vec((x) => {
    const from = x.at;
    const b = x.byte();
    const kind = kinds[b];
    if (kind === undefined) return x.unknown(b, 'name option', from);
    if (found[kind] !== undefined) x.fail(malformed.duplicateAttribute(labels[b]!), from);
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
