/**
 * A hostile component cannot reach the host: forged pointers, lengths, texts, discriminants, and a hostile `realloc` or
 * `post-return`, over the host's border and between guests. Each ends in the same trap whatever carries the call; the store is
 * dead, others live on, the host's own objects are untouched. Handles, names and stacks: the files beside this one.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Trap, type TrapCode } from '../../src/index.ts';
import { EDGES, type Edge, type Encoding, type Party, POST, REALLOC, type World, world } from '../support/party.ts';
import { watchHost } from '../support/untouched.ts';

const MODES = ['generated', 'interpreted'] as const;
type Mode = (typeof MODES)[number];

/** Bytes of a party's memory. */
const SIZE = 16 * 65_536;
const MAX = 2 ** 32 - 1;
/** Where attacks put what they point to, and a second place. */
const AT = 256;
const AREA = 512;

const untouched = watchHost();
after(untouched);

type Poke = readonly [at: number, value: number];

/** Makes the call, which must trap; the store of `guilty` must be dead, and a world made before must live. */
async function attacked(guilty: Party, bystander: World, code: TrapCode, call: () => unknown): Promise<void> {
  assert.throws(call, (error: unknown) => {
    assert.ok(error instanceof Trap, `a trap, not ${String(error)}`);
    assert.ok(error instanceof WebAssembly.RuntimeError);
    assert.equal(error.code, code, error.message);
    return true;
  });
  assert.equal(guilty.alive, false, 'its store is dead');
  assert.throws(() => guilty.call('ping'), { code: 'store-dead' });
  assert.equal(bystander.upper.alive, true);
  bystander.upper.call('poke', AT, 0x61);
  bystander.upper.call('call-eat-string', AT, 1);
  untouched();
}

const bystanders = new Map<string, Promise<World>>();

function bystander(edge: Edge, mode: Mode): Promise<World> {
  const key = `${edge} ${mode}`;
  const found = bystanders.get(key) ?? world(edge, { mode });
  bystanders.set(key, found);
  return found;
}

/** A test for each edge and mode. */
function everywhere(
  name: string,
  run: (edge: Edge, mode: Mode, bystander: World) => Promise<void>,
  edges: readonly Edge[] = EDGES,
): void {
  describe(name, () => {
    for (const edge of edges)
      for (const mode of MODES)
        test(`${edge === 'host' ? 'to the host' : `to a guest (${edge})`}, ${mode}`, async () => {
          await run(edge, mode, await bystander(edge, mode));
        });
  });
}

// ---- values that point, count or choose wrongly

interface Forged {
  readonly name: string;
  readonly type: string;
  /** The core values of one parameter; for a result, what stands in the return area. */
  readonly words: readonly number[];
  readonly poke?: readonly Poke[];
  readonly encoding?: Encoding;
  /** Where not all edges are of interest. */
  readonly edges?: readonly Edge[];
  readonly code: TrapCode;
}

function edgesOf({ encoding, edges }: Forged): readonly Edge[] {
  return edges ?? (encoding === undefined || encoding === 'utf8' ? EDGES : ['host', 'live']);
}

function pointers(type: string, size: number, code: TrapCode, encoding?: Encoding): Forged[] {
  const forged = (name: string, ...words: number[]): Forged => ({
    name: `${type}${encoding === undefined ? '' : ` in ${encoding}`}: ${name}`,
    type,
    words,
    code,
    ...(encoding === undefined ? { edges: ['host', 'nested'] } : { encoding }),
  });
  return [
    // Even, as texts in Latin-1 must be, too.
    forged('half beyond the end', SIZE - 2 * size, 3),
    forged('far beyond the end', SIZE * 4, 1),
    forged('the end wraps around', MAX - size * 2 + 1, 4),
    forged('empty, beyond the end', SIZE + 2 * size, 0),
    forged('2^28 - 1 elements', 0, 2 ** 28 - 1),
    forged('2^28 elements', 0, 2 ** 28),
    forged('2^31 elements', 0, 2 ** 31 - (encoding === 'latin1+utf16' ? 1 : 0)),
    forged('2^32 - 1 elements', 0, MAX),
    ...(size > 1 ? [forged('length times size is 2^32', AT, 2 ** 32 / size)] : []),
    ...(size > 1 ? [forged('length times size is 2^32 and a little', AT, 2 ** 32 / size + 1)] : []),
  ];
}

/** Bytes as words to poke. */
function bytesAt(at: number, ...bytes: number[]): Poke[] {
  const pokes: Poke[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(i, i + 4);
    pokes.push([at + i, (a | (b << 8) | (c << 16) | (d << 24)) >>> 0]);
  }
  return pokes;
}

function text(name: string, code: TrapCode, bytes: number[], encoding: Encoding, units: number, at = AT): Forged {
  const words = [at, units];
  return { name: `string in ${encoding}: ${name}`, type: 'string', words, poke: bytesAt(AT, ...bytes), encoding, code };
}

const TAG = 2 ** 31;

const TEXTS: readonly Forged[] = [
  text('a byte that never stands in UTF-8', 'invalid-utf8', [0x61, 0xff], 'utf8', 2),
  text('a continuation alone', 'invalid-utf8', [0x80], 'utf8', 1),
  text('an overlong NUL', 'invalid-utf8', [0xc0, 0x80], 'utf8', 2),
  text('an overlong slash in three', 'invalid-utf8', [0xe0, 0x80, 0xaf], 'utf8', 3),
  text('a surrogate', 'invalid-utf8', [0xed, 0xa0, 0x80], 'utf8', 3),
  text('beyond U+10FFFF', 'invalid-utf8', [0xf4, 0x90, 0x80, 0x80], 'utf8', 4),
  text('cut in a character', 'incomplete-utf8', [0x61, 0xe2, 0x82], 'utf8', 3),
  text('cut, far behind ASCII', 'incomplete-utf8', [...new Array<number>(64).fill(0x61), 0xf0, 0x9f], 'utf8', 66),
  text('a high surrogate before a letter', 'invalid-utf16', [0x00, 0xd8, 0x61, 0], 'utf16', 2),
  text('a high surrogate at the end', 'invalid-utf16', [0x61, 0, 0xff, 0xdb], 'utf16', 2),
  text('a low surrogate first', 'invalid-utf16', [0x00, 0xdc, 0x00, 0xd8], 'utf16', 2),
  text('at an odd address', 'unaligned-pointer', [0, 0x61, 0], 'utf16', 1, AT + 1),
  text('Latin-1 at an odd address', 'unaligned-pointer', [0, 0x61], 'latin1+utf16', 1, AT + 1),
  text('tagged, at an odd address', 'unaligned-pointer', [0, 0x61, 0], 'latin1+utf16', TAG + 1, AT + 1),
  text('tagged, a lone surrogate', 'invalid-utf16', [0x00, 0xd8], 'latin1+utf16', TAG + 1),
  text('tagged, 2^31 - 1 units', 'string-out-of-bounds', [], 'latin1+utf16', MAX),
  text('tagged, 2^30 units', 'string-out-of-bounds', [], 'latin1+utf16', TAG + 2 ** 30),
  text('tagged, bytes beyond the end', 'string-out-of-bounds', [], 'latin1+utf16', TAG + 2, SIZE - 2),
];

const inner = (type: string, name: string, words: readonly number[], code: TrapCode): Forged => ({
  name: `${type}: ${name}`,
  type,
  words: [AT, 2],
  // The second element is the bad one.
  poke: [[AT, AT], [AT + 4, 0], ...words.map((word, i): Poke => [AT + 8 + 4 * i, word])],
  code,
});

const CONTENTS: readonly Forged[] = [
  { name: 'words: address 2 mod 4', type: 'words', words: [AT + 2, 1], code: 'unaligned-pointer' },
  { name: 'longs: address 4 mod 8', type: 'longs', words: [AT + 4, 1], code: 'unaligned-pointer' },
  { name: 'strings: address 1 mod 4', type: 'strings', words: [AT + 1, 1], code: 'unaligned-pointer' },
  { name: 'words, empty, unaligned', type: 'words', words: [AT + 1, 0], code: 'unaligned-pointer' },
  inner('strings', 'one points beyond the end', [SIZE - 1, 2], 'string-out-of-bounds'),
  inner('strings', 'one wraps around', [MAX - 3, 8], 'string-out-of-bounds'),
  inner('strings', 'one has 2^32 - 1 bytes', [AT, MAX], 'string-out-of-bounds'),
  inner('grid', 'a row is unaligned', [AT + 1, 1], 'unaligned-pointer'),
  inner('grid', 'a row is beyond the end', [SIZE, 1], 'list-out-of-bounds'),
  inner('grid', 'length times size of a row is 2^32', [AT, TAG], 'list-out-of-bounds'),
  ...[0xd800, 0xdfff, 0x11_0000, MAX].map(
    (code): Forged => ({
      name: `chars: 0x${code.toString(16)}`,
      type: 'chars',
      words: [AT, 2],
      poke: [
        [AT, 0x61],
        [AT + 4, code],
      ],
      code: 'invalid-char',
    }),
  ),
  {
    name: 'maybes: discriminant 2',
    type: 'maybes',
    words: [AT, 2],
    poke: [[AT, 0x02_00_01]],
    code: 'invalid-discriminant',
  },
  {
    name: 'maybes: discriminant 255',
    type: 'maybes',
    words: [AT, 1],
    poke: [[AT, 0xff]],
    code: 'invalid-discriminant',
  },
  { name: 'maybe: discriminant 2', type: 'maybe', words: [2, 0], code: 'invalid-discriminant' },
];

/** Those that only a parameter can be: what is on the stack, not in memory. */
const PARAMETERS: readonly Forged[] = [
  ...[0xd800, 0xdfff, 0x11_0000, MAX].map(
    (code): Forged => ({ name: `char 0x${code.toString(16)}`, type: 'char', words: [code], code: 'invalid-char' }),
  ),
  { name: 'maybe: discriminant 2^32 - 1', type: 'maybe', words: [MAX, 0], code: 'invalid-discriminant' },
  { name: 'either: discriminant 2', type: 'either', words: [2, 0, 0], code: 'invalid-discriminant' },
  { name: 'either: its text is out of bounds', type: 'either', words: [0, SIZE, 1], code: 'string-out-of-bounds' },
  { name: 'many: unaligned', type: 'many', words: [AT + 2], code: 'unaligned-pointer' },
  { name: 'many: half beyond the end', type: 'many', words: [SIZE - 64], code: 'memory-out-of-bounds' },
  { name: 'many: the end wraps around', type: 'many', words: [MAX - 3], code: 'memory-out-of-bounds' },
];

const FORGED: readonly Forged[] = [
  ...pointers('string', 1, 'string-out-of-bounds'),
  ...pointers('string', 2, 'string-out-of-bounds', 'utf16'),
  ...pointers('string', 1, 'string-out-of-bounds', 'latin1+utf16'),
  ...pointers('bytes', 1, 'list-out-of-bounds'),
  ...pointers('words', 4, 'list-out-of-bounds'),
  ...pointers('longs', 8, 'list-out-of-bounds'),
  ...pointers('strings', 8, 'list-out-of-bounds'),
  ...TEXTS,
  ...CONTENTS,
];

describe('forged parameters of imports', () => {
  for (const forged of [...FORGED, ...PARAMETERS]) {
    const { name, type, words, poke = [], encoding = 'utf8', code } = forged;
    const run = async (edge: Edge, mode: Mode, by: World): Promise<void> => {
      const { upper: evil } = await world(edge, { mode, upper: encoding });
      for (const [at, value] of poke) evil.call('poke', at, value);
      await attacked(evil, by, code, () => evil.call(`call-eat-${type}`, ...words));
    };
    everywhere(name, run, edgesOf(forged));
  }
});

describe('forged results of exports', () => {
  for (const forged of FORGED) {
    const { name, type, words, poke = [], encoding = 'utf8', code } = forged;
    const run = async (edge: Edge, mode: Mode, by: World): Promise<void> => {
      const { upper, lower: evil } = await world(edge, {
        mode,
        lower: encoding,
        ...(edge === 'host' ? { upper: encoding } : {}),
      });
      for (const [at, value] of poke) evil.call('poke', at, value);
      for (const [i, word] of words.entries()) evil.call('poke', AREA + 4 * i, word);
      await attacked(evil, by, code, () =>
        edge === 'host' ? evil.call(`give-${type}`, AREA) : upper.call(`call-give-${type}`, AREA, AREA),
      );
    };
    everywhere(name, run, edgesOf(forged));
  }
  for (const [what, area, code] of [
    ['unaligned', AREA + 2, 'unaligned-pointer'],
    ['half beyond the end', SIZE - 4, 'memory-out-of-bounds'],
    ['which wraps around', MAX - 3, 'memory-out-of-bounds'],
  ] as const) {
    everywhere(`a return area ${what}`, async (edge, mode, by) => {
      const { upper, lower: evil } = await world(edge, { mode });
      await attacked(evil, by, code, () =>
        edge === 'host' ? evil.call('give-string', area) : upper.call('call-give-string', area, AREA),
      );
    });
  }
});

describe('a forged return area of an import', () => {
  for (const [what, area, code] of [
    ['unaligned', AREA + 1, 'unaligned-pointer'],
    ['half beyond the end', SIZE - 4, 'memory-out-of-bounds'],
    ['which wraps around', MAX - 3, 'memory-out-of-bounds'],
  ] as const) {
    everywhere(what, async (edge, mode, by) => {
      const { upper: evil } = await world(edge, { mode });
      await attacked(evil, by, code, () => evil.call('call-give-words', AREA, area));
    });
  }
});

// ---- realloc and post-return

const REALLOCS: readonly [keyof typeof REALLOC, TrapCode][] = [
  ['beyond', 'realloc-out-of-bounds'],
  ['straddle', 'realloc-out-of-bounds'],
  ['unaligned', 'realloc-unaligned'],
  ['trap', 'unreachable'],
  ['leave', 'cannot-leave'],
  ['throw', 'uncaught-exception'],
  ['recurse', 'stack-exhausted'],
];

/** Lets the party give two words, or a text of three bytes. */
function stock({ lower }: World): void {
  for (const [at, value] of [...bytesAt(AT, 0x68, 0xc3, 0xa9), [AREA, AT], [AREA + 4, 2]] as Poke[])
    lower.call('poke', at, value);
}

describe('a realloc that', () => {
  for (const [what, code] of REALLOCS) {
    everywhere(`${what}s, for a parameter`, async (edge, mode, by) => {
      const it = await world(edge, { mode });
      it.lower.call('set', REALLOC[what], 0);
      await attacked(it.lower, by, code, () =>
        edge === 'host' ? it.lower.call('eat-words', [1, 2]) : it.upper.call('call-eat-words', AREA, 2),
      );
    });
    everywhere(`${what}s, for a result`, async (edge, mode, by) => {
      const it = await world(edge, { mode });
      stock(it);
      it.upper.call('set', REALLOC[what], 0);
      await attacked(it.upper, by, code, () => it.upper.call('call-give-words', AREA, AREA));
    });
  }

  for (const upper of ['utf8', 'utf16', 'latin1+utf16'] as const) {
    everywhere(
      `grows the memory under a text that moves, ${upper}`,
      async (edge, mode) => {
        const it = await world(edge, { mode, upper });
        stock(it);
        it.lower.call('poke', AREA + 4, 3);
        it.upper.call('set', REALLOC.grow, 0);
        it.upper.call('call-give-string', AREA, AREA + 64);
        const [at, units] = [it.upper.call('peek', AREA + 64), it.upper.call('peek', AREA + 68)] as [number, number];
        const expected = { utf8: [3, 0xa9_c3_68], utf16: [2, 0xe9_00_68], 'latin1+utf16': [2, 0xe9_68] }[upper];
        const mask = upper === 'utf16' ? MAX : upper === 'utf8' ? 0xff_ff_ff : 0xff_ff;
        assert.deepEqual([units, ((it.upper.call('peek', at) as number) & mask) >>> 0], expected);
      },
      upper === 'utf8' ? EDGES : ['host', 'live'],
    );
  }
});

describe('a post-return that', () => {
  const POSTS: readonly [keyof typeof POST, TrapCode][] = [
    ['trap', 'unreachable'],
    ['leave', 'cannot-leave'],
    ['throw', 'uncaught-exception'],
    ['recurse', 'stack-exhausted'],
  ];
  for (const [what, code] of POSTS) {
    everywhere(`${what}s`, async (edge, mode, by) => {
      const it = await world(edge, { mode });
      it.lower.call('set', 0, POST[what]);
      await attacked(it.lower, by, code, () =>
        edge === 'host' ? it.lower.call('give-string', AREA) : it.upper.call('call-give-string', AREA, AREA),
      );
    });
  }
});
