/**
 * Rewrites a core module whose instances get less than it asks for: maxima of its memories and tables, checks that end its computation
 * (`meter.ts`). A module with checks imports the memories that it defined, since what it imports besides must not come before them.
 */
import type { MemoryType, TableType } from '../types/core-type.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { invariant } from '../util/invariant.ts';
import { editCode } from './code-edits.ts';
import { skipExpression } from './constant-expression.ts';
import type { CoreModule } from './decode.ts';
import { encodeCoreExternType, encodeLimits } from './encode-types.ts';
import { type MeterKinds, meterEdits, meterImports } from './meter.ts';
import { Reader } from './reader.ts';
import { addToSection, definedMemories, type Piece, type Rewritten } from './rewrite.ts';
import { freshName, rebuildTagged } from './tagged.ts';
import { coreValType, limits } from './types.ts';

const IMPORT_SECTION = 2;
const TABLE_SECTION = 4;
const MEMORY_SECTION = 5;
const CODE_SECTION = 10;

export interface LimitOptions {
  /** Stands behind the module's name in stacks, by which its offsets can be mapped back. */
  readonly tag: string;
  /** The most pages that a memory may grow to, besides its own maximum. */
  readonly memory?: ((memory: MemoryType) => bigint) | undefined;
  /** The most elements of a table. */
  readonly table?: ((table: TableType) => bigint) | undefined;
  readonly meter?: MeterKinds | undefined;
}

/** A module with limits. */
export interface LimitedModule extends Rewritten {
  /** The module name under which it imports what its limits need. */
  readonly from: string;
  /** Memories that it defined and now imports, as `memory<index>`. */
  readonly memories: readonly { readonly index: number; readonly type: MemoryType }[];
}

function lowered<T extends MemoryType | TableType>(type: T, most: bigint | undefined): T {
  const { min, max } = type.limits;
  if (most === undefined || (max !== undefined && max <= most)) return type;
  invariant(most >= min, 'a maximum is not below the minimum');
  return { ...type, limits: { ...type.limits, max: most } };
}

/** The tables that a module defines. */
export function definedTables(module: CoreModule): readonly TableType[] {
  return module.tables.slice(module.imports.filter((i) => i.type.kind === 'table').length);
}

/** The table section with other maxima; what tables begin with is copied. */
function tableSection(module: CoreModule, most: (table: TableType) => bigint): readonly Piece[] | undefined {
  const section = module.sections.find((s) => s.id === TABLE_SECTION);
  if (section === undefined) return undefined;
  const r = new Reader(module.bytes, section.start, section.end);
  const tables = definedTables(module);
  r.u32();
  const pieces: Piece[] = [new CodeWriter().u(tables.length).finish()];
  for (const type of tables) {
    const start = r.at;
    const isInitialised = r.peek() === 0x40;
    if (isInitialised) {
      r.byte();
      r.byte();
    }
    coreValType(r);
    pieces.push({ start, end: r.at });
    limits(r, 'table');
    const w = new CodeWriter();
    encodeLimits(w, lowered(type, most(type)).limits);
    pieces.push(w.finish());
    const rest = r.at;
    if (isInitialised) skipExpression(r);
    if (rest < r.at) pieces.push({ start: rest, end: r.at });
  }
  return pieces;
}

/**
 * Rewrites a module so that its instances keep to limits; undefined where none concerns it.
 * @throws MalformedError if its code cannot be read to the end
 */
export function limitModule(module: CoreModule, options: LimitOptions): LimitedModule | undefined {
  const { tag, memory, table, meter } = options;
  const defined = definedMemories(module).map((m) => lowered(m, memory?.(m)));
  const first = module.memories.length - defined.length;
  const from = freshName(
    'tenon:limits',
    module.imports.map((i) => i.module),
  );
  const edits = new Map<number, readonly Piece[] | undefined>();
  const checks = meter === undefined ? [] : meterEdits(module, meter, module.memories.length);
  if (meter !== undefined && checks.length > 0) {
    const imports = defined.map((type, i) => {
      const entry = new CodeWriter().name(from).name(`memory${first + i}`);
      encodeCoreExternType(entry, type);
      return entry.finish();
    });
    edits.set(IMPORT_SECTION, addToSection(module, IMPORT_SECTION, [...imports, ...meterImports(from, meter)]));
    edits.set(CODE_SECTION, editCode(module, checks));
    if (defined.length > 0) edits.set(MEMORY_SECTION, undefined);
  } else if (memory !== undefined && defined.length > 0)
    edits.set(MEMORY_SECTION, [
      new CodeWriter().vec(defined, (m, w) => encodeLimits(w, m.limits, m.pageSizeLog2)).finish(),
    ]);
  const tables = table === undefined ? undefined : tableSection(module, table);
  if (tables !== undefined) edits.set(TABLE_SECTION, tables);
  if (edits.size === 0) return undefined;
  const memories = edits.has(CODE_SECTION) ? defined.map((type, i) => ({ index: first + i, type })) : [];
  return { ...rebuildTagged(module, edits, tag), from, memories };
}
