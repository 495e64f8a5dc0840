/**
 * Prints a component: every definition on its own, nothing inlined, so that the text parses back to the same definitions in the same
 * order. Specification: Explainer, "Component Definitions".
 */
import type { AnySort, Component, CustomSection, Definition } from '../../types/definition.ts';
import { unreachable } from '../../util/invariant.ts';
import { canonText } from './canon.ts';
import { coreTypeDefinition } from './component-core-types.ts';
import { type NamePlan, planNames } from './component-names.ts';
import { PrintScope } from './component-scope.ts';
import { aliasText, externName, externType, namedExtern, typeDefinition } from './component-types.ts';
import { quoteName } from './literal.ts';
import { ownName, printModule } from './module.ts';
import type { PrintOptions } from './options.ts';
import { writeBytes } from './segments.ts';
import type { TextWriter } from './text-writer.ts';

type DefinitionOf<K extends Definition['kind']> = Extract<Definition, { readonly kind: K }>;

/** The keyword of a reference to an item: `(func 1)`, `(core module 2)`. */
function itemRef(scope: PrintScope, sort: AnySort, index: number): string {
  return `(${sort} ${scope.ref(sort, index)})`;
}

class ComponentPrinter {
  readonly #out: TextWriter;
  readonly #component: Component;
  readonly #plan: NamePlan;
  readonly #scope: PrintScope;
  readonly #skeleton: boolean;

  constructor(out: TextWriter, component: Component, plan: NamePlan, skeleton: boolean) {
    this.#out = out;
    this.#component = component;
    this.#plan = plan;
    this.#skeleton = skeleton;
    this.#scope = new PrintScope(plan.style, plan.names.items);
  }

  /** Everything between the header and the closing parenthesis. */
  print(): void {
    const { definitions, customs } = this.#component;
    let custom = 0;
    for (const [at, definition] of definitions.entries()) {
      for (; custom < customs.length && customs[custom]!.after <= at; custom++) this.#custom(customs[custom]!);
      this.#out.newline();
      this.#definition(definition, at);
    }
    for (; custom < customs.length; custom++) this.#custom(customs[custom]!);
  }

  #custom({ name, start, end }: CustomSection): void {
    if (name === 'component-name' && this.#plan.style === 'identifiers') return;
    this.#out.newline().open(`@custom ${quoteName(name)}`);
    writeBytes(this.#out, this.#component.bytes.subarray(start, end), this.#skeleton);
    this.#out.close();
  }

  #definition(definition: Definition, at: number): void {
    const out = this.#out;
    const scope = this.#scope;
    switch (definition.kind) {
      case 'core module':
        this.#module(definition, at);
        return;
      case 'component':
        this.#nested(definition, at);
        return;
      case 'core instance':
        this.#coreInstance(definition);
        return;
      case 'instance':
        this.#instance(definition);
        return;
      case 'core type':
        coreTypeDefinition(out, definition, scope);
        return;
      case 'type':
        typeDefinition(out, definition, scope);
        return;
      case 'alias':
        out.write(aliasText(definition, scope));
        return;
      case 'canon':
        this.#canon(definition);
        return;
      case 'start':
        this.#start(definition);
        return;
      case 'import':
        out.write(namedExtern('import', definition.name, definition.type, scope));
        return;
      case 'export':
        this.#export(definition);
        return;
      default:
        unreachable(definition);
    }
  }

  #module({ start, end }: DefinitionOf<'core module'>, at: number): void {
    const out = this.#out;
    out.open(`core module${this.#scope.define('core module')}`);
    printModule(out, this.#component.bytes, start, end, this.#plan.modules.get(at)!);
    out.closeOnNewLine();
  }

  #nested({ component }: DefinitionOf<'component'>, at: number): void {
    const out = this.#out;
    out.open(`component${this.#scope.define('component')}`);
    new ComponentPrinter(out, component, this.#plan.components.get(at)!, this.#skeleton).print();
    if (component.definitions.length > 0 || component.customs.length > 0) out.closeOnNewLine();
    else out.close();
  }

  #coreInstance({ expr }: DefinitionOf<'core instance'>): void {
    const scope = this.#scope;
    const head = `core instance${scope.define('core instance')}`;
    if (expr.kind === 'exports') {
      const exports = expr.exports.map(
        (e) => `(export ${quoteName(e.name)} (${e.sort} ${scope.ref(`core ${e.sort}`, e.index)}))`,
      );
      this.#list(head, undefined, exports);
      return;
    }
    const args = expr.args.map(
      (a) => `(with ${quoteName(a.name)} (instance ${scope.ref('core instance', a.instance)}))`,
    );
    this.#list(head, `instantiate ${scope.ref('core module', expr.module)}`, args);
  }

  #instance({ expr }: DefinitionOf<'instance'>): void {
    const scope = this.#scope;
    const head = `instance${scope.define('instance')}`;
    if (expr.kind === 'exports') {
      const exports = expr.exports.map((e) => `(export ${externName(e.name)} ${itemRef(scope, e.sort, e.index)})`);
      this.#list(head, undefined, exports);
      return;
    }
    const args = expr.args.map((a) => `(with ${quoteName(a.name)} ${itemRef(scope, a.sort, a.index)})`);
    this.#list(head, `instantiate ${scope.ref('component', expr.component)}`, args);
  }

  /** `(<head> <line>*)` or `(<head> (<inner> <line>*))`, a line for each. */
  #list(head: string, inner: string | undefined, lines: readonly string[]): void {
    const out = this.#out.open(head);
    if (inner !== undefined) out.write(' ').open(inner);
    for (const line of lines) out.newline().write(line);
    if (inner !== undefined) {
      if (lines.length > 0) out.closeOnNewLine();
      else out.close();
      out.close();
    } else if (lines.length > 0) out.closeOnNewLine();
    else out.close();
  }

  #canon({ canon }: DefinitionOf<'canon'>): void {
    const scope = this.#scope;
    const text = canonText(canon, scope);
    if (canon.kind !== 'lift') this.#out.write(`(core func${scope.define('core func')} ${text})`);
    else this.#out.write(`(func${scope.define('func')} (type ${scope.ref('type', canon.type)}) ${text})`);
  }

  #start({ func, args, results }: DefinitionOf<'start'>): void {
    const scope = this.#scope;
    let text = `(start ${scope.ref('func', func)}`;
    for (const arg of args) text += ` (value ${scope.ref('value', arg)})`;
    for (let i = 0; i < results; i++) text += ` (result (value${scope.define('value')}))`;
    this.#out.write(`${text})`);
  }

  #export({ name, sort, index, type }: DefinitionOf<'export'>): void {
    const scope = this.#scope;
    const ascribed = type === undefined ? '' : ` ${externType(type, scope)}`;
    const item = itemRef(scope, sort, index);
    this.#out.write(`(export${scope.define(sort)} ${externName(name)} ${item}${ascribed})`);
  }
}

/** Prints `(component …)`. */
export function printComponent(out: TextWriter, component: Component, options: PrintOptions): void {
  const plan = planNames(component, options);
  out.open('component');
  out.write(ownName({ style: plan.style, name: plan.names.component }));
  new ComponentPrinter(out, component, plan, options.skeleton === true).print();
  if (component.definitions.length > 0 || component.customs.length > 0) out.closeOnNewLine();
  else out.close();
}
