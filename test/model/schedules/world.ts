/**
 * The modelled family of components, as data: what every instance exports, which neighbours it can call, which built-ins it has, and what
 * its memory holds at first. The instance 0 is the parent of the others; its resource type `thing` is known to all.
 */
import { flattenAll, MAX_FLAT_ASYNC_PARAMS, type ValType } from '../types.ts';

/** Of a synchronous type; with a callback; asynchronous without one; of an asynchronous type but lifted synchronously. */
export type Flavour = 'sync' | 'callback' | 'stackful' | 'blocking';

export type SignatureName = 'plain' | 'u32' | 'values' | 'own' | 'borrow' | 'stream' | 'future' | 'ends';

/** Parameters behind the label, which every function takes first, and the result. */
export interface Signature {
  readonly params: readonly ValType[];
  readonly result: ValType | undefined;
}

const U32: ValType = { kind: 'u32' };
const THING: ValType = { kind: 'own', resource: 'thing' };
const STRING: ValType = { kind: 'string' };

function option(type: ValType): ValType {
  return { kind: 'variant', cases: [{ label: 'none' }, { label: 'some', type }] };
}

/** Element types of streams and futures, by the names that built-ins of schedules have. */
export const ELEMENTS: Readonly<Record<'stream' | 'future', Readonly<Record<string, ValType | undefined>>>> = {
  stream: { none: undefined, u8: { kind: 'u8' }, u32: U32, thing: THING, string: STRING },
  future: { none: undefined, u32: U32, thing: THING, string: STRING },
};

/** What a function of the signature `ends` takes and gives. */
export const ENDS: readonly (readonly [label: string, what: 'stream' | 'future', element: string])[] = [
  ['stream', 'stream', 'none'],
  ['stream-u8', 'stream', 'u8'],
  ['stream-thing', 'stream', 'thing'],
  ['stream-string', 'stream', 'string'],
  ['future', 'future', 'none'],
  ['future-thing', 'future', 'thing'],
  ['future-string', 'future', 'string'],
];

const ENDS_TYPE: ValType = {
  kind: 'variant',
  cases: [
    { label: 'none' },
    ...ENDS.map(([label, kind, element]) => ({ label, type: { kind, of: ELEMENTS[kind][element] } as ValType })),
  ],
};

export const SIGNATURES: Readonly<Record<SignatureName, Signature>> = {
  plain: { params: [], result: undefined },
  u32: { params: [], result: U32 },
  values: {
    params: [{ kind: 'u64' }, STRING, { kind: 'list', of: { kind: 'u16' } }],
    result: { kind: 'tuple', of: [STRING, { kind: 'u64' }] },
  },
  own: { params: [THING], result: option(THING) },
  borrow: {
    params: [
      { kind: 'borrow', resource: 'thing' },
      { kind: 'borrow', resource: 'thing' },
    ],
    result: U32,
  },
  stream: { params: [{ kind: 'stream', of: U32 }], result: option({ kind: 'stream', of: U32 }) },
  future: { params: [{ kind: 'future', of: U32 }], result: option({ kind: 'future', of: U32 }) },
  ends: { params: [ENDS_TYPE], result: ENDS_TYPE },
};

export interface Func {
  readonly name: string;
  readonly flavour: Flavour;
  readonly signature: SignatureName;
}

const FLAVOURS: Readonly<Record<Flavour, readonly SignatureName[]>> = {
  sync: ['u32', 'values', 'own', 'borrow', 'ends'],
  callback: ['plain', 'u32', 'values', 'own', 'borrow', 'stream', 'future', 'ends'],
  stackful: ['u32', 'values', 'own', 'borrow', 'ends'],
  blocking: ['u32', 'values', 'borrow', 'ends'],
};

/** What every instance exports. */
export const FUNCS: readonly Func[] = (Object.keys(FLAVOURS) as Flavour[]).flatMap((flavour) =>
  FLAVOURS[flavour].map((signature) => ({ name: `${flavour}-${signature}`, flavour, signature })),
);

/** What the host calls: no handles go to the host. */
export const HOST_SIGNATURES: readonly SignatureName[] = ['plain', 'u32', 'values'];

/** An asynchronous function of the host, whose calls end when the schedule says so. It has the signature `u32`. */
export const HOST_WAIT = 'host';

export function funcNamed(name: string): Func {
  const func = FUNCS.find((each) => each.name === name);
  if (func === undefined) throw new Error(`no function is called ${name}`);
  return func;
}

/** All parameters of a function, the label first. */
export function paramsOf(signature: SignatureName): readonly ValType[] {
  return [U32, ...SIGNATURES[signature].params];
}

/** Whether the results of a call with that signature go to memory whose address is passed. */
export function hasResultPointer(signature: SignatureName, async: boolean): boolean {
  const { result } = SIGNATURES[signature];
  const flat = result === undefined ? 0 : flattenAll([result]).length;
  return async ? flat > 0 : flat > 1;
}

/** Whether the parameters of a call with that signature stand in memory, whose address is passed. */
export function hasParamsPointer(signature: SignatureName, async: boolean): boolean {
  return async && flattenAll(paramsOf(signature)).length > MAX_FLAT_ASYNC_PARAMS;
}

// ---- families

/**
 * So many instances, of which some may be prompt: they have no built-in that could have to wait, and call only each other. To call them takes
 * less than to call others, which a runtime may make use of. `children`: all between the parent and the last, and they do not copy.
 */
export interface Family {
  readonly instances: number;
  readonly prompt?: 'all' | 'children';
}

export function isPrompt({ instances, prompt }: Family, instance: number): boolean {
  if (prompt === undefined || prompt === 'all') return prompt === 'all';
  return instance > 0 && (instance < instances - 1 || instances === 2);
}

/** Whom an instance can call: the parent everybody, itself included, a child the parent and its elder siblings. */
export function neighbours(family: Family, instance: number): readonly number[] {
  const all = Array.from({ length: instance === 0 ? family.instances : instance }, (_, i) => i);
  return isPrompt(family, instance) ? all.filter((peer) => isPrompt(family, peer)) : all;
}

/** Whether an instance can call a function so. */
export function canCall(family: Family, instance: number, { flavour }: Func, async: boolean): boolean {
  if (flavour === 'sync') return !async;
  return async || !isPrompt(family, instance);
}

const BLOCKING_COPIES = /^(stream|future)\.(read|write)\./;
const COPIES = /^(stream|future)\.(read|write)/;

/** Whether an instance has a built-in. */
export function hasBuiltIn(family: Family, instance: number, op: string): boolean {
  if (!isPrompt(family, instance)) return true;
  if (op === 'subtask.cancel' || op === 'subtask.cancel-async' || op.startsWith('set.wait')) return false;
  if (op.startsWith('thread.')) return ['thread.index', 'thread.new', 'thread.resume-later'].includes(op);
  // Who drops may have to wait for the destructor; and who copies may see the memory of others.
  const alone = family.prompt === 'children';
  return !(alone && op === 'thing.drop') && !(alone ? COPIES : BLOCKING_COPIES).test(op);
}

/** Whether an instance can take a step. */
export function canDo(family: Family, instance: number, op: string, [peer = 0, func = 0]: readonly unknown[]): boolean {
  if (!op.startsWith('call')) return hasBuiltIn(family, instance, op);
  if (!isPrompt(family, instance)) return true;
  const callee = FUNCS[Number(func)];
  return peer !== 0 && callee !== undefined && canCall(family, instance, callee, op.startsWith('call-async'));
}

// ---- memory

/** Where what lies in a guest's memory. */
export const LAYOUT = {
  /** Where a command arrives. */
  command: 0,
  /** Strings, lists and what names them; never written. */
  constants: 0x100,
  /** Zeros: results that say nothing. */
  nothing: 0x300,
  /** Buffers of schedules, in pieces of 16 bytes. */
  scratch: 0x400,
  pieces: 18,
  piece: 16,
  heap: 0x1000,
  end: 0x10000,
} as const;

const utf8 = new TextEncoder();

/** Strings that schedules pass, by address and length. */
export const STRINGS = [
  { at: 0x100, text: 'joint' },
  { at: 0x110, text: 'mörtel→' },
  { at: 0x108, text: '' },
] as const;

/** An array of strings for buffers of strings: address and length of each. */
export const STRING_ARRAY = 0x140;
/** Two bytes that are no UTF-8. */
export const BAD_STRING = 0x130;
/** Two-byte numbers for lists. */
export const LIST = { at: 0x160, numbers: [1, 0xffff, 0x1234, 0] } as const;

/** Bytes that every memory holds from the start: address and bytes. */
export function initialMemory(): readonly (readonly [at: number, bytes: readonly number[]])[] {
  const words = (...all: number[]): number[] => all.flatMap((word) => [word & 0xff, word >>> 8, 0, 0]);
  const array = [0, 1, 2, 0].flatMap((i) => {
    const { at, text } = STRINGS[i] ?? STRINGS[0];
    return words(at, utf8.encode(text).length);
  });
  const scratch = Array.from({ length: LAYOUT.pieces * LAYOUT.piece }, (_, i) => (i % 16 < 4 ? (i * 7 + 1) & 0xff : 0));
  return [
    ...STRINGS.map(({ at, text }) => [at, [...utf8.encode(text)]] as const),
    [BAD_STRING, [0xff, 0xfe]],
    [STRING_ARRAY, array],
    [LIST.at, LIST.numbers.flatMap((number) => [number & 0xff, number >>> 8])],
    [LAYOUT.scratch, scratch],
  ];
}

// ---- what a guest can be told to do

/** What reads, writes and what ends them are called, of each kind of stream and future. */
export const COPY_OPS = [
  'new',
  'read',
  'read-async',
  'write',
  'write-async',
  'cancel-read',
  'cancel-read-async',
  'cancel-write',
  'cancel-write-async',
  'drop-readable',
  'drop-writable',
] as const;

const SWITCHES = [
  'thread.suspend',
  'thread.yield',
  'thread.suspend-then-resume',
  'thread.yield-then-resume',
  'thread.suspend-then-promote',
  'thread.yield-then-promote',
];

function opNames(): string[] {
  const signatures = Object.keys(SIGNATURES);
  return [
    'finish',
    ...signatures.map((signature) => `task.return.${signature}`),
    'task.return.u32-utf16',
    'task.cancel',
    'backpressure.inc',
    'backpressure.dec',
    ...['new', 'wait', 'wait-cancellable', 'poll', 'poll-cancellable', 'drop'].map((name) => `set.${name}`),
    'join',
    ...['cancel', 'cancel-async', 'drop'].map((name) => `subtask.${name}`),
    ...['get', 'set'].map((name) => `context.${name}`),
    ...['index', 'new', 'resume-later'].map((name) => `thread.${name}`),
    ...SWITCHES.flatMap((name) => [name, `${name}-cancellable`]),
    ...['thing', 'local'].flatMap((resource) => ['new', 'drop', 'rep'].map((name) => `${resource}.${name}`)),
    ...['new', 'message', 'drop'].map((name) => `error.${name}`),
    ...['poke', 'load', 'show', 'realloc.mode', 'post-return.mode', 'trap', 'throw'],
    ...(['stream', 'future'] as const).flatMap((what) =>
      Object.keys(ELEMENTS[what]).flatMap((element) => COPY_OPS.map((op) => `${what}.${op}.${element}`)),
    ),
    ...signatures.flatMap((signature) => [`call.${signature}`, `call-async.${signature}`]),
  ];
}

/** Everything that a guest can be told to do. The number of a command is its place here. */
export const OPS: readonly string[] = opNames();

/** What a guest's allocator, and what runs after a return, does besides: built-ins that it may call there, and that it may not. */
export const MODES = [
  'nothing',
  'backpressure.inc',
  'set.new',
  'next',
  'thread.yield',
  'task.return.plain',
  'local.drop',
] as const;

/** Indices of the table of functions for new threads. */
export const THREAD_TABLE = { absent: 0, start: 1, otherType: 2, size: 3 } as const;
