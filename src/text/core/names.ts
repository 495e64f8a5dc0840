/** The contents of the name section of a core module. Specification: core 3.0, "Name Section"; extended name section proposal. */
import { CodeWriter } from '../../util/code-writer.ts';
import type { ModuleContext } from './context.ts';

type NameMap = readonly (readonly [index: number, name: string])[];
/** Names of what belongs to one function or type, by its index. */
export type IndirectNameMap = readonly (readonly [index: number, names: NameMap])[];

function nameMap(w: CodeWriter, names: NameMap): void {
  w.vec(names, ([index, name]) => w.u(index).name(name));
}

function direct(out: CodeWriter, id: number, names: NameMap): void {
  if (names.length > 0) out.byte(id).sized((w) => nameMap(w, names));
}

function indirect(out: CodeWriter, id: number, maps: IndirectNameMap): void {
  const present = maps.filter(([, names]) => names.length > 0);
  if (present.length > 0) out.byte(id).sized((w) => w.vec(present, ([index, names]) => nameMap(w.u(index), names)));
}

/** What the identifiers and `(@name …)` annotations of a module say. */
export interface ModuleNames {
  readonly module: string | undefined;
  readonly locals: IndirectNameMap;
  readonly labels: IndirectNameMap;
}

export function encodeNames(context: ModuleContext, { module, locals, labels }: ModuleNames): Uint8Array<ArrayBuffer> {
  const out = new CodeWriter();
  if (module !== undefined) out.byte(0).sized((w) => w.name(module));
  direct(out, 1, context.func.names);
  indirect(out, 2, locals);
  indirect(out, 3, labels);
  direct(out, 4, context.types.space.names);
  direct(out, 5, context.table.names);
  direct(out, 6, context.memory.names);
  direct(out, 7, context.global.names);
  direct(out, 8, context.elem.names);
  direct(out, 9, context.data.names);
  const fields = [...context.fields()].map(([index, space]) => [index, space.names] as const);
  indirect(out, 10, fields);
  direct(out, 11, context.tag.names);
  const params = [...context.types.members('params')].map(([index, space]) => [index, space.names] as const);
  indirect(out, 12, params);
  return out.finish();
}
