/** Aliases. Specification: Binary, "alias". */

import type { Reader } from '../../core/reader.ts';
import type { AliasDef } from '../../types/definition.ts';
import { sort } from './sorts.ts';

/** `alias ::= s:<sort> t:<aliastarget>`. */
export function alias(r: Reader, offset: number): AliasDef {
  const s = sort(r);
  const from = r.at;
  const b = r.byte();
  switch (b) {
    case 0x00:
      return { kind: 'alias', offset, sort: s, target: { kind: 'export', instance: r.u32(), name: r.name() } };
    case 0x01:
      return { kind: 'alias', offset, sort: s, target: { kind: 'core export', instance: r.u32(), name: r.name() } };
    case 0x02:
      return { kind: 'alias', offset, sort: s, target: { kind: 'outer', count: r.u32(), index: r.u32() } };
    default:
      return r.unknown(b, 'alias target', from);
  }
}
