/** What cases cover, so that a generator which stops making something is found out. */
import { despecialize } from '../../../src/abi/despecialize.ts';
import { flattenTypes } from '../../../src/abi/flatten.ts';
import { allocates, holds } from '../../../src/abi/holds.ts';
import type { TrapCode } from '../../../src/error/trap.ts';
import type { ValueType } from '../../../src/types/value-type.ts';
import { POLICIES } from '../allocator.ts';
import { MAX_DEPTH, PARAM_COUNTS } from '../generate-abi.ts';
import { ADAPTER_BITS, hasBit, hasTables } from './adapter.ts';
import { ANSWERS, type Case, ENCODINGS, ENDINGS, KINDS, type Kind, LIFTS, needsOf, type SideCase } from './case.ts';
import { isBuilt, linksOf } from './chain.ts';
import { failed, type Outcome } from './outcome.ts';

/** From so many calls of a kind on, everything must have been covered. */
export const ENOUGH = 3_000;

const TYPE_KINDS = [
  'bool',
  's8',
  'u8',
  's16',
  'u16',
  's32',
  'u32',
  's64',
  'u64',
  'f32',
  'f64',
  'char',
  'string',
  'error-context',
  'record',
  'variant',
  'list',
  'fixed-list',
  'map',
  'tuple',
  'flags',
  'enum',
  'option',
  'result',
  'own',
  'borrow',
  'stream',
  'future',
] as const satisfies readonly ValueType['kind'][];

const FLAT_COUNTS = [0, 1, 2, 4, 5, 15, 16, 17] as const;
const WIDTHS = ['32', '64'] as const;

/** The parts of a type that are types. */
function children(type: ValueType): readonly ValueType[] {
  if (type.kind === 'map') return [type.key, type.value];
  const t = despecialize(type);
  switch (t.kind) {
    case 'record':
      return t.fields.map((f) => f.type);
    case 'variant':
      return t.cases.flatMap((c) => (c.type === undefined ? [] : [c.type]));
    case 'list':
    case 'fixed-list':
      return [t.element];
    default:
      return [];
  }
}

function depthOf(type: ValueType): number {
  return Math.max(0, ...children(type).map((t) => depthOf(t) + 1));
}

function* kindsIn(type: ValueType): Generator<ValueType['kind']> {
  yield type.kind;
  for (const child of children(type)) yield* kindsIn(child);
}

function holdsText(type: ValueType): boolean {
  return holds(type, ({ kind }) => kind === 'string');
}

/** Whether there are two guests. */
function isPair(kind: Kind): boolean {
  return kind === 'adapter' || kind === 'chain';
}

/** `a > b`: from one side to the other. A host has neither encoding nor width. */
function pair(kind: Kind, from: string, to: string): string {
  return isPair(kind) ? `${from} > ${to}` : kind === 'export' ? to : from;
}

/** How the components of a chain are joined. */
function chainJoints(c: Case): readonly string[] {
  const ends = `the host ends with ${c.ending === 'promise' || c.ending === 'rejects' ? 'a promise' : 'a value'}`;
  if (!c.type.async) return [`sync function, ${ends}`];
  const [first, second] = linksOf(c);
  return [
    `async function, ${ends}`,
    `first lifted ${first.lift}`,
    `called ${first.lower}, lifted ${second.lift}`,
    `second calls ${second.lower}`,
  ];
}

/** How a call of a type is joined. */
function joint(c: Case): string {
  if (!c.type.async)
    return c.kind === 'export' ? `sync function, ${c.halves ? 'in two halves' : 'at once'}` : 'sync function';
  if (c.kind === 'export') return `async function, lifted ${c.lift}`;
  if (c.kind === 'import') return `async function, called ${c.lower}`;
  return `async function, called ${c.lower}, lifted ${c.lift}, ${isWhole(c) ? 'as a whole' : 'by its parts'}`;
}

function isWhole(c: Case): boolean {
  return !hasBit(c, 'parts') && !hasBit(c, 'maySuspend');
}

function* typeItems(c: Case): Generator<string> {
  const { params, result } = c.type;
  for (const p of params) for (const kind of kindsIn(p.type)) yield `type: ${kind} in a parameter`;
  if (result !== undefined) for (const kind of kindsIn(result)) yield `type: ${kind} in the result`;
  const depths = [...params.map((p) => p.type), ...(result === undefined ? [] : [result])].map(depthOf);
  yield `size: nested ${Math.min(Math.max(0, ...depths), MAX_DEPTH)} deep`;
  yield `size: ${params.length} parameters`;
  const types = params.map((p) => p.type);
  const flat = flattenTypes(types, 4).length;
  if (FLAT_COUNTS.some((n) => n === flat)) yield `size: ${flat} core values`;
  if (types.some(holdsText)) yield `encodings: in, ${pair(c.kind, c.caller.encoding, c.callee.encoding)}`;
  if (result !== undefined && holdsText(result))
    yield `encodings: out, ${pair(c.kind, c.caller.encoding, c.callee.encoding)}`;
  if ([...types, ...(result === undefined ? [] : [result])].some(allocates))
    yield `widths: ${pair(c.kind, c.caller.width, c.callee.width)}`;
}

function anyKind({ type: { params, result } }: Case, wanted: string): boolean {
  const types = [...params.map((p) => p.type), ...(result === undefined ? [] : [result])];
  return types.some((t) => holds(t, ({ kind }) => kind === wanted));
}

function sideOf(c: Case): SideCase {
  return c.kind === 'import' ? c.caller : c.callee;
}

function* callItems(c: Case, { end, notes }: Outcome): Generator<string> {
  yield `end: ${failed(end) ? end.code : 'well'}`;
  if (c.kind === 'chain') {
    for (const one of chainJoints(c)) yield `joint: ${one}`;
    if (isBuilt(c)) yield `joint: built ahead of time, ${c.type.async ? 'async' : 'sync'}`;
    return;
  }
  yield `joint: ${joint(c)}`;
  yield `memory: allocated ${sideOf(c).policy}`;
  const which = c.kind === 'import' ? 'caller' : 'callee';
  if (sideOf(c).bare && !needsOf(c, which).memory) yield 'memory: none';
  for (const note of notes) yield `memory: ${note}`;
  if (c.kind === 'adapter') {
    yield `joint: ${c.shared ? 'one memory' : 'two memories'}`;
    if (hasTables(c)) for (const kind of ['own', 'borrow']) if (anyKind(c, kind)) yield `joint: ${kind} in tables`;
    for (const bit of ADAPTER_BITS) if (hasBit(c, bit)) yield `joint: ${bit}`;
  }
  if (c.kind === 'import') yield `joint: the host ends with ${c.ending}`;
  if (c.postReturn && c.kind !== 'import') yield 'joint: post-return';
  yield `faults: ${Math.min(c.faults.length, 2)}`;
  for (const fault of c.faults) {
    if (fault.kind !== 'realloc') yield `faults: ${fault.kind}`;
    else if (fault.call === 0) yield `faults: realloc answers ${fault.answer}`;
  }
}

export type Reached = ReadonlyMap<string, number>;

/** Counts what cases reach. */
export class Coverage {
  readonly #reached = new Map<string, number>();

  get reached(): Reached {
    return this.#reached;
  }

  add(c: Case, outcome: Outcome): void {
    const items = new Set([...typeItems(c), ...callItems(c, outcome)]);
    for (const item of items) {
      const key = `${c.kind}, ${item}`;
      this.#reached.set(key, (this.#reached.get(key) ?? 0) + 1);
    }
  }
}

const GUEST_CODES: readonly TrapCode[] = [
  'unaligned-pointer',
  'memory-out-of-bounds',
  'list-out-of-bounds',
  'string-out-of-bounds',
  'realloc-out-of-bounds',
  'realloc-unaligned',
  'invalid-char',
  'invalid-discriminant',
  'invalid-utf8',
  'incomplete-utf8',
  'invalid-utf16',
];
const HANDLE_CODES: readonly TrapCode[] = ['unknown-handle', 'wrong-handle-type', 'handle-borrowed', 'borrows-remain'];
const CODES: { readonly [K in Kind]: readonly string[] } = {
  adapter: ['well', ...GUEST_CODES, ...HANDLE_CODES],
  export: ['well', 'wrong-value', ...GUEST_CODES],
  import: ['well', 'host-value', 'host-error', ...GUEST_CODES],
  chain: ['well'],
};
const JOINTS: { readonly [K in Kind]: readonly string[] } = {
  adapter: [
    'sync function',
    ...['sync', 'async'].flatMap((lower) =>
      LIFTS.flatMap((lift) =>
        ['as a whole', 'by its parts'].map((how) => `async function, called ${lower}, lifted ${lift}, ${how}`),
      ),
    ),
    'one memory',
    'two memories',
    'own in tables',
    'borrow in tables',
    'post-return',
    ...ADAPTER_BITS,
  ],
  export: [
    'sync function, at once',
    'sync function, in two halves',
    ...LIFTS.map((lift) => `async function, lifted ${lift}`),
    'post-return',
  ],
  import: [
    'sync function',
    'async function, called sync',
    'async function, called async',
    ...ENDINGS.map((ending) => `the host ends with ${ending}`),
  ],
  chain: [
    ...['sync', 'async'].flatMap((type) =>
      ['value', 'promise'].map((end) => `${type} function, the host ends with a ${end}`),
    ),
    ...['sync', 'async'].map((type) => `built ahead of time, ${type}`),
    ...LIFTS.map((lift) => `first lifted ${lift}`),
    ...['sync', 'async'].flatMap((lower) => LIFTS.map((lift) => `called ${lower}, lifted ${lift}`)),
    ...['sync', 'async'].map((lower) => `second calls ${lower}`),
  ],
};
const FAULT_KINDS: { readonly [K in Exclude<Kind, 'chain'>]: readonly string[] } = {
  adapter: ['byte', 'flat', 'pointer'],
  export: ['byte', 'flat', 'value'],
  import: ['byte', 'flat', 'pointer', 'value'],
};

/** All pairs, or the one side that there is at a border. */
function pairs(kind: Kind, of: readonly string[]): readonly string[] {
  return isPair(kind) ? of.flatMap((a) => of.map((b) => `${a} > ${b}`)) : of;
}

/** What must happen in memory, and go wrong. */
function requiredFaults(kind: keyof typeof FAULT_KINDS): readonly string[] {
  const memory = [
    'none',
    'a value ends with the memory',
    'memory grew within realloc',
    ...POLICIES.map((p) => `allocated ${p}`),
  ];
  // A host's text is written with one exact allocation in UTF-8 and UTF-16; between guests sizes are guessed.
  if (kind !== 'import') memory.push('realloc changed a size');
  if (kind !== 'adapter') memory.push('a lone surrogate of the host');
  return [
    ...memory.map((m) => `memory: ${m}`),
    ...[0, 1, 2].map((n) => `faults: ${n}`),
    ...FAULT_KINDS[kind].map((f) => `faults: ${f}`),
    ...ANSWERS.map((a) => `faults: realloc answers ${a}`),
  ];
}

/** What must be reached by the cases of a kind. */
function requiredOf(kind: Kind): readonly string[] {
  const given = kind === 'chain' ? TYPE_KINDS.filter((t) => t !== 'borrow') : TYPE_KINDS;
  return [
    ...given.map((t) => `type: ${t} in a parameter`),
    ...TYPE_KINDS.filter((t) => t !== 'borrow').map((t) => `type: ${t} in the result`),
    ...Array.from({ length: MAX_DEPTH + 1 }, (_, i) => `size: nested ${i} deep`),
    ...PARAM_COUNTS.map((n) => `size: ${n} parameters`),
    ...FLAT_COUNTS.map((n) => `size: ${n} core values`),
    ...['in', 'out'].flatMap((way) => pairs(kind, ENCODINGS).map((p) => `encodings: ${way}, ${p}`)),
    ...pairs(kind, WIDTHS).map((p) => `widths: ${p}`),
    ...JOINTS[kind].map((j) => `joint: ${j}`),
    ...(kind === 'chain' ? [] : requiredFaults(kind)),
    ...CODES[kind].map((code) => `end: ${code}`),
  ].map((item) => `${kind}, ${item}`);
}

/** What must be reached. */
export function required(kinds: readonly Kind[] = KINDS): readonly string[] {
  return kinds.flatMap(requiredOf);
}

/** The group of an item, as a table shows it. */
export function groupOf(item: string): string {
  return item.slice(0, item.indexOf(':'));
}
