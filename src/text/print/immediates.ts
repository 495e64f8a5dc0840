/**
 * What stands behind the opcodes of instructions, as text with a space in front. The inverse of the parser's `immediates.ts`.
 * Specification: core 3.0, "Binary format, instructions".
 */
import type { NamedSort } from '../../core/name-section.ts';
import type { Reader } from '../../core/reader.ts';
import { coreHeapType, coreValType } from '../../core/types.ts';
import { malformed } from '../../error/malformed-reason.ts';
import type { RefType } from '../../types/core-type.ts';
import { unreachable } from '../../util/invariant.ts';
import type { Immediates } from '../core/opcodes.ts';
import { floatText } from './float.ts';
import { coreValTypeText, heapTypeText, memberLists, refTypeText } from './module-types.ts';

/** How what instructions refer to is called. */
export interface CodeScope {
  readonly ref: (sort: NamedSort, index: number) => string;
  readonly typeRef: (index: number) => string;
  readonly local: (index: number) => string;
  /** A label by how many blocks out it is. */
  readonly label: (depth: number) => string;
  readonly field: (type: number, index: number) => string;
}

/** Reads the immediates of one instruction and prints them. */
export type PrintImmediates = (r: Reader, scope: CodeScope) => string;

type Of<Kind extends Immediates> = Readonly<Record<Extract<Kind, string>, PrintImmediates>>;

function indexOf(sort: NamedSort): PrintImmediates {
  return (r, scope) => ` ${scope.ref(sort, r.u32())}`;
}

/** An index that may be left out where it is 0. */
function optional(sort: NamedSort): PrintImmediates {
  return (r, scope) => {
    const index = r.u32();
    return index === 0 ? '' : ` ${scope.ref(sort, index)}`;
  };
}

function twoIndices(sort: NamedSort): PrintImmediates {
  return (r, scope) => {
    const [first, second] = [r.u32(), r.u32()];
    return first === 0 && second === 0 ? '' : ` ${scope.ref(sort, first)} ${scope.ref(sort, second)}`;
  };
}

/** A segment and, in the text in front of it, what it is copied to. */
function segment(sort: NamedSort, target: NamedSort): PrintImmediates {
  return (r, scope) => {
    const text = ` ${scope.ref(sort, r.u32())}`;
    return optional(target)(r, scope) + text;
  };
}

/** A type and something behind it. */
function typeAnd(second: NamedSort): PrintImmediates {
  return (r, scope) => ` ${scope.typeRef(r.u32())} ${scope.ref(second, r.u32())}`;
}

const INDICES: Of<
  | 'func'
  | 'type'
  | 'global'
  | 'tag'
  | 'elem'
  | 'data'
  | 'local'
  | 'table'
  | 'memory'
  | 'two tables'
  | 'two memories'
  | 'table and elem'
  | 'memory and data'
  | 'two types'
  | 'type and data'
  | 'type and elem'
  | 'type and tag'
  | 'type and field'
  | 'type and number'
> = {
  func: indexOf('func'),
  type: indexOf('type'),
  global: indexOf('global'),
  tag: indexOf('tag'),
  elem: indexOf('elem'),
  data: indexOf('data'),
  local: (r, scope) => ` ${scope.local(r.u32())}`,
  table: indexOf('table'),
  memory: optional('memory'),
  'two tables': twoIndices('table'),
  'two memories': twoIndices('memory'),
  'table and elem': segment('elem', 'table'),
  'memory and data': segment('data', 'memory'),
  'two types': typeAnd('type'),
  'type and data': typeAnd('data'),
  'type and elem': typeAnd('elem'),
  'type and tag': typeAnd('tag'),
  'type and field': (r, scope) => {
    const type = r.u32();
    return ` ${scope.typeRef(type)} ${scope.field(type, r.u32())}`;
  },
  'type and number': (r, scope) => ` ${scope.typeRef(r.u32())} ${r.u32()}`,
};

function bitsOf(r: Reader, bytes: 4 | 8): bigint {
  const at = r.at;
  const inner = r.sub(bytes);
  const view = new DataView(inner.bytes.buffer, inner.bytes.byteOffset + at, bytes);
  return bytes === 4 ? BigInt(view.getUint32(0, true)) : view.getBigUint64(0, true);
}

function byteList(r: Reader, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) text += ` ${r.byte()}`;
  return text;
}

const CONSTANTS: Of<'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'lane' | 'lanes'> = {
  i32: (r) => ` ${r.s32()}`,
  i64: (r) => ` ${r.s64()}`,
  f32: (r) => ` ${floatText(bitsOf(r, 4), 32)}`,
  f64: (r) => ` ${floatText(bitsOf(r, 8), 64)}`,
  v128: (r) => {
    let text = ' i32x4';
    for (let i = 0; i < 4; i++) text += ` 0x${bitsOf(r, 4).toString(16).padStart(8, '0')}`;
    return text;
  },
  lane: (r) => byteList(r, 1),
  lanes: (r) => byteList(r, 16),
};

const LABELS: Of<'label' | 'labels'> = {
  label: (r, scope) => ` ${scope.label(r.u32())}`,
  labels: (r, scope) => {
    const targets = r.vec((x) => x.u32());
    targets.push(r.u32());
    return targets.map((target) => ` ${scope.label(target)}`).join('');
  },
};

/** What `br_on_cast` has in front of the label: bit 0 for a nullable source, bit 1 for a nullable target. */
function cast(r: Reader, scope: CodeScope): string {
  const flags = r.byte();
  if (flags > 3) r.fail(malformed.castFlags(), r.at - 1);
  const label = scope.label(r.u32());
  const from: RefType = { kind: 'ref', nullable: (flags & 1) !== 0, heap: coreHeapType(r) };
  const to: RefType = { kind: 'ref', nullable: (flags & 2) !== 0, heap: coreHeapType(r) };
  return ` ${label} ${refTypeText(from, scope.typeRef)} ${refTypeText(to, scope.typeRef)}`;
}

/** `(on $tag $label)`, `(on $tag switch)` */
function handlers(r: Reader, scope: CodeScope): string {
  const texts = r.vec(() => {
    const at = r.at;
    const kind = r.byte();
    if (kind > 1) r.fail(malformed.handler(kind), at);
    const tag = scope.ref('tag', r.u32());
    return ` (on ${tag} ${kind === 0 ? scope.label(r.u32()) : 'switch'})`;
  });
  return texts.join('');
}

const TYPED: Of<
  'type use' | 'select' | 'heap type' | 'cast' | 'type and handlers' | 'type, tag and handlers' | 'fence' | 'none'
> = {
  none: () => '',
  // The form without types; the other has an opcode of its own.
  select: () => '',
  'type use': (r, scope) => {
    const type = scope.typeRef(r.u32());
    return `${optional('table')(r, scope)} (type ${type})`;
  },
  'heap type': (r, scope) => ` ${heapTypeText(coreHeapType(r), scope.typeRef)}`,
  cast,
  'type and handlers': (r, scope) => ` ${scope.typeRef(r.u32())}${handlers(r, scope)}`,
  'type, tag and handlers': (r, scope) =>
    ` ${scope.typeRef(r.u32())} ${scope.ref('tag', r.u32())}${handlers(r, scope)}`,
  fence: (r) => {
    r.zero('atomic.fence');
    return '';
  },
};

/** `select` with its type; it may state any number. */
export const selectTypes: PrintImmediates = (r, scope) => {
  const types = r.vec(coreValType).map((type) => coreValTypeText(type, scope.typeRef));
  return types.length === 0 ? ' (result)' : memberLists('result', types);
};

/** The target of `ref.test` and `ref.cast`, whose opcode says whether it is nullable. */
export function castTarget(nullable: boolean): PrintImmediates {
  return (r, scope) => ` ${refTypeText({ kind: 'ref', nullable, heap: coreHeapType(r) }, scope.typeRef)}`;
}

/** Flags: bits 0 to 5 the logarithm of the alignment, bit 6 whether a memory index follows. */
function memArg(natural: number): PrintImmediates {
  const naturalLog = 31 - Math.clz32(natural);
  return (r, scope) => {
    const at = r.at;
    const flags = r.u32();
    if (flags >= 0x80) r.fail(malformed.memoryFlags(), at);
    const memory = (flags & 0x40) === 0 ? '' : optional('memory')(r, scope);
    const log = flags & 0x3f;
    const offset = r.u64();
    const align = log === naturalLog ? '' : ` align=${1n << BigInt(log)}`;
    return `${memory}${offset === 0n ? '' : ` offset=${offset}`}${align}`;
  };
}

const BY_NAME: Of<Extract<Immediates, string>> & { readonly 'ref type': PrintImmediates } = {
  ...INDICES,
  ...CONSTANTS,
  ...LABELS,
  ...TYPED,
  'ref type': castTarget(false),
};

/** How the immediates of an instruction are printed. */
export function printerOf(immediates: Immediates): PrintImmediates {
  if (typeof immediates === 'string') return BY_NAME[immediates];
  if ('memarg' in immediates) return memArg(immediates.memarg);
  if (!('memargLane' in immediates)) return unreachable(immediates);
  const arg = memArg(immediates.memargLane);
  return (r, scope) => arg(r, scope) + byteList(r, 1);
}
