/** Components of the suites and of the corpus, printed and parsed again, and what wasm-tools makes of the texts. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeComponent } from '../../src/binary/decode.ts';
import { plain } from '../../src/binary/fixture.ts';
import { MalformedError, TextError } from '../../src/error/error.ts';
import { parseText } from '../../src/text/parse.ts';
import { printText } from '../../src/text/print/print.ts';
import type { Component } from '../../src/types/definition.ts';
import { canonicalComponent } from './canonical-component.ts';
import { scriptDefinitions } from './seed-components.ts';
import { SHARED } from './shared.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A component and where it comes from. */
export interface Input {
  readonly label: string;
  readonly bytes: Bytes;
}

function isComponent({ bytes }: Input): boolean {
  return bytes[4] === 0x0d && bytes[6] === 1;
}

function wats(pattern: string): Input[] {
  return globSync(pattern, { cwd: SHARED })
    .sort()
    .flatMap((label) => {
      try {
        return [{ label, bytes: parseText(readFileSync(join(SHARED, label), 'utf8')).bytes }];
      } catch (error) {
        if (error instanceof TextError) return [];
        throw error;
      }
    });
}

/** The folders that hold components, and how many there must be at least. */
export const COLLECTIONS: Readonly<Record<string, { readonly inputs: () => Input[]; readonly least: number }>> = {
  'conformance/component-model': {
    inputs: () =>
      scriptDefinitions('conformance/component-model/**/*.wast').map(({ name, bytes }) => ({ label: name, bytes })),
    least: 660,
  },
  'conformance/wit-component': { inputs: () => wats('conformance/wit-component/**/*.wat'), least: 75 },
  corpus: {
    inputs: () =>
      globSync('corpus/*.wasm', { cwd: SHARED })
        .sort()
        .map((label) => ({ label, bytes: new Uint8Array(readFileSync(join(SHARED, label))) })),
    least: 10,
  },
};

/** A decoded component without sections and names in older forms: what a text says. */
function dataOf(component: Component): unknown {
  const { definitions, customs } = plain(component) as { definitions: unknown; customs: unknown };
  return { definitions, customs };
}

/** What became of the components of one folder. */
export class RoundTrips {
  same = 0;
  all = 0;
  readonly reasons = new Map<string, number>();
  readonly wrong: string[] = [];
  readonly texts: { readonly text: string; readonly bytes: Bytes }[] = [];

  check({ label, bytes }: Input): void {
    let component: Component;
    let text: string;
    try {
      component = decodeComponent(bytes);
      text = printText(bytes);
    } catch (error) {
      // Suites hold malformed ones too.
      if (error instanceof MalformedError) return;
      throw error;
    }
    this.all++;
    const back = parseText(text, { file: label }).bytes;
    const canonical = canonicalComponent(component);
    if (printText(back) !== text) this.wrong.push(`${label}: printed again it is another text`);
    this.texts.push({ text, bytes: back });
    if (Buffer.compare(back, bytes) === 0) {
      this.same++;
      return;
    }
    if (Buffer.compare(back, canonical.bytes) !== 0) this.wrong.push(`${label}: not the canonical bytes`);
    if (canonical.reasons.size === 0) this.wrong.push(`${label}: other bytes without a reason`);
    assert.deepEqual(dataOf(decodeComponent(back)), dataOf(decodeComponent(canonical.bytes)), label);
    for (const reason of canonical.reasons.keys()) this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
  }

  toString(): string {
    const reasons = [...this.reasons].map(([reason, count]) => `${reason}: ${count}`);
    return `${this.same} of ${this.all} the same bytes; not canonical: ${reasons.join(', ') || 'none'}`;
  }
}

function isValid(program: string, bytes: Bytes): boolean {
  return spawnSync(program, ['validate', '--features', 'all', '-'], { input: bytes, stdio: 'pipe' }).status === 0;
}

/**
 * Asks wasm-tools: it must make the same bytes of Tenon's text, and of its own text for those bytes Tenon must make what it makes itself.
 */
export function compareWithPeer(program: string, text: string, bytes: Bytes): void {
  // What the tool has forgotten by now.
  if (/ cancellable[ )]/.test(text)) return;
  const run = (args: readonly string[], input: string | Bytes): Buffer =>
    execFileSync(program, args, { input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 2 ** 30 });
  assert.equal(Buffer.compare(run(['parse', '-'], text), bytes), 0, text.slice(0, 1000));
  // It prints what is not valid in ways that refer to what comes later.
  if (!isValid(program, bytes)) return;
  const theirs = run(['print', '-'], bytes).toString();
  assert.equal(Buffer.compare(parseText(theirs).bytes, run(['parse', '-'], theirs)), 0, theirs.slice(0, 1000));
}

/** The components of a folder. */
export function componentsOf(folder: string): Input[] {
  return COLLECTIONS[folder]!.inputs().filter(isComponent);
}
