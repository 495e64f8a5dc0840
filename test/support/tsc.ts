/** Type-checks programs against the sources and runs them: `tenon` in them is this checkout. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

const CONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: { customConditions: ['tenon-source'], skipLibCheck: false, incremental: false },
  include: ['*.ts'],
  exclude: [],
};

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

/** A folder of its own for files of one test, inside the package, so that `import 'tenon'` names the package itself. */
export class Workshop {
  readonly #folder: string;

  constructor(name: string) {
    this.#folder = join(ROOT, '.cache', `types-${name}-${process.pid}`);
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    this.write('tsconfig.json', JSON.stringify(CONFIG));
  }

  write(name: string, contents: string | Uint8Array): void {
    writeFileSync(join(this.#folder, name), contents);
  }

  /** Checks every file with `tsc`; the output is one line an error, with names relative to the folder. */
  check(): Finished {
    const script = join(ROOT, 'node_modules/.bin/tsc');
    return this.#run(script, ['-p', '.', '--pretty', 'false']);
  }

  /** Runs a program of the folder. */
  run(name: string): Finished {
    return this.#run(process.execPath, ['--conditions=tenon-source', name]);
  }

  #run(program: string, args: readonly string[]): Finished {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: this.#folder, encoding: 'utf8', env });
    if (error !== undefined) throw error;
    return { code: status, output: `${stdout}${stderr}` };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
