/**
 * The form of a core module that a text can say: numbers as short as they can be, no empty section, neighbouring locals of one type
 * counted together, a data count section where an instruction needs one. Copies the module construct by construct, and notes what it
 * had to change. Neither the printer nor the parser of texts is asked, but for the tables of instructions. It does not look into
 * custom sections: hints about branches would move with the code that gets shorter.
 */
import {
  encodeCoreExternType,
  encodeCoreValType,
  encodeHeapType,
  encodeLimits,
  encodeRecType,
} from '../../src/core/encode-types.ts';
import { Reader } from '../../src/core/reader.ts';
import { coreExternType, coreHeapType, coreValType, limits, recType } from '../../src/core/types.ts';
import { INSTRUCTIONS } from '../../src/text/core/instructions.ts';
import type { Immediates } from '../../src/text/core/opcodes.ts';
import { CodeWriter } from '../../src/util/code-writer.ts';

/** What had to change, and how often. */
export type Reasons = Map<string, number>;

export interface Canonical {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly reasons: Reasons;
}

const DATA_COUNT = 12;

const BY_CODE = new Map([...INSTRUCTIONS].map(([, { code, immediates }]) => [code.join(), immediates]));

/** How many LEB128 numbers these have. */
const NUMBERS: Readonly<Record<string, number>> = {
  none: 0,
  select: 0,
  label: 1,
  func: 1,
  type: 1,
  local: 1,
  global: 1,
  table: 1,
  elem: 1,
  data: 1,
  tag: 1,
  memory: 1,
  'two tables': 2,
  'table and elem': 2,
  'two memories': 2,
  'memory and data': 2,
  'type use': 2,
  'type and field': 2,
  'type and number': 2,
  'type and data': 2,
  'type and elem': 2,
  'two types': 2,
  'type and tag': 2,
};

const BYTES: Readonly<Record<string, number>> = { f32: 4, f64: 8, v128: 16, lane: 1, lanes: 16, fence: 1 };

class Copier {
  readonly reasons: Reasons = new Map();
  /** Whether the body of a function has an instruction that needs the data count. */
  usesData = false;
  #metData = false;

  note(reason: string): void {
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
  }

  #number<T extends number | bigint>(r: Reader, w: CodeWriter, read: () => T, write: (value: T) => void): T {
    const from = r.at;
    const before = w.length;
    const value = read();
    write(value);
    if (r.at - from !== w.length - before) this.note('padded LEB128');
    return value;
  }

  u(r: Reader, w: CodeWriter): number {
    return this.#number(
      r,
      w,
      () => r.u32(),
      (value) => w.u(value),
    );
  }

  /** Copies a type; its long forms become the short ones. */
  #type<T>(r: Reader, w: CodeWriter, read: (r: Reader) => T, write: (w: CodeWriter, value: T) => void): T {
    const from = r.at;
    const before = w.length;
    const value = read(r);
    write(w, value);
    if (r.at - from !== w.length - before) this.note('longer form of a type');
    return value;
  }

  vec(r: Reader, w: CodeWriter, each: () => void): number {
    const count = this.u(r, w);
    for (let i = 0; i < count; i++) each();
    return count;
  }

  raw(r: Reader, w: CodeWriter, length: number): void {
    const inner = r.sub(length);
    w.raw(inner.bytes.subarray(inner.at, inner.end));
  }

  name(r: Reader, w: CodeWriter): void {
    this.raw(r, w, this.u(r, w));
  }

  valType(r: Reader, w: CodeWriter): void {
    this.#type(r, w, coreValType, encodeCoreValType);
  }

  heapType(r: Reader, w: CodeWriter): void {
    this.#type(r, w, coreHeapType, encodeHeapType);
  }

  recType(r: Reader, w: CodeWriter): void {
    this.#type(r, w, recType, encodeRecType);
  }

  externType(r: Reader, w: CodeWriter): void {
    this.#type(r, w, coreExternType, encodeCoreExternType);
  }

  limits(r: Reader, w: CodeWriter, what: 'memory' | 'table'): void {
    this.#type(
      r,
      w,
      (x) => limits(x, what),
      (x, value) => encodeLimits(x, value.limits, value.pageSizeLog2),
    );
  }

  #memArg(r: Reader, w: CodeWriter): void {
    const flags = this.u(r, new CodeWriter());
    const memory = (flags & 0x40) === 0 ? 0 : this.u(r, new CodeWriter());
    if (memory !== 0) w.u(flags).u(memory);
    else {
      if ((flags & 0x40) !== 0) this.note('memory 0 stated');
      w.u(flags & 0x3f);
    }
    this.#number(
      r,
      w,
      () => r.u64(),
      (value) => w.u(value),
    );
  }

  #immediates(immediates: Immediates, r: Reader, w: CodeWriter): void {
    if (typeof immediates === 'object') {
      this.#memArg(r, w);
      if ('memargLane' in immediates) this.raw(r, w, 1);
      return;
    }
    for (let left = NUMBERS[immediates] ?? 0; left > 0; left--) this.u(r, w);
    if (BYTES[immediates] !== undefined) this.raw(r, w, BYTES[immediates]);
    switch (immediates) {
      case 'labels':
        this.vec(r, w, () => this.u(r, w));
        this.u(r, w);
        return;
      case 'i32':
        this.#number(
          r,
          w,
          () => r.s32(),
          (value) => w.s(value),
        );
        return;
      case 'i64':
        this.#number(
          r,
          w,
          () => r.s64(),
          (value) => w.s(value),
        );
        return;
      case 'heap type':
      case 'ref type':
        this.heapType(r, w);
        return;
      case 'cast':
        this.raw(r, w, 1);
        this.u(r, w);
        this.heapType(r, w);
        this.heapType(r, w);
        return;
      case 'type and handlers':
      case 'type, tag and handlers':
        this.u(r, w);
        if (immediates === 'type, tag and handlers') this.u(r, w);
        this.vec(r, w, () => {
          const kind = r.peek();
          this.raw(r, w, 1);
          this.u(r, w);
          if (kind === 0) this.u(r, w);
        });
    }
  }

  #blockType(r: Reader, w: CodeWriter): void {
    const first = r.peek();
    if (first === 0x40) this.raw(r, w, 1);
    else if ((first & 0xc0) === 0x40) this.valType(r, w);
    else
      this.#number(
        r,
        w,
        () => r.s33(),
        (value) => w.s(value),
      );
  }

  /** Copies an opcode; answers what stands behind it. */
  #opcode(opcode: number, r: Reader, w: CodeWriter): Immediates {
    if (opcode < 0xfb || opcode === 0xff) return BY_CODE.get(String(opcode)) ?? 'none';
    const from = w.length;
    const number = this.u(r, w);
    const code = [opcode, ...w.view().subarray(from)].join();
    // The nullable forms of `ref.test` and `ref.cast`.
    return BY_CODE.get(code) ?? (opcode === 0xfb && number >= 20 && number <= 23 ? 'ref type' : 'none');
  }

  /** Copies instructions with the `end` that closes them. */
  expression(r: Reader, w: CodeWriter): void {
    for (let depth = 1; depth > 0; ) {
      const opcode = r.byte();
      w.byte(opcode);
      switch (opcode) {
        case 0x02:
        case 0x03:
        case 0x04:
        case 0x06:
        case 0x1f:
          depth++;
          this.#blockType(r, w);
          if (opcode === 0x1f)
            this.vec(r, w, () => {
              const kind = r.peek();
              this.raw(r, w, 1);
              if (kind < 2) this.u(r, w);
              this.u(r, w);
            });
          break;
        case 0x18:
          this.u(r, w);
          depth--;
          break;
        case 0x0b:
          depth--;
          break;
        case 0x07:
          this.u(r, w);
          break;
        case 0x1c:
          this.vec(r, w, () => this.valType(r, w));
          break;
        default: {
          const immediates = this.#opcode(opcode, r, w);
          if (immediates === 'data' || immediates === 'memory and data' || immediates === 'type and data')
            this.#metData = true;
          this.#immediates(immediates, r, w);
        }
      }
    }
  }

  locals(r: Reader, w: CodeWriter): void {
    const runs: [count: number, type: string, bytes: Uint8Array][] = [];
    const ignored = new CodeWriter();
    const count = this.u(r, ignored);
    for (let i = 0; i < count; i++) {
      const n = this.u(r, ignored);
      const type = new CodeWriter();
      this.valType(r, type);
      const key = type.view().join();
      const last = runs.at(-1);
      if (n > 0 && last?.[1] === key) last[0] += n;
      else if (n > 0) runs.push([n, key, type.finish()]);
    }
    if (runs.length !== count) this.note('locals of one type in several runs, or none');
    w.vec(runs, ([n, , type]) => w.u(n).raw(type));
  }

  body(r: Reader, w: CodeWriter): void {
    this.#metData = false;
    const inner = new CodeWriter();
    const size = this.u(r, new CodeWriter());
    const body = r.sub(size);
    this.locals(body, inner);
    this.expression(body, inner);
    this.usesData ||= this.#metData;
    w.u(inner.length).raw(inner.view());
  }

  elem(r: Reader, w: CodeWriter): void {
    const flags = this.u(r, w);
    if ((flags & 3) === 2) this.u(r, w);
    if ((flags & 1) === 0) this.expression(r, w);
    if ((flags & 3) !== 0) {
      if ((flags & 4) === 0) this.raw(r, w, 1);
      else this.valType(r, w);
    }
    this.vec(r, w, () => ((flags & 4) === 0 ? this.u(r, w) : this.expression(r, w)));
  }

  data(r: Reader, w: CodeWriter): void {
    const flags = this.u(r, new CodeWriter());
    const memory = flags === 2 ? this.u(r, new CodeWriter()) : 0;
    if (flags === 2 && memory === 0) this.note('memory 0 stated');
    if (flags === 1) w.byte(1);
    else {
      if (memory === 0) w.byte(0);
      else w.byte(2).u(memory);
      this.expression(r, w);
    }
    this.raw(r, w, this.u(r, w));
  }
}

function copyTable(copier: Copier, r: Reader, w: CodeWriter): void {
  const initialised = r.peek() === 0x40;
  if (initialised) r.sub(2);
  const type = new CodeWriter();
  copier.valType(r, type);
  copier.limits(r, type, 'table');
  const empty = initialised && r.peek() === 0x0b;
  if (empty) {
    copier.note('table with an empty initial value');
    r.byte();
  }
  if (initialised && !empty) w.byte(0x40, 0x00);
  w.raw(type.view());
  if (initialised && !empty) copier.expression(r, w);
}

type CopyEntry = (copier: Copier, r: Reader, w: CodeWriter) => void;

/** How one entry of a section is copied, by the section's id. */
const ENTRIES: Readonly<Record<number, CopyEntry>> = {
  1: (copier, r, w) => copier.recType(r, w),
  2: (copier, r, w) => {
    copier.name(r, w);
    copier.name(r, w);
    copier.externType(r, w);
  },
  3: (copier, r, w) => copier.u(r, w),
  4: copyTable,
  5: (copier, r, w) => copier.limits(r, w, 'memory'),
  6: (copier, r, w) => {
    copier.valType(r, w);
    copier.raw(r, w, 1);
    copier.expression(r, w);
  },
  7: (copier, r, w) => {
    copier.name(r, w);
    copier.raw(r, w, 1);
    copier.u(r, w);
  },
  9: (copier, r, w) => copier.elem(r, w),
  10: (copier, r, w) => copier.body(r, w),
  11: (copier, r, w) => copier.data(r, w),
  13: (copier, r, w) => {
    copier.raw(r, w, 1);
    copier.u(r, w);
  },
};

interface Copied {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly empty: boolean;
}

function copySection(id: number, copier: Copier, r: Reader): Copied {
  const w = new CodeWriter();
  if (id === 0) {
    copier.name(r, w);
    copier.raw(r, w, r.end - r.at);
    return { id, bytes: w.finish(), empty: false };
  }
  if (id === 8 || id === DATA_COUNT) {
    copier.u(r, w);
    return { id, bytes: w.finish(), empty: false };
  }
  const count = copier.vec(r, w, () => ENTRIES[id]!(copier, r, w));
  return { id, bytes: w.finish(), empty: count === 0 };
}

/** The number of data segments, in a section behind which the code follows. */
function withDataCount(sections: readonly Copied[]): readonly Copied[] {
  const data = sections.find((s) => s.id === 11);
  const bytes = new CodeWriter().u(data === undefined ? 0 : new Reader(data.bytes as Uint8Array<ArrayBuffer>).u32());
  const code = sections.findIndex((s) => s.id === 10);
  // Custom sections in front of the code stand behind it.
  let at = code;
  while (sections[at - 1]?.id === 0) at--;
  return sections.toSpliced(at, 0, { id: DATA_COUNT, bytes: bytes.finish(), empty: false });
}

/** Copies a module into canonical form. The module must be well formed. */
export function canonicalModule(bytes: Uint8Array<ArrayBuffer>): Canonical {
  const copier = new Copier();
  const r = new Reader(bytes, 8);
  let sections: readonly Copied[] = [];
  const sizes = new CodeWriter();
  while (!r.done) {
    const id = r.byte();
    sections = [...sections, copySection(id, copier, r.sub(copier.u(r, sizes)))];
  }
  const counted = sections.some((s) => s.id === DATA_COUNT);
  if (counted && !copier.usesData) {
    copier.note('data count that no instruction needs');
    sections = sections.filter((s) => s.id !== DATA_COUNT);
  } else if (!counted && copier.usesData) {
    copier.note('data count missing');
    sections = withDataCount(sections);
  }
  const out = new CodeWriter().raw(bytes.subarray(0, 8));
  for (const section of sections) {
    if (section.empty) copier.note('empty section');
    else out.byte(section.id).u(section.bytes.length).raw(section.bytes);
  }
  return { bytes: out.finish(), reasons: copier.reasons };
}
