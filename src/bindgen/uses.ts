/** Which named types declarations need in which form, and which helpers. */
import { childrenOf, formOfResult } from './function-text.ts';
import type { FuncDecl, HostWorld, JsType, ScopeDecl, TypeDecl } from './model.ts';
import { carried, type Form, outcomeOf, type ValueText } from './value-text.ts';

export type Helper = 'MaybePromise' | 'CallOptions' | 'Chunks' | 'StreamSource' | 'ErrorContext';

export class Uses {
  readonly #values: ValueText;
  readonly #seen: Readonly<Record<Form, Set<JsType>>> = { out: new Set(), promised: new Set(), in: new Set() };
  readonly #decls: Readonly<Record<Form, Set<TypeDecl>>> = { out: new Set(), promised: new Set(), in: new Set() };
  /** Helpers that something refers to. */
  readonly helpers = new Set<Helper>();

  constructor(values: ValueText, world: HostWorld) {
    this.#values = values;
    this.#scope(world.imports);
    this.#scope(world.exports);
  }

  /** Whether something refers to a named type in a form that differs from `out`. */
  has(decl: TypeDecl, form: Exclude<Form, 'out'>): boolean {
    return this.#decls[form].has(decl);
  }

  #scope(scope: ScopeDecl): void {
    for (const item of scope.items) {
      if (item.kind === 'func') this.#func(item.func, scope.side === 'imports');
      else if (item.kind === 'instance') this.#scope(item.scope);
      else if (item.kind === 'type') this.#mark(item.decl.type, 'out');
    }
  }

  #func(func: FuncDecl, imported: boolean): void {
    if (imported) this.helpers.add('MaybePromise');
    else if (func.async) this.helpers.add('CallOptions');
    const outcome = outcomeOf(func.result);
    const results = outcome === undefined ? [func.result] : [outcome.ok, outcome.err];
    for (const { type } of func.params) this.#mark(type, imported ? 'out' : 'in');
    for (const type of results) {
      if (imported) this.#mark(type, 'in');
      else for (const form of ['out', 'promised'] as const) this.#mark(type, formOfResult(func, form));
    }
  }

  #mark(type: JsType | undefined, form: Form): void {
    if (type === undefined || this.#seen[form].has(type)) return;
    this.#seen[form].add(type);
    if (type.kind === 'primitive' && type.name === 'error-context') this.helpers.add('ErrorContext');
    if (type.kind === 'stream' && form === 'in') {
      this.helpers.add('Chunks');
      if (type.element !== undefined) this.helpers.add('StreamSource');
    }
    if (type.kind === 'future' && form === 'in') this.helpers.add('MaybePromise');
    if (type.kind === 'named') {
      const own = this.#values.formOf(type.decl, form);
      this.#decls[own].add(type.decl);
      this.#mark(type.decl.type, own);
      return;
    }
    const inner = type.kind === 'stream' || type.kind === 'future' ? carried(form) : form;
    for (const child of childrenOf(type)) this.#mark(child, inner);
  }
}
