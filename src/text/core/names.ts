/** The names that a text gives the items of a core module. Specification: core 3.0, "Name Section"; extended name section proposal. */
import { encodeNameSection, type IndirectNameMap } from '../../core/name-section.ts';
import type { ModuleContext } from './context.ts';

/** What the identifiers and `(@name …)` annotations of a module say. */
export interface ModuleNames {
  readonly module: string | undefined;
  readonly locals: IndirectNameMap;
  readonly labels: IndirectNameMap;
}

/** The contents of the name section; empty if nothing has a name. */
export function encodeNames(context: ModuleContext, { module, locals, labels }: ModuleNames): Uint8Array<ArrayBuffer> {
  const { types } = context;
  const members = (kind: 'fields' | 'params'): IndirectNameMap =>
    [...types.members(kind)].map(([index, space]) => [index, space.names] as const);
  return encodeNameSection({
    module,
    direct: {
      func: context.func.names,
      type: types.space.names,
      table: context.table.names,
      memory: context.memory.names,
      global: context.global.names,
      elem: context.elem.names,
      data: context.data.names,
      tag: context.tag.names,
    },
    indirect: { local: locals, label: labels, field: members('fields'), param: members('params') },
  });
}
