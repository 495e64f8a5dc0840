/** Sorts. Specification: Binary, "sort", "core:sort". */

import type { Reader } from '../../core/reader.ts';
import type { CoreSort } from '../../types/core-type.ts';
import type { AnySort } from '../../types/definition.ts';

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

const COMPONENT: Readonly<Record<number, AnySort>> = {
  1: 'func',
  2: 'value',
  3: 'type',
  4: 'component',
  5: 'instance',
};

export function coreSort(r: Reader): CoreSort {
  const from = r.at;
  const b = r.byte();
  return CORE[b] ?? r.unknown(b, 'core sort', from);
}

export function sort(r: Reader): AnySort {
  const from = r.at;
  const b = r.byte();
  if (b === 0x00) return `core ${coreSort(r)}`;
  return COMPONENT[b] ?? r.unknown(b, 'component sort', from);
}
