/**
 * Streams, futures and error contexts with the TypeScript that a host writes for them, as docs/types.md has it; values and types are
 * TypeScript text, as in `type-cases.ts`. What comes back is read to its end: `settled` in the program makes plain data of it.
 */

export interface HandleCase {
  readonly name: string;
  /** In the text format of components. */
  readonly type: string;
  /** What a host is given. */
  readonly out: string;
  /** What a host may give. */
  readonly in: string;
  /** What the host makes of what it is given, `value`, so that it reads it; else it passes it on. */
  readonly remade?: string;
  /** Values that pass, each with what is read of what comes back. */
  readonly good: readonly (readonly [given: string, read: string])[];
  /** Values that `tsc` refuses, and the call. */
  readonly bad?: readonly string[];
  /** Values that `tsc` refuses, and the component where it reads them, at the latest. */
  readonly late?: readonly string[];
}

const NUMBERS: readonly HandleCase[] = [
  ...(
    [
      ['u8', 'Uint8Array'],
      ['s16', 'Int16Array'],
      ['f64', 'Float64Array'],
    ] as const
  ).map(([kind, array]): HandleCase => {
    const other = kind === 's16' ? 'Uint16Array' : 'Int16Array';
    return {
      name: `stream-${kind}`,
      type: `(stream ${kind})`,
      out: `ReadableStream<${array}<ArrayBuffer>>`,
      in: `StreamSource<number, ${array}>`,
      remade: 'again(value)',
      good: [
        ['[1, 2]', '[1, 2]'],
        ['[]', '[]'],
        [`new ${array}([1, 2])`, '[1, 2]'],
        [`[new ${array}([1]), new ${array}([2])]`, '[1, 2]'],
        ['new Set([1, 2])', '[1, 2]'],
        [`streamOf([1, new ${array}([2]), [3, 4]])`, '[1, 2, 3, 4]'],
        [`(function* () { yield 1; yield [2, 3]; yield new ${array}([4]); })()`, '[1, 2, 3, 4]'],
        ['(async function* () { yield 1; yield [2] as const; })()', '[1, 2]'],
        [`({ [Symbol.iterator]: () => [[1], new ${array}([2])].values() })`, '[1, 2]'],
      ],
      bad: ['5', "'12'", 'null', 'undefined', '{}', '{ length: 1 }'],
      late: [
        "['1']",
        '[[1]]',
        '[1n]',
        `[new ${other}([1])]`,
        `new ${other}([1])`,
        "new Set(['a'])",
        "(function* () { yield 1; yield 'x'; })()",
        "(async function* () { yield ['x']; })()",
        `streamOf([new ${other}([1])])`,
      ],
    };
  }),
  {
    name: 'stream-u64',
    type: '(stream u64)',
    out: 'ReadableStream<BigUint64Array<ArrayBuffer>>',
    in: 'StreamSource<bigint | number, BigUint64Array>',
    remade: 'again(value)',
    good: [
      ['[1, 2n]', '[1n, 2n]'],
      ['(function* () { yield 1; yield 2n; yield new BigUint64Array([3n]); })()', '[1n, 2n, 3n]'],
    ],
    bad: ['5n'],
    late: ["['1']", "(function* () { yield '1'; })()"],
  },
];

const ITEMS: readonly HandleCase[] = [
  {
    name: 'stream-text',
    type: '(stream string)',
    out: 'ReadableStream<string[]>',
    in: 'StreamSource<string>',
    remade: 'again(value)',
    good: [
      ["['a', 'b']", "['a', 'b']"],
      ["new Set(['a', 'b'])", "['a', 'b']"],
      ["(function* () { yield 'ab'; yield ['c', 'd']; })()", "['ab', 'c', 'd']"],
      ["new Map([['a', 1]]).keys()", "['a']"],
    ],
    bad: ["'ab'", '5'],
    late: ["[['a']]", '[1]', 'new Uint8Array([1])', "new Map([['a', 1]])", '(function* () { yield 1; })()'],
  },
  {
    name: 'stream-option',
    type: '(stream (option u8))',
    out: 'ReadableStream<(number | undefined)[]>',
    in: 'StreamSource<number | null | undefined>',
    remade: 'again(value)',
    good: [
      ['[1, null, undefined]', '[1, undefined, undefined]'],
      ['(function* () { yield 1; yield undefined; yield [null, 2]; })()', '[1, undefined, undefined, 2]'],
    ],
    late: ["['1']", 'new Uint8Array([1])', "(function* () { yield 'x'; })()"],
  },
  {
    name: 'stream-record',
    type: '(stream $with-option)',
    out: 'ReadableStream<Imports.Host.WithOption[]>',
    in: 'StreamSource<Imports.Host.WithOptionInput>',
    remade: 'again(value)',
    good: [
      ["[{ id: 1 }, { id: 2n, note: 'n' }]", "[{ id: 1n, note: undefined }, { id: 2n, note: 'n' }]"],
      ['(function* () { yield { id: 1 }; })()', '[{ id: 1n, note: undefined }]'],
    ],
    late: ["[{ id: '1' }]", '[{}]', "(function* () { yield { note: 'n' }; })()"],
  },
  {
    // An array is a chunk, so no item that is one can stand alone.
    name: 'stream-pair',
    type: '(stream (tuple u8 string))',
    out: 'ReadableStream<[number, string][]>',
    in: 'StreamSource<readonly [number, string]>',
    remade: 'again(value)',
    good: [
      ["[[1, 'a'], [2, 'b']]", "[[1, 'a'], [2, 'b']]"],
      ["(function* () { yield [[1, 'a']] as const; })()", "[[1, 'a']]"],
    ],
    late: ["[1, 'a']", "(function* () { yield [1, 'a'] as const; })()", "new Map([[1, 'a']])"],
  },
  {
    name: 'stream-list',
    type: '(stream (list u8))',
    out: 'ReadableStream<Uint8Array<ArrayBuffer>[]>',
    in: 'StreamSource<Uint8Array | readonly number[]>',
    remade: 'again(value)',
    good: [
      ['[[1, 2], new Uint8Array([3])]', '[new Uint8Array([1, 2]), new Uint8Array([3])]'],
      [
        '(function* () { yield new Uint8Array([1]); yield [[2]] as const; })()',
        '[new Uint8Array([1]), new Uint8Array([2])]',
      ],
    ],
    late: ['[1, 2]', '(function* () { yield [1, 2] as const; })()'],
  },
  {
    name: 'stream-stream',
    type: '(stream (stream u8))',
    out: 'ReadableStream<ReadableStream<Uint8Array<ArrayBuffer>>[]>',
    in: 'StreamSource<StreamSource<number, Uint8Array>>',
    remade: 'again(value)',
    good: [
      ['[[1, 2], new Set([3])]', '[[1, 2], [3]]'],
      ['(function* () { yield new Uint8Array([1]); yield [[2]] as const; })()', '[[1], [2]]'],
    ],
    late: ['[1]', '(function* () { yield [1] as const; })()', "(function* () { yield 'x'; })()"],
  },
  {
    name: 'stream-unit',
    type: '(stream)',
    out: 'ReadableStream<number>',
    in: 'Chunks<number | undefined>',
    remade: 'again(value)',
    good: [
      ['(function* () { yield 3; yield undefined; yield 0; })()', '4'],
      ['new Set([1, 2])', '3'],
      ['streamOf([1])', '1'],
    ],
    bad: ['5', 'undefined', "'x'"],
    late: ["new Set(['x'])", '(function* () { yield 1n; })()'],
  },
];

const FUTURES: readonly HandleCase[] = [
  {
    name: 'future-u8',
    type: '(future u8)',
    out: 'Promise<number>',
    in: 'number',
    remade: 'value.then((v) => v)',
    good: [
      ['5', '5'],
      ['Promise.resolve(5)', '5'],
      ['(async () => 5)()', '5'],
    ],
    bad: ["'x'", 'undefined'],
    late: ["Promise.resolve('x')", 'Promise.resolve()'],
  },
  {
    name: 'future-unit',
    type: '(future)',
    out: 'Promise<void>',
    in: 'void',
    remade: 'value.then(() => {})',
    good: [
      ['undefined', 'undefined'],
      ['Promise.resolve()', 'undefined'],
    ],
  },
  {
    name: 'future-result',
    type: '(future (result u8 (error string)))',
    out: "Promise<{ tag: 'ok'; val: number } | { tag: 'err'; val: string }>",
    in: "{ tag: 'ok'; val: number } | { tag: 'err'; val: string }",
    remade: 'value.then((v) => v)',
    good: [
      ["{ tag: 'ok', val: 1 }", "{ tag: 'ok', val: 1 }"],
      ["Promise.resolve({ tag: 'err', val: 'e' } as const)", "{ tag: 'err', val: 'e' }"],
      ["rejected(new ComponentError('e'))", "{ tag: 'err', val: 'e' }"],
    ],
    bad: ['1', "{ tag: 'ok', val: 'x' }"],
    late: ['Promise.resolve(1)'],
  },
  {
    // Promises of promises are promises.
    name: 'future-future',
    type: '(future (future u64))',
    out: 'Promise<bigint>',
    in: 'bigint | number',
    remade: 'value.then((v) => v)',
    good: [
      ['5', '5n'],
      ['Promise.resolve(5n)', '5n'],
    ],
    bad: ["'x'"],
    late: ["Promise.resolve('x')"],
  },
  {
    name: 'future-stream',
    type: '(future (stream u8))',
    out: 'Promise<ReadableStream<Uint8Array<ArrayBuffer>>>',
    in: 'StreamSource<number, Uint8Array>',
    remade: 'value.then(again)',
    good: [
      ['[1, 2]', '[1, 2]'],
      ['Promise.resolve(new Set([1]))', '[1]'],
    ],
    late: ["['x']", 'Promise.resolve(1)'],
  },
];

const MIXED: readonly HandleCase[] = [
  {
    name: 'maybe-stream',
    type: '(option (stream u8))',
    out: 'ReadableStream<Uint8Array<ArrayBuffer>> | undefined',
    in: 'StreamSource<number, Uint8Array> | null | undefined',
    remade: 'value && again(value)',
    good: [
      ['[1]', '[1]'],
      ['null', 'undefined'],
      ['undefined', 'undefined'],
    ],
    bad: ["'x'", '1'],
    late: ["['x']"],
  },
  {
    name: 'both',
    type: '(tuple (stream string) (future string) error-context)',
    out: '[ReadableStream<string[]>, Promise<string>, ErrorContext]',
    in: 'readonly [StreamSource<string>, string | Promise<string>, ErrorContext | Error]',
    remade: '[again(value[0]), value[1].then((v) => v), new ErrorContext(value[2].debugMessage)]',
    good: [["[['a'], Promise.resolve('b'), new Error('c')]", "[['a'], 'b', 'c']"]],
    bad: ["['a', 'b', new Error('c')]", "[['a'], 'b', 'c']", "[['a'], 5, new Error('c')]"],
    late: ["[['a'], Promise.resolve(5), new Error('c')]"],
  },
  {
    name: 'error',
    type: 'error-context',
    out: 'ErrorContext',
    in: 'ErrorContext | Error',
    remade: 'new Error(value.debugMessage)',
    good: [
      ["new Error('a')", "'a'"],
      ["new TypeError('b')", "'b'"],
      ["new ErrorContext('c')", "'c'"],
    ],
    bad: ["'x'", "{ debugMessage: 'x' }", 'undefined', '5'],
  },
];

export const HANDLE_CASES: readonly HandleCase[] = [...NUMBERS, ...ITEMS, ...FUTURES, ...MIXED];
