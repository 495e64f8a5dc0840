/**
 * Rewrites a core module so that an instance of it can be made fresh again, and says of a module why that cannot be proven.
 *
 * What an instance has that changes: memories, globals, tables, segments that were dropped. A rewritten module imports the memories
 * that it defined, from whoever clears them; it exports a function that evaluates the initial value of each mutable global anew; and
 * its start function is exported, not run, since a fresh instance runs it anew. Tables and segments must not change: a module with an
 * instruction that would change one is refused.
 *
 * A memory that has grown cannot shrink. So `memory.size` and `memory.grow` are those of a number in a further memory, the ledger:
 * 8 bytes for each memory of the instance's store, its size in pages. What stands between that size and the memory's true one is zero.
 *
 * Indices stay: imported memories come before defined ones, and the ledger behind both; functions and types are added at the end.
 */
import { MalformedError } from '../error/error.ts';
import type { MemoryType } from '../types/core-type.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { invariant } from '../util/invariant.ts';
import { type CodeEdit, editCode, mergeEdits } from './code-edits.ts';
import { skipExpression } from './constant-expression.ts';
import type { CoreModule } from './decode.ts';
import { encodeCoreExternType } from './encode-types.ts';
import {
  DATA_DROP,
  ELEM_DROP,
  findInstructions,
  MEMORY_DISCARD,
  MEMORY_GROW,
  MEMORY_SIZE,
  type Site,
  TABLE_COPY,
  TABLE_FILL,
  TABLE_GROW,
  TABLE_INIT,
  TABLE_SET,
} from './instructions.ts';
import { type MeterKinds, meterEdits, meterImports } from './meter.ts';
import { Reader } from './reader.ts';
import { addToSection, definedMemories, type Piece, type Rewritten } from './rewrite.ts';
import { freshName, rebuildTagged } from './tagged.ts';
import { coreValType } from './types.ts';

/** Bytes of the ledger for one memory. */
export const LEDGER_ENTRY = 8;

/** Page size of memories that can be recycled. */
const PAGE_LOG2 = 16;

const TYPE_SECTION = 1;
const IMPORT_SECTION = 2;
const FUNCTION_SECTION = 3;
const MEMORY_SECTION = 5;
const GLOBAL_SECTION = 6;
const EXPORT_SECTION = 7;
const START_SECTION = 8;
const CODE_SECTION = 10;

const CHANGING: ReadonlyMap<number, string> = new Map([
  [TABLE_SET, 'table.set'],
  [TABLE_INIT, 'table.init'],
  [TABLE_COPY, 'table.copy'],
  [TABLE_GROW, 'table.grow'],
  [TABLE_FILL, 'table.fill'],
  [ELEM_DROP, 'elem.drop'],
  [DATA_DROP, 'data.drop'],
  [MEMORY_DISCARD, 'memory.discard'],
]);

const CHANGING_OPCODES: ReadonlySet<number> = new Set(CHANGING.keys());

/** Why it cannot be proven that an instance of the module can be made fresh again; undefined where it can. */
export function whyNotRecyclable(module: CoreModule): string | undefined {
  if (module.types.some(({ composite }) => composite.kind !== 'func')) return 'it has structs, arrays or continuations';
  for (const { limits, pageSizeLog2 } of module.memories) {
    if (limits.shared) return 'it has a shared memory';
    if ((pageSizeLog2 ?? PAGE_LOG2) !== PAGE_LOG2) return 'it has a memory with pages of another size';
  }
  let reason: string | undefined;
  try {
    findInstructions(module, CHANGING_OPCODES, ({ opcode }) => {
      reason ??= `its code has ${CHANGING.get(opcode)}`;
    });
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    reason = 'its code cannot be read to the end';
  }
  return reason;
}

/** A module whose instances can be made fresh again. */
export interface Recyclable extends Rewritten {
  /** The module name under which it imports `memory<n>`, by the memory's index, and `ledger`. */
  readonly from: string;
  /** Memories that it defined, by their indices. */
  readonly memories: readonly { readonly index: number; readonly type: MemoryType }[];
  /** The export that sets its globals to their initial values; undefined where it has none that change. */
  readonly reset: string | undefined;
  /** The export that is its start function. */
  readonly start: string | undefined;
  /** False where the module itself does as well: nothing but its name was changed. */
  readonly changed: boolean;
}

export interface RecycleOptions {
  /** For each memory of the module, the place of its size in the ledger. */
  readonly places: readonly number[];
  /** Stands behind the module's name in stacks, by which its offsets can be mapped back. */
  readonly tag: string;
  /** The most pages that a memory may grow to, besides its own maximum. */
  readonly maximum?: ((memory: MemoryType) => bigint) | undefined;
  /** By what its computation is limited, if it is. */
  readonly meter?: MeterKinds | undefined;
}

const I32 = 0x7f;
const I64 = 0x7e;
const LOCAL_GET = 0x20;
const LOCAL_TEE = 0x22;
const GLOBAL_SET = 0x24;
const CALL = 0x10;
const RETURN = 0x0f;
const IF = 0x04;
const END = 0x0b;
const VOID = 0x40;

/** Instructions for numbers of 32 bits and of 64. */
const OPS = {
  32: { type: I32, load: 0x28, store: 0x36, align: 2, constant: 0x41, eq: 0x46, gtU: 0x4b, add: 0x6a, sub: 0x6b },
  64: { type: I64, load: 0x29, store: 0x37, align: 3, constant: 0x42, eq: 0x51, gtU: 0x56, add: 0x7c, sub: 0x7d },
} as const;

const MOST_PAGES = { 32: 1n << 16n, 64: 1n << 48n } as const;

/** Collects what is added to one module. */
class Recycler {
  readonly #module: CoreModule;
  readonly #options: RecycleOptions;
  readonly #defined: readonly MemoryType[];
  readonly #types: Uint8Array[] = [];
  readonly #functions: { readonly type: number; readonly body: Uint8Array }[] = [];
  readonly #exports: Uint8Array[] = [];
  /** Functions that grow a memory, by its index. */
  readonly #growing = new Map<number, number>();

  constructor(module: CoreModule, options: RecycleOptions) {
    this.#module = module;
    this.#options = options;
    this.#defined = definedMemories(module);
  }

  #width(memory: number): 32 | 64 {
    return this.#module.memories[memory]?.limits.is64 === true ? 64 : 32;
  }

  #limited(memory: MemoryType): MemoryType {
    const { max } = memory.limits;
    const given = this.#options.maximum?.(memory);
    if (given === undefined || (max !== undefined && max <= given)) return memory;
    invariant(given >= memory.limits.min, 'a maximum is not below the minimum');
    return { ...memory, limits: { ...memory.limits, max: given } };
  }

  #function(params: readonly number[], results: readonly number[], body: Uint8Array): number {
    const type = new CodeWriter().byte(0x60).vec(params, (p, w) => w.byte(p));
    type.vec(results, (r, w) => w.byte(r));
    this.#types.push(type.finish());
    this.#functions.push({ type: this.#module.types.length + this.#types.length - 1, body });
    return this.#module.funcs.length + this.#functions.length - 1;
  }

  #export(name: string, func: number): string {
    const taken = this.#module.exports.map((e) => e.name);
    const own = freshName(name, taken);
    this.#exports.push(new CodeWriter().name(own).byte(0).u(func).finish());
    return own;
  }

  /** The index of the ledger among the memories. */
  get #ledger(): number {
    return this.#module.memories.length;
  }

  /** The address, then (for a store) the value by `value`, then the access to the memory's number in the ledger. */
  #access(w: CodeWriter, memory: number, what: 'load' | 'store', value?: (w: CodeWriter) => void): CodeWriter {
    const ops = OPS[this.#width(memory)];
    w.byte(OPS[32].constant).s(0);
    value?.(w);
    const at = (this.#options.places[memory] ?? 0) * LEDGER_ENTRY;
    return w
      .byte(ops[what], ops.align | 0x40)
      .u(this.#ledger)
      .u(at);
  }

  /**
   * `(delta) -> old`, as `memory.grow`: grows the memory itself only where it is not as large yet.
   */
  #grow(memory: number): number {
    let index = this.#growing.get(memory);
    if (index !== undefined) return index;
    const width = this.#width(memory);
    const ops = OPS[width];
    const [delta, old, size] = [0, 1, 2];
    const most = this.#limited(this.#module.memories[memory]!).limits.max ?? MOST_PAGES[width];
    const signed = width === 32 ? BigInt.asIntN(32, most) : BigInt.asIntN(64, most);
    const w = new CodeWriter();
    const get = (local: number): CodeWriter => w.byte(LOCAL_GET).u(local);
    const refuse = (): CodeWriter => w.byte(IF, VOID, ops.constant).s(-1).byte(RETURN, END);
    get(delta).byte(ops.constant).s(signed);
    this.#access(w, memory, 'load').byte(LOCAL_TEE).u(old).byte(ops.sub, ops.gtU);
    refuse();
    get(old);
    get(delta).byte(ops.add, LOCAL_TEE).u(size).byte(0x3f).u(memory).byte(ops.gtU, IF, VOID);
    get(size).byte(0x3f).u(memory).byte(ops.sub, 0x40).u(memory).byte(ops.constant).s(-1).byte(ops.eq);
    refuse().byte(END);
    this.#access(w, memory, 'store', () => get(size));
    get(old).byte(END);
    const locals = new CodeWriter().u(1).u(2).byte(ops.type);
    index = this.#function([ops.type], [ops.type], locals.raw(w.view()).finish());
    this.#growing.set(memory, index);
    return index;
  }

  /** What stands for an instruction about a memory's size. */
  #replacement({ opcode, index }: Site): Uint8Array {
    const w = new CodeWriter();
    if (opcode === MEMORY_GROW) return w.byte(CALL).u(this.#grow(index)).finish();
    return this.#access(w, index, 'load').finish();
  }

  /** The code section, with other instructions for the sizes of memories, and checks; undefined where it can stay as it is. */
  #code(): readonly Piece[] | undefined {
    const sizes: CodeEdit[] = [];
    findInstructions(this.#module, new Set([MEMORY_SIZE, MEMORY_GROW]), (site) => {
      sizes.push({ start: site.start, end: site.end, bytes: this.#replacement(site) });
    });
    this.#resetGlobals();
    const { meter } = this.#options;
    const checks = meter === undefined ? [] : meterEdits(this.#module, meter, this.#ledger + 1);
    if (this.#functions.length === 0 && sizes.length === 0 && checks.length === 0) return undefined;
    const added = this.#functions.map(({ body }) => body);
    return editCode(this.#module, mergeEdits(checks, sizes), added);
  }

  #reset: string | undefined;

  #resetGlobals(): void {
    const { bytes, globals, sections, imports } = this.#module;
    const section = sections.find((s) => s.id === GLOBAL_SECTION);
    if (section === undefined) return;
    const imported = imports.filter((i) => i.type.kind === 'global').length;
    const r = new Reader(bytes, section.start, section.end);
    const w = new CodeWriter().u(0);
    let changes = false;
    for (let count = r.u32(), index = imported; count > 0; count--, index++) {
      coreValType(r);
      r.byte();
      const from = r.at;
      skipExpression(r);
      if (globals[index]?.mutable !== true) continue;
      changes = true;
      // Without its `end`.
      w.raw(bytes.subarray(from, r.at - 1))
        .byte(GLOBAL_SET)
        .u(index);
    }
    if (changes) this.#reset = this.#export('tenon:reset', this.#function([], [], w.byte(END).finish()));
  }

  #imports(from: string, hasCode: boolean): readonly Uint8Array[] {
    const { meter } = this.#options;
    const ledger = hasCode && (meter !== undefined || this.#module.memories.length > 0);
    const first = this.#module.memories.length - this.#defined.length;
    const entries = this.#defined.map((memory, i) => {
      const entry = new CodeWriter().name(from).name(`memory${first + i}`);
      encodeCoreExternType(entry, this.#limited(memory));
      return entry.finish();
    });
    // The ledger has one page, and no maximum that matters.
    if (ledger) entries.push(new CodeWriter().name(from).name('ledger').byte(0x02, 0x00).u(1).finish());
    if (hasCode && meter !== undefined) entries.push(...meterImports(from, meter));
    return entries;
  }

  run(): Recyclable {
    const module = this.#module;
    const edits = new Map<number, readonly Piece[] | undefined>();
    const code = this.#code();
    const start = module.startFunc === undefined ? undefined : this.#export('tenon:start', module.startFunc);
    const from = freshName(
      'tenon:recycled',
      module.imports.map((i) => i.module),
    );
    const add = (id: number, entries: readonly Uint8Array[]): void => {
      if (entries.length > 0) edits.set(id, addToSection(module, id, entries));
    };
    add(TYPE_SECTION, this.#types);
    add(IMPORT_SECTION, this.#imports(from, code !== undefined));
    add(
      FUNCTION_SECTION,
      this.#functions.map(({ type }) => new CodeWriter().u(type).finish()),
    );
    add(EXPORT_SECTION, this.#exports);
    if (code !== undefined) edits.set(CODE_SECTION, code);
    if (this.#defined.length > 0) edits.set(MEMORY_SECTION, undefined);
    if (start !== undefined) edits.set(START_SECTION, undefined);
    const rewritten = rebuildTagged(module, edits, this.#options.tag);
    const first = module.memories.length - this.#defined.length;
    const memories = this.#defined.map((type, i) => ({ index: first + i, type: this.#limited(type) }));
    return { ...rewritten, from, memories, reset: this.#reset, start, changed: edits.size > 0 };
  }
}

/**
 * Rewrites a module so that its instances can be made fresh again.
 * @throws MalformedError if its code cannot be read; ask {@link whyNotRecyclable} before
 */
export function recyclable(module: CoreModule, options: RecycleOptions): Recyclable {
  return new Recycler(module, options).run();
}
