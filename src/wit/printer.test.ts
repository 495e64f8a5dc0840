import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WitFunc, WitType } from './document.ts';
import { printWit, printWitType } from './printer.ts';

const u8: WitType = { kind: 'primitive', name: 'u8' };
const func = (name: string, more: Partial<WitFunc> = {}): WitFunc => ({
  kind: 'func',
  name,
  async: false,
  params: [],
  result: undefined,
  ...more,
});

test('types as they stand where they are used', () => {
  const cases: readonly (readonly [WitType, string])[] = [
    [{ kind: 'named', name: 'thing' }, 'thing'],
    [{ kind: 'named', name: 'result' }, '%result'],
    [{ kind: 'borrow', name: 'resource' }, 'borrow<%resource>'],
    [{ kind: 'list', element: u8, length: undefined }, 'list<u8>'],
    [{ kind: 'list', element: u8, length: 4 }, 'list<u8, 4>'],
    [{ kind: 'map', key: u8, value: { kind: 'option', type: u8 } }, 'map<u8, option<u8>>'],
    [{ kind: 'tuple', types: [u8, u8] }, 'tuple<u8, u8>'],
    [{ kind: 'result', ok: undefined, err: undefined }, 'result'],
    [{ kind: 'result', ok: u8, err: undefined }, 'result<u8>'],
    [{ kind: 'result', ok: undefined, err: u8 }, 'result<_, u8>'],
    [{ kind: 'stream', element: undefined }, 'stream'],
    [{ kind: 'future', element: u8 }, 'future<u8>'],
  ];
  for (const [type, text] of cases) assert.equal(printWitType(type), text);
});

test('a world: interfaces, uses, types, then the functions that speak of them; exports behind an empty line', () => {
  const text = printWit({
    name: 'a:b',
    world: {
      name: 'w',
      imports: [
        { kind: 'func', func: func('import', { params: [{ name: 'type', type: { kind: 'named', name: 't' } }] }) },
        { kind: 'interface', name: 'a:b/i' },
        { kind: 'implements', name: 'store', interface: 'a:b/i' },
      ],
      uses: [{ interface: 'a:b/i', names: [{ name: 't', as: 't' }] }],
      types: [{ kind: 'resource', name: 'r', funcs: [] }],
      exports: [{ kind: 'func', func: func('go', { async: true, result: u8 }) }],
    },
    packages: [],
  });
  assert.equal(
    text,
    `package a:b;

world w {
  import a:b/i;
  import store: a:b/i;
  use a:b/i.{t};

  resource r;
  import %import: func(%type: t);

  export go: async func() -> u8;
}
`,
  );
});

test('an interface: definitions with empty lines between them, members of resources by kind', () => {
  const self = { kind: 'named', name: 'r' } as const;
  const text = printWit({
    name: 'a:b',
    world: { name: 'w', imports: [], uses: [], types: [], exports: [] },
    packages: [
      {
        name: 'a:b',
        interfaces: [
          {
            name: 'i',
            interface: {
              uses: [{ interface: 'j', names: [{ name: 'x', as: 'flags' }] }],
              types: [
                {
                  kind: 'variant',
                  name: 'v',
                  cases: [
                    { name: 'one', type: u8 },
                    { name: 'own', type: undefined },
                  ],
                },
                {
                  kind: 'resource',
                  name: 'r',
                  funcs: [
                    func('', { kind: 'constructor', params: [{ name: 'a', type: u8 }] }),
                    func('m', { kind: 'method', async: true }),
                    func('s', { kind: 'static', result: self }),
                  ],
                },
              ],
              funcs: [func('f')],
            },
          },
        ],
      },
    ],
  });
  assert.equal(
    text,
    `package a:b;

world w {
}
package a:b {
  interface i {
    use j.{x as %flags};

    variant v {
      one(u8),
      %own,
    }

    resource r {
      constructor(a: u8);
      m: async func();
      s: static func() -> r;
    }

    f: func();
  }
}
`,
  );
});
