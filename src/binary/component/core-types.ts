/** Core types inside components. Specification: Binary, "core:type", "core:moduledecl". */

import { encodeCoreExternType, encodeRecType } from '../../core/encode-types.ts';
import type { Reader } from '../../core/reader.ts';
import { coreExternType, recType } from '../../core/types.ts';
import type { RecType } from '../../types/core-type.ts';
import type { CoreTypeDef, ModuleDeclaration } from '../../types/definition.ts';
import type { CodeWriter } from '../../util/code-writer.ts';
import { unreachable } from '../../util/invariant.ts';

/** `core:type`: 0x50 is a module type here, a non-final sub type is written 0x00 0x50. */
export function coreType(r: Reader): CoreTypeDef {
  if (r.peek() === 0x50) {
    r.byte();
    return { kind: 'module', declarations: r.vec(moduleDeclaration) };
  }
  return { kind: 'rec', rec: prefixedRecType(r) };
}

/** A recursion group of which a non-final sub type may be written with the prefix 0x00. */
function prefixedRecType(r: Reader): RecType {
  if (r.peek() === 0x00) {
    r.byte();
    if (r.peek() !== 0x50) r.unknown(0, 'core type', r.at - 1);
  }
  return recType(r);
}

/** `core:moduledecl`. Inside a module type 0x50 begins a sub type, as toolchains write it; module types do not nest. */

function moduleDeclaration(r: Reader): ModuleDeclaration {
  const offset = r.at;
  const b = r.byte();
  switch (b) {
    case 0x00:
      return { kind: 'import', offset, module: r.name(), name: r.name(), type: coreExternType(r) };
    case 0x01:
      return { kind: 'type', offset, type: prefixedRecType(r) };
    case 0x02: {
      const sort = r.byte();
      if (sort !== 0x10) r.unknown(sort, 'outer alias kind', r.at - 1);
      const target = r.byte();
      if (target !== 0x01) r.unknown(target, 'outer alias target', r.at - 1);
      return { kind: 'outer-alias', offset, count: r.u32(), index: r.u32() };
    }
    case 0x03:
      return { kind: 'export', offset, name: r.name(), type: coreExternType(r) };
    default:
      return r.unknown(b, 'type definition', offset);
  }
}

/** `core:type`. */
export function encodeCoreType(w: CodeWriter, type: CoreTypeDef): void {
  if (type.kind === 'module') {
    w.byte(0x50).vec(type.declarations, (d) => encodeModuleDeclaration(w, d));
    return;
  }
  const { explicit, types } = type.rec;
  if (!explicit && types.length === 1 && !types[0]!.final) w.byte(0x00);
  encodeRecType(w, type.rec);
}

function encodeModuleDeclaration(w: CodeWriter, declaration: ModuleDeclaration): void {
  switch (declaration.kind) {
    case 'import':
      w.byte(0x00).name(declaration.module).name(declaration.name);
      encodeCoreExternType(w, declaration.type);
      return;
    case 'type':
      w.byte(0x01);
      encodeRecType(w, declaration.type);
      return;
    case 'outer-alias':
      w.byte(0x02, 0x10, 0x01).u(declaration.count).u(declaration.index);
      return;
    case 'export':
      w.byte(0x03).name(declaration.name);
      encodeCoreExternType(w, declaration.type);
      return;
    default:
      unreachable(declaration);
  }
}
