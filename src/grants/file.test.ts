import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TextError } from '../error/error.ts';
import { parseGrants } from './file.ts';
import { readToml } from './toml.ts';
import { written } from './written.ts';

const TOML = `# What the report needs.
args = ["report", '--top', "7"]
clocks = "fixed=2026-01-31T12:00:00Z"

[env]
MODE = "fast"
"odd name" = "a\\tb\\u00e9\\U0001f600"

[[dirs]]
host = "in"
guest = "/in"
readonly = true

[[dirs]] # the results
host = 'C:\\out'
guest = "/out"
quota = { bytes = "10M", files = 1_00 }

[network]
connect = [
  "db.example:5432/tcp", # the data
  { host = "*.example.com", port = 443 },
]
`;

const DATA = {
  args: ['report', '--top', '7'],
  clocks: 'fixed=2026-01-31T12:00:00Z',
  env: { MODE: 'fast', 'odd name': 'a\tbé😀' },
  dirs: [
    { host: 'in', guest: '/in', readonly: true },
    { host: 'C:\\out', guest: '/out', quota: { bytes: '10M', files: 100 } },
  ],
  network: { connect: ['db.example:5432/tcp', { host: '*.example.com', port: 443 }] },
};

test('TOML and JSON are the same object', () => {
  assert.deepEqual(parseGrants(TOML, 'grants.toml').input, DATA);
  const json = parseGrants(JSON.stringify(DATA), 'grants.json');
  assert.deepEqual(json.input, DATA);
  assert.deepEqual(json.grant, parseGrants(TOML, 'g.TOML').grant);
  assert.equal(json.grant.dirs[1]?.quota?.bytes, 10 * 1024 * 1024);
});

test('an empty file grants nothing', () => {
  assert.deepEqual(parseGrants('', 'a.toml').input, {});
  assert.deepEqual(parseGrants('{}', 'a').input, {});
});

function refuses(text: string, file: string, line: number, column: number, message: RegExp): void {
  assert.throws(
    () => parseGrants(text, file),
    (error) => {
      assert.ok(error instanceof TextError, String(error));
      assert.deepEqual([error.line, error.column], [line, column], error.message);
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(`${file}:${line}:${column}: `));
      return true;
    },
  );
}

test('what cannot be used is shown where it stands', () => {
  refuses('[[dirs]]\nhost = "."\nreadOnly = true\n', 'g.toml', 3, 1, /dirs\[0\]\.readOnly .*one of host, guest/);
  refuses('clocks = "system"\nrandom = 4\n', 'g.toml', 2, 1, /random .*seed=NUMBER.*found number/);
  refuses(
    '[network]\nlisten = [\n  "127.0.0.1:80",\n  "127.0.0.1",\n]\n',
    'g.toml',
    4,
    3,
    /network\.listen\[1\] .*ADDRESS:PORT/,
  );
  refuses('[env]\n"a=b" = ""\n', 'g.toml', 2, 1, /holds no =/);
  refuses('{\n  "dirs": [{ "host": "a" }, { "host": "a" }]\n}', 'g.json', 2, 29, /dirs\[1\]\.guest .*dirs\[0\]/);
  refuses('{\n  "dirs": { "host": "a" }\n}', 'g.json', 2, 3, /dirs .*a list/);
  refuses('{"stdio": {"stdin": "pipe"}}', 'g.json', 1, 12, /stdio\.stdin/);
  refuses('[]', 'g.json', 1, 1, /whole .*an object/);
  refuses('{"dir": []}', 'g.json', 1, 2, /the grant's dir .*one of args, env, dirs/);
});

test('text that is no JSON', () => {
  refuses('', 'g', 1, 1, /the file ends; expected a value/);
  refuses('{"a": 1,}', 'g', 1, 9, /a key in double quotes/);
  refuses('{"a": 1, "a": 2}', 'g', 1, 10, /each key once/);
  refuses("{'a': 1}", 'g', 1, 2, /a key in double quotes/);
  refuses('{"a" 1}', 'g', 1, 6, /a colon/);
  refuses('{"a": [1 2]}', 'g', 1, 10, /, or \]/);
  refuses('{"a": tru}', 'g', 1, 7, /a value/);
  refuses('{} x', 'g', 1, 4, /the end of the file/);
  refuses(`${'['.repeat(80)}`, 'g', 1, 66, /at most 64/);
});

test('text that is no TOML, or not of the part that is read', () => {
  const cases: readonly [string, number, number, RegExp][] = [
    ['a', 1, 2, /a key has no value/],
    ['a =', 1, 4, /this is no value/],
    ['a = b', 1, 5, /a string in quotes/],
    ['a = "x" y', 1, 8, /the end of the line/],
    ['a = "x\ny"', 1, 5, /this is no value/],
    ['a = """x"""', 1, 5, /several lines/],
    ['a = 1.5', 1, 5, /whole number/],
    ['a = 2026-01-31', 1, 5, /this is no value/],
    ['a = 0x10', 1, 5, /this is no value/],
    ['a = 9007199254740993', 1, 5, /too large/],
    ['a = 1\na = 2', 2, 1, /defined above/],
    ['[a]\n[a]', 2, 2, /defined above/],
    ['a = { b = 1 }\na.c = 2', 2, 1, /defined above/],
    ['a = [1]\n[[a]]', 2, 3, /no list of tables/],
    ['[[a]]\n[a]', 2, 2, /defined above/],
    ['[a', 1, 3, /does not end/],
    ['[[a]', 1, 4, /does not end/],
    ['a = [1 2]', 1, 8, /, or \]/],
    ['a = { b = 1', 1, 12, /does not go on/],
    ['= 1', 1, 1, /this is no key/],
    ['a = "\\ud800"', 1, 5, /no character/],
    [`a = ${'['.repeat(80)}`, 1, 70, /at most 64/],
  ];
  for (const [text, line, column, message] of cases) refuses(text, 'g.toml', line, column, message);
});

test('TOML: the forms of keys and tables', () => {
  const data = (text: string) => written(readToml(text, 'x')).data;
  assert.deepEqual(data('a.b . "c d" = 1\r\n\r\n[e.f]\ng = true\n[e]\nh = []'), {
    a: { b: { 'c d': 1 } },
    e: { f: { g: true }, h: [] },
  });
  assert.deepEqual(data('[[a]]\n[a.b]\nc = 1\n[[a]]\n'), { a: [{ b: { c: 1 } }, {}] });
  assert.deepEqual(data("a = ''\nb = [ # x\n 'y', # z\n ]"), { a: '', b: ['y'] });
  assert.deepEqual(data('__proto__ = 1'), JSON.parse('{"__proto__": 1}'));
});
