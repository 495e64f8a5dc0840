/** The core modules of a built component: its own and those that are generated, each once, under names of their own. */

export interface CoreFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const latin1 = new TextDecoder('latin1');

export class CoreFiles {
  readonly #stem: string;
  readonly #byContent = new Map<string, CoreFile>();
  readonly #counts = new Map<string, number>();

  /** `stem` is what all names begin with. */
  constructor(stem: string) {
    this.#stem = stem;
  }

  /** The name of the file that holds a module; `kind` stands in the names of new ones. */
  add(kind: 'core' | 'glue' | 'trap', bytes: Uint8Array<ArrayBuffer>): string {
    const content = latin1.decode(bytes);
    let file = this.#byContent.get(content);
    if (file === undefined) {
      const count = (this.#counts.get(kind) ?? 0) + 1;
      this.#counts.set(kind, count);
      file = { name: `${this.#stem}.${kind}${count === 1 ? '' : count}.wasm`, bytes };
      this.#byContent.set(content, file);
    }
    return file.name;
  }

  get all(): readonly CoreFile[] {
    return [...this.#byContent.values()];
  }
}
