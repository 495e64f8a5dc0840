/** What the text of a core module refers to: names, and types with their signatures. */
import type { CodeScope } from './immediates.ts';
import type { ModuleNames } from './module-names.ts';
import { funcTypeAt, type ModuleSource } from './module-source.ts';
import { type MemberId, signatureText } from './module-types.ts';

/** Signatures with more parameters and results stand only where the type is defined: a text stays linear in what it prints. */
const MAX_REPEATED = 100;

export class ModuleScope implements Omit<CodeScope, 'local' | 'label'> {
  readonly source: ModuleSource;
  readonly names: ModuleNames;
  readonly ref: CodeScope['ref'];
  readonly typeRef: CodeScope['typeRef'];
  /** Type uses without names, by type index. */
  readonly #typeUses = new Map<number, string>();
  readonly #fields = new Map<number, ((index: number) => string) | undefined>();

  constructor(source: ModuleSource, names: ModuleNames) {
    this.source = source;
    this.names = names;
    this.ref = names.ref;
    this.typeRef = names.typeRef;
  }

  readonly field = (type: number, index: number): string => {
    if (!this.#fields.has(type)) this.#fields.set(type, this.names.members('field', type)?.ref);
    return this.#fields.get(type)?.(index) ?? String(index);
  };

  /** `(type 3) (param i32) (result i32)`; its index alone of a type that is no function type, or a long one. */
  typeUse(type: number, param?: MemberId): string {
    const known = param === undefined ? this.#typeUses.get(type) : undefined;
    if (known !== undefined) return known;
    const signature = funcTypeAt(this.source, type);
    const size = signature === undefined ? 0 : signature.params.length + signature.results.length;
    const inPlace = signature !== undefined && (size <= MAX_REPEATED || param !== undefined);
    const text = `(type ${this.typeRef(type)})${inPlace ? signatureText(signature, this.typeRef, param) : ''}`;
    if (param === undefined) this.#typeUses.set(type, text);
    return text;
  }
}
