/** What the instructions of one module refer to. */
import { IndexSpace } from '../index-space.ts';
import { TypeTable } from './type-table.ts';

/** The index spaces of a module. */
export interface ModuleContext {
  readonly types: TypeTable;
  readonly func: IndexSpace;
  readonly table: IndexSpace;
  readonly memory: IndexSpace;
  readonly global: IndexSpace;
  readonly tag: IndexSpace;
  readonly elem: IndexSpace;
  readonly data: IndexSpace;
  /** Asks for the fields of a structure; only when all types are defined. */
  readonly fields: () => ReadonlyMap<number, IndexSpace>;
}

export function newContext(): ModuleContext {
  const types = new TypeTable(new IndexSpace('type'), true);
  let fields: ReadonlyMap<number, IndexSpace> | undefined;
  return {
    types,
    func: new IndexSpace('func'),
    table: new IndexSpace('table'),
    memory: new IndexSpace('memory'),
    global: new IndexSpace('global'),
    tag: new IndexSpace('tag'),
    elem: new IndexSpace('elem'),
    data: new IndexSpace('data'),
    fields: () => {
      fields ??= types.members('fields');
      return fields;
    },
  };
}
