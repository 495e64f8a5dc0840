/** Sorts. Specification: Binary, "sort", "core:sort". */

import type { Reader } from '../../core/reader.ts';
import type { CoreSort } from '../../types/core-type.ts';
import type { AnySort, Sort } from '../../types/definition.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import { inverse } from './inverse.ts';

const CORE: Readonly<Record<number, CoreSort>> = {
  0: 'func',
  1: 'table',
  2: 'memory',
  3: 'global',
  4: 'tag',
  16: 'type',
  17: 'module',
  18: 'instance',
};

const COMPONENT: Readonly<Record<number, Sort>> = {
  1: 'func',
  2: 'value',
  3: 'type',
  4: 'component',
  5: 'instance',
};

const CORE_BYTE = inverse(CORE);
const COMPONENT_BYTE = inverse(COMPONENT);

/** `core:sort`; `what` is how a message calls it. */
export function coreSort(r: Reader, what = 'external kind'): CoreSort {
  const from = r.at;
  const b = r.byte();
  return CORE[b] ?? r.unknown(b, what, from);
}

/** `sort`; `what` is how a message calls it. */
export function sort(r: Reader, what = 'component external kind'): AnySort {
  const from = r.at;
  const b = r.byte();
  if (b === 0x00) return `core ${coreSort(r, what)}`;
  return COMPONENT[b] ?? r.unknown(b, what, from);
}

export function encodeCoreSort(w: CodeWriter, s: CoreSort): void {
  w.byte(CORE_BYTE[s]);
}

export function encodeSort(w: CodeWriter, s: AnySort): void {
  if (s.startsWith('core ')) {
    w.byte(0x00);
    encodeCoreSort(w, s.slice('core '.length) as CoreSort);
  } else w.byte(COMPONENT_BYTE[s as Sort]);
}
