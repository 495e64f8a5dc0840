/**
 * Every value type with the TypeScript that a host writes for it, as docs/types.md has it: the type that it is given, the type that it
 * may give, values that must pass and values that must not. Values and types are TypeScript text.
 */

export interface TypeCase {
  readonly name: string;
  /** In the text format of components. */
  readonly type: string;
  /** What a host is given. */
  readonly out: string;
  /** What a host may give. */
  readonly in: string;
  /** Values that pass; with a second text, what comes back where it is not the same. */
  readonly good: readonly (string | readonly [given: string, back: string])[];
  /** Values that `tsc` refuses, and the runtime. */
  readonly bad: readonly string[];
}

/** Types with names, in the text format. */
export const NAMED: Readonly<Record<string, string>> = {
  'a-record': '(record (field "a-b" u8) (field "c" string))',
  'with-option': '(record (field "id" u64) (field "note" (option string)))',
  shape: '(variant (case "circle" f64) (case "big-square") (case "maybe" (option u8)))',
  colour: '(enum "red" "dark-blue")',
  perms: '(flags "read" "write-it")',
  id: 'u64',
  nested: '(record (field "list" (list $with-option)) (field "shape" $shape))',
  'the-outcome': '(result u8 (error string))',
};

const SMALL = ['u8', 's8', 'u16', 's16', 'u32', 's32'] as const;
const SIGNED = new Set<string>(['s8', 's16', 's32']);

const NUMBERS: readonly TypeCase[] = [
  ...SMALL.map((name) => ({
    name,
    type: name,
    out: 'number',
    in: 'number',
    good: ['0', '127', ...(SIGNED.has(name) ? ['-128'] : [])],
    bad: ["'1'", 'true', '1n', 'undefined', 'null', '{}', '[1]'],
  })),
  ...(['u64', 's64'] as const).map((name) => ({
    name,
    type: name,
    out: 'bigint',
    in: 'bigint | number',
    good: ['1n', ['7', '7n'] as const, ...(name === 's64' ? ['-(2n ** 63n)'] : ['2n ** 64n - 1n'])],
    bad: ["'1'", 'true', 'undefined', 'null'],
  })),
  ...(['f32', 'f64'] as const).map((name) => ({
    name,
    type: name,
    out: 'number',
    in: 'number',
    good: ['1.5', '-0', 'Infinity'],
    bad: ["'1.5'", '1n', 'undefined'],
  })),
];

const ARRAYS: Readonly<Record<string, readonly [array: string, item: string]>> = {
  u8: ['Uint8Array', '7'],
  s8: ['Int8Array', '-7'],
  u16: ['Uint16Array', '7'],
  s16: ['Int16Array', '-7'],
  u32: ['Uint32Array', '7'],
  s32: ['Int32Array', '-7'],
  u64: ['BigUint64Array', '7n'],
  s64: ['BigInt64Array', '-7n'],
  f32: ['Float32Array', '0.5'],
  f64: ['Float64Array', '0.5'],
};

const LISTS: readonly TypeCase[] = Object.entries(ARRAYS).flatMap(([element, [array, item]]): readonly TypeCase[] => {
  const big = item.endsWith('n');
  const plain = big ? '(bigint | number)' : 'number';
  const items = big ? 'bigint | number' : 'number';
  return [
    {
      name: `list-${element}`,
      type: `(list ${element})`,
      out: `${array}<ArrayBuffer>`,
      in: `${array} | readonly ${plain}[]`,
      good: [
        `new ${array}([${item}, ${item}])`,
        [`[${item}]`, `new ${array}([${item}])`],
        ['[]', `new ${array}([])`],
        ...(big ? [['[3]', `new ${array}([3n])`] as const] : []),
      ],
      bad: ["['1']", "'12'", '5', '{ length: 0 }', 'undefined', ...(big ? [] : ['new BigUint64Array([1n])'])],
    },
    {
      name: `three-${element}`,
      type: `(list ${element} 3)`,
      out: `${array}<ArrayBuffer>`,
      in: `${array} | readonly [${items}, ${items}, ${items}]`,
      good: [
        `new ${array}([${item}, ${item}, ${item}])`,
        [`[${item}, ${item}, ${item}]`, `new ${array}([${item}, ${item}, ${item}])`],
      ],
      bad: [`[${item}, ${item}]`, `[${item}, ${item}, ${item}, ${item}]`, "['1', '2', '3']", '{}'],
    },
  ];
});

const TEXTS: readonly TypeCase[] = [
  { name: 'bool', type: 'bool', out: 'boolean', in: 'boolean', good: ['true', 'false'], bad: ['0', "'true'", 'null'] },
  { name: 'char', type: 'char', out: 'string', in: 'string', good: ["'x'", "'😀'"], bad: ['1', 'undefined', "['x']"] },
  { name: 'text', type: 'string', out: 'string', in: 'string', good: ["''", "'grüße'"], bad: ['5', 'null', "['a']"] },
];

const PARTS: readonly TypeCase[] = [
  {
    name: 'list-text',
    type: '(list string)',
    out: 'string[]',
    in: 'readonly string[]',
    good: ["['a', 'b']", '[]', ["['a'] as const", "['a']"]],
    bad: ["'a'", '[1]', '{}', "new Set(['a'])"],
  },
  {
    name: 'list-list',
    type: '(list (list u16))',
    out: 'Uint16Array<ArrayBuffer>[]',
    in: 'readonly (Uint16Array | readonly number[])[]',
    good: [['[[1], new Uint16Array([2])]', '[new Uint16Array([1]), new Uint16Array([2])]']],
    bad: ['[1]', "[['1']]"],
  },
  {
    name: 'two-text',
    type: '(list string 2)',
    out: '[string, string]',
    in: 'readonly [string, string]',
    good: ["['a', 'b']"],
    bad: ["['a']", "['a', 'b', 'c']", '[1, 2]', "'ab'"],
  },
  {
    name: 'many-text',
    type: '(list bool 17)',
    out: 'boolean[]',
    in: 'readonly boolean[]',
    good: ['Array.from({ length: 17 }, (_, i) => i > 3)'],
    bad: ['Array.from({ length: 17 }, (_, i) => i)', '{}'],
  },
  {
    name: 'a-map',
    type: '(map string u64)',
    out: 'Map<string, bigint>',
    in: 'ReadonlyMap<string, bigint | number>',
    good: ["new Map([['a', 1n]])", ["new Map([['a', 1]])", "new Map([['a', 1n]])"], 'new Map()'],
    bad: ['{ a: 1n }', "new Map([['a', 'b']])", 'new Map([[1, 1n]])', "[['a', 1n]]"],
  },
  {
    name: 'pair',
    type: '(tuple u32 (option string))',
    out: '[number, string | undefined]',
    in: 'readonly [number, string | null | undefined]',
    good: ["[1, 'a']", '[1, undefined]', ['[1, null]', '[1, undefined]']],
    bad: ['[1]', "['a', 1]", "[1, 'a', 2]", '{}'],
  },
  {
    name: 'record',
    type: '$a-record',
    out: 'Imports.Host.ARecord',
    in: 'Imports.Host.ARecord',
    good: ["{ aB: 1, c: 'x' }"],
    bad: ['{ aB: 1 }', "{ 'a-b': 1, c: 'x' }", "{ aB: '1', c: 'x' }", "'x'", 'undefined'],
  },
  {
    name: 'optional-field',
    type: '$with-option',
    out: 'Imports.Host.WithOption',
    in: 'Imports.Host.WithOptionInput',
    good: [
      "{ id: 1n, note: 'n' }",
      ['{ id: 1 }', '{ id: 1n, note: undefined }'],
      ['{ id: 1n, note: null }', '{ id: 1n, note: undefined }'],
    ],
    bad: ["{ note: 'n' }", '{ id: 1n, note: 5 }', "{ id: '1' }"],
  },
  {
    name: 'variant',
    type: '$shape',
    out: 'Imports.Host.Shape',
    in: 'Imports.Host.ShapeInput',
    good: [
      "{ tag: 'circle', val: 0.5 }",
      "{ tag: 'big-square' }",
      "{ tag: 'maybe', val: 3 }",
      ["{ tag: 'maybe' }", "{ tag: 'maybe', val: undefined }"],
    ],
    bad: ["{ tag: 'circle' }", "{ tag: 'bigSquare' }", "{ tag: 'circle', val: '1' }", "'circle'", '{ val: 1 }'],
  },
  {
    name: 'enum',
    type: '$colour',
    out: "'red' | 'dark-blue'",
    in: "'red' | 'dark-blue'",
    good: ["'red'", "'dark-blue'"],
    bad: ["'darkBlue'", '0', "''", 'undefined'],
  },
  {
    name: 'flags',
    type: '$perms',
    out: 'Imports.Host.Perms',
    in: 'Imports.Host.PermsInput',
    good: [
      '{ read: true, writeIt: false }',
      ['{ writeIt: true }', '{ read: false, writeIt: true }'],
      ['{}', '{ read: false, writeIt: false }'],
    ],
    bad: ['{ read: 1 }', "'read'", '3', 'undefined'],
  },
  { name: 'alias', type: '$id', out: 'bigint', in: 'bigint | number', good: ['1n', ['1', '1n']], bad: ["'1'"] },
  {
    name: 'nested-value',
    type: '$nested',
    out: 'Imports.Host.Nested',
    in: 'Imports.Host.NestedInput',
    good: [
      [
        "{ list: [{ id: 1 }], shape: { tag: 'maybe' } }",
        "{ list: [{ id: 1n, note: undefined }], shape: { tag: 'maybe', val: undefined } }",
      ],
    ],
    bad: ["{ list: [{}], shape: { tag: 'maybe' } }", '{ list: [] }', "{ list: [], shape: { tag: 'circle' } }"],
  },
];

const CHOICES: readonly TypeCase[] = [
  {
    name: 'option',
    type: '(option u32)',
    out: 'number | undefined',
    in: 'number | null | undefined',
    good: ['1', 'undefined', ['null', 'undefined']],
    bad: ["'x'", '{}', "{ tag: 'none' }"],
  },
  {
    name: 'option-option',
    type: '(option (option u32))',
    out: "{ tag: 'none' } | { tag: 'some'; val?: number | undefined }",
    in: "{ tag: 'none' } | { tag: 'some'; val?: number | null | undefined }",
    good: [
      "{ tag: 'none' }",
      "{ tag: 'some', val: 1 }",
      "{ tag: 'some', val: undefined }",
      ["{ tag: 'some', val: null }", "{ tag: 'some', val: undefined }"],
      ["{ tag: 'some' }", "{ tag: 'some', val: undefined }"],
    ],
    bad: ['1', 'undefined', 'null', "{ tag: 'some', val: 'x' }", '{}'],
  },
  {
    name: 'option-option-option',
    type: '(option (option (option u8)))',
    out: "{ tag: 'none' } | { tag: 'some'; val: { tag: 'none' } | { tag: 'some'; val?: number | undefined } }",
    in: "{ tag: 'none' } | { tag: 'some'; val: { tag: 'none' } | { tag: 'some'; val?: number | null | undefined } }",
    good: ["{ tag: 'some', val: { tag: 'some', val: 1 } }", "{ tag: 'some', val: { tag: 'none' } }", "{ tag: 'none' }"],
    bad: ["{ tag: 'some' }", "{ tag: 'some', val: 1 }", 'undefined'],
  },
  {
    name: 'results',
    type: '(tuple (result u8 (error string)) (result u8) (result (error string)) (result))',
    out: [
      "[{ tag: 'ok'; val: number } | { tag: 'err'; val: string }",
      "{ tag: 'ok'; val: number } | { tag: 'err'; val?: undefined }",
      "{ tag: 'ok'; val?: undefined } | { tag: 'err'; val: string }",
      "{ tag: 'ok'; val?: undefined } | { tag: 'err'; val?: undefined }]",
    ].join(', '),
    in: [
      "readonly [{ tag: 'ok'; val: number } | { tag: 'err'; val: string }",
      "{ tag: 'ok'; val: number } | { tag: 'err'; val?: undefined }",
      "{ tag: 'ok'; val?: undefined } | { tag: 'err'; val: string }",
      "{ tag: 'ok'; val?: undefined } | { tag: 'err'; val?: undefined }]",
    ].join(', '),
    good: [
      [
        "[{ tag: 'err', val: 'e' }, { tag: 'err' }, { tag: 'ok' }, { tag: 'ok' }]",
        "[{ tag: 'err', val: 'e' }, { tag: 'err', val: undefined }, { tag: 'ok', val: undefined }, { tag: 'ok', val: undefined }]",
      ],
      [
        "[{ tag: 'ok', val: 1 }, { tag: 'ok', val: 2 }, { tag: 'err', val: 'e' }, { tag: 'err' }]",
        "[{ tag: 'ok', val: 1 }, { tag: 'ok', val: 2 }, { tag: 'err', val: 'e' }, { tag: 'err', val: undefined }]",
      ],
    ],
    bad: [
      "[{ tag: 'ok' }, { tag: 'err' }, { tag: 'ok' }, { tag: 'ok' }]",
      "[{ tag: 'ok', val: 1 }, { tag: 'err' }, { tag: 'err', val: 1 }, { tag: 'ok' }]",
      "[{ tag: 'no', val: 1 }, { tag: 'err' }, { tag: 'ok' }, { tag: 'ok' }]",
      "[1, 2, 'e', undefined]",
    ],
  },
];

export const TYPE_CASES: readonly TypeCase[] = [...NUMBERS, ...LISTS, ...TEXTS, ...PARTS, ...CHOICES];
