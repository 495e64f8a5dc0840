/** Core and component instances. Specification: Binary, "core:instance", "instance". */

import type { Reader } from '../../core/reader.ts';
import type { Definition } from '../../types/definition.ts';
import { externName } from './extern.ts';
import { coreSort, sort } from './sorts.ts';

function coreArg(r: Reader): { name: string; instance: number } {
  const name = r.name();
  const from = r.at;
  const b = r.byte();
  if (b !== 0x12) r.unknown(b, 'instantiation arg kind', from);
  return { name, instance: r.u32() };
}

export function coreInstance(r: Reader): Definition {
  const offset = r.at;
  const b = r.byte();
  switch (b) {
    case 0x00:
      return { kind: 'core instance', offset, expr: { kind: 'instantiate', module: r.u32(), args: r.vec(coreArg) } };
    case 0x01: {
      const exports = r.vec((x) => ({ name: x.name(), sort: coreSort(x), index: x.u32() }));
      return { kind: 'core instance', offset, expr: { kind: 'exports', exports } };
    }
    default:
      return r.unknown(b, 'core instance', offset);
  }
}

export function instance(r: Reader): Definition {
  const offset = r.at;
  const b = r.byte();
  switch (b) {
    case 0x00: {
      const component = r.u32();
      const args = r.vec((x) => ({ name: x.name(), sort: sort(x), index: x.u32() }));
      return { kind: 'instance', offset, expr: { kind: 'instantiate', component, args } };
    }
    case 0x01: {
      const exports = r.vec((x) => ({ name: externName(x), sort: sort(x), index: x.u32() }));
      return { kind: 'instance', offset, expr: { kind: 'exports', exports } };
    }
    default:
      return r.unknown(b, 'instance', offset);
  }
}
