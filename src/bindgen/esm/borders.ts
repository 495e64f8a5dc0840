/** Border functions as declarations of a module, one for each that differs. */

import type { Signature } from '../../abi/context.ts';
import type { Emitted } from '../../abi/js/emit-function.ts';
import { type ExportParts, emitExport, emitImport } from '../../abi/js/emit-function.ts';
import { Code } from './literal.ts';

interface Declared {
  readonly name: string;
  readonly source: string;
  readonly constants: readonly unknown[];
}

export class BorderDeclarations {
  readonly #declared = new Map<string, Declared>();
  readonly #identities = new Map<unknown, number>();

  export(signature: Signature, parts: ExportParts): Code {
    return this.#declare(emitExport(signature, parts));
  }

  import(signature: Signature): Code {
    return this.#declare(emitImport(signature));
  }

  /** What the declared functions refer to as their constants, all of it. */
  get constants(): readonly unknown[] {
    return [...this.#declared.values()].map((d) => d.constants);
  }

  /** The declarations; `print` writes the data that they refer to. */
  text(print: (value: unknown) => string): readonly string[] {
    return [...this.#declared.values()].map(({ name, source, constants }) => {
      const own = constants.length === 0 ? '' : `\n  const K = ${name}k;`;
      const data = constants.length === 0 ? '' : `const ${name}k = ${print(constants)};\n`;
      return `${data}function ${name}(env) {${own}\n${source}\n}`;
    });
  }

  #declare({ source, constants }: Emitted): Code {
    const key = `${source}\n${constants.map((c) => this.#constantKey(c)).join()}`;
    let declared = this.#declared.get(key);
    if (declared === undefined) {
      declared = { name: `b${this.#declared.size}`, source, constants };
      this.#declared.set(key, declared);
    }
    return new Code(declared.name);
  }

  /** Labels are told apart by their text, types by identity: another signature's resources are other ones. */
  #constantKey(constant: unknown): string {
    if (Array.isArray(constant) && constant.every((c) => typeof c === 'string')) return JSON.stringify(constant);
    if (constant instanceof Map) return JSON.stringify([...constant]);
    let identity = this.#identities.get(constant);
    if (identity === undefined) {
      identity = this.#identities.size;
      this.#identities.set(constant, identity);
    }
    return `#${identity}`;
  }
}
