/** Core and component instances. Specification: Binary, "core:instance", "instance". */

import type { Reader } from '../../core/reader.ts';
import type { Definition } from '../../types/definition.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import type { DefinitionOf } from './definition-of.ts';
import { encodeExternName, externName } from './extern.ts';
import { coreSort, encodeCoreSort, encodeSort, sort } from './sorts.ts';

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

export function encodeCoreInstance(w: CodeWriter, { expr }: DefinitionOf<'core instance'>): void {
  if (expr.kind === 'instantiate') {
    w.byte(0x00)
      .u(expr.module)
      .vec(expr.args, (arg) => w.name(arg.name).byte(0x12).u(arg.instance));
    return;
  }
  w.byte(0x01).vec(expr.exports, (e) => {
    encodeCoreSort(w.name(e.name), e.sort);
    w.u(e.index);
  });
}

export function encodeInstance(w: CodeWriter, { expr }: DefinitionOf<'instance'>): void {
  if (expr.kind === 'instantiate') {
    w.byte(0x00)
      .u(expr.component)
      .vec(expr.args, (arg) => {
        encodeSort(w.name(arg.name), arg.sort);
        w.u(arg.index);
      });
    return;
  }
  w.byte(0x01).vec(expr.exports, (e) => {
    encodeExternName(w, e.name);
    encodeSort(w, e.sort);
    w.u(e.index);
  });
}
