/**
 * The tables of `docs/wasi.md`: every function of WASI 0.2, tests that are there, and in which cases the guest that calls every function
 * calls this one. What was recorded from Wasmtime and where Tenon differs says the last column; nobody keeps it by hand.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WASI_CASES } from '../guests/wasi/cases.ts';
import { recordedFile } from '../guests/wasi/play.ts';
import { SHARED } from '../support/shared.ts';
import { interfacesOf } from '../support/wit-names.ts';

const ROOT = join(import.meta.dirname, '../..');
const WIT = join(SHARED, 'wit/wasi-0.2.12');
const PACKAGES = ['cli', 'clocks', 'filesystem', 'http', 'io', 'random', 'sockets'];
const PAGE = readFileSync(join(ROOT, 'docs/wasi.md'), 'utf8');

interface Row {
  readonly key: string;
  readonly label: string;
  readonly tests: readonly string[];
  readonly cases: string;
}

const ROWS: readonly Row[] = [...PAGE.matchAll(/^\| ([a-z-]+) \| `([^`]*)` \| ([^|]*) \| ([^|]*) \|$/gm)].map(
  ([, iface, name, tests, cases]) => ({
    key: `${iface}#${name}`,
    // Clocks share the names of their functions, and so do handlers.
    label: /-(?:clock|handler)$/.test(iface!) ? `${iface}.${name}` : name!,
    tests: tests!.split('; '),
    cases: cases!,
  }),
);

/** What the last column has to say: the cases in which a line begins with the name, and where one of them is decided otherwise. */
function casesOf(label: string): string {
  const begins = (line: string): boolean => line === label || line.startsWith(`${label} `);
  return Object.entries(WASI_CASES)
    .filter(([name]) => readFileSync(recordedFile(name), 'utf8').split('\n').some(begins))
    .map(([name, { differs }]) => (Object.keys(differs?.lines ?? {}).some(begins) ? `${name} (differs)` : name))
    .join(', ');
}

test('every function of WASI 0.2 has a row', { skip: existsSync(WIT) ? false : `${WIT} is absent` }, () => {
  const known = PACKAGES.flatMap((name) =>
    readdirSync(join(WIT, name)).flatMap((file) =>
      [...interfacesOf(readFileSync(join(WIT, name, file), 'utf8'))].flatMap(([iface, { functions, resources }]) => [
        ...functions.map((each) => `${iface}#${each}`),
        ...[...resources].flatMap(([resource, methods]) => methods.map((each) => `${iface}#${resource}.${each}`)),
      ]),
    ),
  );
  assert.equal(known.length, 176);
  const keys = new Set(ROWS.map(({ key }) => key));
  assert.deepEqual(
    known.filter((each) => !keys.has(each)),
    [],
    'functions without a row',
  );
  const all = new Set([
    ...known,
    ...['fields', 'outgoing-request', 'request-options', 'outgoing-response'].map(
      (each) => `types#${each}.constructor`,
    ),
  ]);
  assert.deepEqual(
    [...keys].filter((each) => !all.has(each)),
    [],
    'rows without a function',
  );
});

test('the tests that rows name are there', () => {
  const files = [
    ...readdirSync(join(ROOT, 'src/wasi/p2'), { recursive: true, encoding: 'utf8' }).map((file) =>
      join('src/wasi/p2', file),
    ),
    'test/cli/serve.test.ts',
    'test/cli/run.test.ts',
    'src/host/node/files.test.ts',
    'src/host/node/stdio.test.ts',
  ].filter((file) => file.endsWith('.test.ts'));
  const text = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
  const titles = new Set([...text.matchAll(/\b(?:test|describe)\(\s*(['`])(.*?)\1/g)].map((match) => match[2]!));
  for (const { key, tests } of ROWS) {
    assert.ok(tests.length > 0, key);
    for (const title of tests) assert.ok(titles.has(title), `${key}: no test is called "${title}"`);
  }
});

const DRAFTS = join(SHARED, 'wit/drafts');

test('every function of the drafts has a row, and tests that are there', {
  skip: existsSync(DRAFTS) ? false : `${DRAFTS} is absent`,
}, () => {
  const known = ['config', 'logging', 'keyvalue'].flatMap((name) =>
    readdirSync(join(DRAFTS, name)).flatMap((file) =>
      [...interfacesOf(readFileSync(join(DRAFTS, name, file), 'utf8'))].flatMap(([iface, { functions, resources }]) =>
        iface === 'watcher'
          ? []
          : [
              ...functions,
              ...[...resources].flatMap(([resource, all]) => all.map((each) => `${resource}.${each}`)),
            ].map((each) => `${name}/${iface}#${each}`),
      ),
    ),
  );
  const rows = [...PAGE.matchAll(/^\| ([a-z]+\/[a-z]+) \| `([^`]*)` \| ([^|]*) \|$/gm)];
  assert.deepEqual(rows.map(([, iface, name]) => `${iface}#${name}`).sort(), known.sort());
  const text = readFileSync(join(ROOT, 'src/wasi/drafts/drafts.test.ts'), 'utf8');
  for (const [, , , tests] of rows)
    for (const title of tests!.split('; ')) assert.ok(text.includes(`test('${title}'`), `no test is called "${title}"`);
});

test('the cases that rows name are those in which the guest calls the function', () => {
  for (const { key, label, cases } of ROWS) {
    const found = casesOf(label);
    if (found === '') assert.match(cases, /^not called: /, key);
    else assert.equal(cases, found, key);
  }
});

test('every difference is explained', () => {
  for (const [name, { differs }] of Object.entries(WASI_CASES)) {
    if (differs !== undefined) assert.ok(PAGE.includes(`* ${name}: ${differs.why}`), `${name}: ${differs.why}`);
  }
});
