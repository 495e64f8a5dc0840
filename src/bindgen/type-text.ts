/** Declarations of named value types: records and flags as interfaces, the others as aliases. */
import type { Lines } from './lines.ts';
import { behindNames, type ScopeDecl, type TypeDecl } from './model.ts';
import type { Naming } from './names.ts';
import type { Uses } from './uses.ts';
import type { Form, ValueText } from './value-text.ts';

/** Unions of more members than this stand on lines of their own. */
const MAX_INLINE = 3;

export class TypeText {
  readonly #out: Lines;
  readonly #naming: Naming;
  readonly #values: ValueText;
  readonly #uses: Uses;

  constructor(out: Lines, naming: Naming, values: ValueText, uses: Uses) {
    this.#out = out;
    this.#naming = naming;
    this.#values = values;
    this.#uses = uses;
  }

  /** The types of a scope as they stand in `Imports` or `Exports`: the form `out`, and where it differs what a host may give. */
  own(scope: ScopeDecl): void {
    for (const decl of declsOf(scope)) {
      const name = this.#naming.own(decl);
      this.#declare(decl, 'out', name, decl.docs?.docs);
      if (this.#uses.has(decl, 'in')) {
        this.#declare(decl, 'in', this.#naming.input(decl), `What may be given for a {@link ${name}}.`);
      }
    }
  }

  /** The types of a scope that are others in promised calls. */
  promised(scope: ScopeDecl): void {
    for (const decl of declsOf(scope)) {
      if (this.#uses.has(decl, 'promised')) this.#declare(decl, 'promised', this.#naming.own(decl), decl.docs?.docs);
    }
  }

  #declare(decl: TypeDecl, form: Form, name: string, docs: string | undefined): void {
    const { type } = decl;
    const out = this.#out;
    out.gap();
    out.comment(docs, this.#hidden(decl));
    if (type.kind === 'record' || type.kind === 'flags') {
      out.block(`interface ${name}`, () => {
        for (const { label, text } of this.#values.fields(type, form)) {
          out.comment(decl.docs?.items.get(label));
          out.add(`${text};`);
        }
      });
      return;
    }
    const members = this.#members(decl, form);
    if (members === undefined) {
      out.add(`type ${name} = ${this.#values.text(type, form)};`);
      return;
    }
    out.add(`type ${name} =`);
    for (const [i, { label, text }] of members.entries()) {
      out.nested(() => {
        out.comment(decl.docs?.items.get(label));
        out.add(`| ${text}${i === members.length - 1 ? ';' : ''}`);
      });
    }
  }

  /** The members of a union that is long or has comments. */
  #members(decl: TypeDecl, form: Form): readonly { readonly label: string; readonly text: string }[] | undefined {
    const { type } = decl;
    const documented = (decl.docs?.items.size ?? 0) > 0;
    if (type.kind === 'variant' && (documented || type.cases.length > 1))
      return type.cases.map((c) => ({ label: c.name, text: this.#values.case(c, form) }));
    if (type.kind === 'enum' && (documented || type.labels.length > MAX_INLINE))
      return type.labels.map((label) => ({ label, text: this.#values.text({ kind: 'enum', labels: [label] }, form) }));
    return undefined;
  }

  /** What TypeScript has no words for. */
  #hidden({ type }: TypeDecl): string | undefined {
    const end = type.kind === 'named' ? type : behindNames(type);
    return end.kind === 'primitive' && !['bool', 'string', 'f64', 'error-context'].includes(end.name)
      ? `In WIT: \`${end.name}\`.`
      : undefined;
  }
}

function declsOf(scope: ScopeDecl): readonly TypeDecl[] {
  return scope.items.flatMap((item) => (item.kind === 'type' ? [item.decl] : []));
}
