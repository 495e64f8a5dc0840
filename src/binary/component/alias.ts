/** Aliases. Specification: Binary, "alias". */

import type { Reader } from '../../core/reader.ts';
import type { AliasDef, AnySort } from '../../types/definition.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import { unreachable } from '../../util/invariant.ts';
import { encodeSort, sort } from './sorts.ts';

/** `outeraliassort`: only these may be aliased from an enclosing scope. */
const OUTER: readonly AnySort[] = ['core type', 'core module', 'type', 'component'];

/** `alias ::= s:<sort> t:<aliastarget>`. What an unknown sort is called depends on the target, which comes after it. */
export function alias(r: Reader, offset: number): AliasDef {
  const from = r.at;
  if (r.byte() === 0x00) r.byte();
  const at = r.at;
  const target = r.byte();
  const after = r.at;
  r.at = from;
  const s = sort(r, target === 0x02 ? 'component outer alias kind' : 'component external kind');
  if (target === 0x02 && !OUTER.includes(s)) r.unknown(r.bytes[at - 1]!, 'component outer alias kind', from);
  r.at = after;
  switch (target) {
    case 0x00:
      return { kind: 'alias', offset, sort: s, target: { kind: 'export', instance: r.u32(), name: r.name() } };
    case 0x01:
      return { kind: 'alias', offset, sort: s, target: { kind: 'core export', instance: r.u32(), name: r.name() } };
    case 0x02:
      return { kind: 'alias', offset, sort: s, target: { kind: 'outer', count: r.u32(), index: r.u32() } };
    default:
      return r.unknown(target, 'alias', at);
  }
}

export function encodeAlias(w: CodeWriter, { sort: s, target }: AliasDef): void {
  encodeSort(w, s);
  switch (target.kind) {
    case 'export':
      w.byte(0x00).u(target.instance).name(target.name);
      return;
    case 'core export':
      w.byte(0x01).u(target.instance).name(target.name);
      return;
    case 'outer':
      w.byte(0x02).u(target.count).u(target.index);
      return;
    default:
      unreachable(target);
  }
}
