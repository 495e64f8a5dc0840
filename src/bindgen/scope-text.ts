/** Declarations of interfaces and classes: a namespace for the types of each interface, beside the type of its object. */
import { arrow, FunctionText, method, takesHostObjects } from './function-text.ts';
import type { Lines } from './lines.ts';
import { type ClassMembers, classMembers, exportProperties, importProperties, type Property } from './members.ts';
import type { FuncDecl, ResourceDecl, ScopeDecl } from './model.ts';
import { type Naming, property, TENON } from './names.ts';
import type { TypeText } from './type-text.ts';
import type { Form, ValueText } from './value-text.ts';

type Root = 'Imports' | 'Exports' | 'Promised';

/** Statics that TypeScript's own declaration of functions has already. */
const FUNCTION_MEMBERS: ReadonlySet<string> = new Set(['name', 'length', 'caller', 'arguments', 'prototype']);

/** What all printers of one file share. */
export interface Printers {
  readonly out: Lines;
  readonly naming: Naming;
  readonly values: ValueText;
  readonly types: TypeText;
}

export class ScopeText {
  readonly #out: Lines;
  readonly #naming: Naming;
  readonly #types: TypeText;
  readonly #functions: FunctionText;

  constructor({ out, naming, values, types }: Printers) {
    this.#out = out;
    this.#naming = naming;
    this.#types = types;
    this.#functions = new FunctionText(values);
  }

  /** One side of a component: its namespace, and the type of the object that has everything. */
  side(scope: ScopeDecl, root: Root, docs: string): void {
    const out = this.#out;
    out.gap();
    out.block(`declare namespace ${root}`, () => this.#contents(scope, root), '}', 'drop');
    out.gap();
    out.comment(docs);
    out.block(`type ${root} =`, () => this.#properties(scope, root), '};');
  }

  #contents(scope: ScopeDecl, root: Root): void {
    if (root === 'Promised') this.#types.promised(scope);
    else this.#types.own(scope);
    for (const item of scope.items) {
      if (item.kind === 'resource' && item.decl.scope === scope && item.label === item.decl.label)
        this.#resource(item.decl, root);
    }
    for (const item of scope.items) if (item.kind === 'instance') this.#interface(item.scope, root);
  }

  #interface(scope: ScopeDecl, root: Root): void {
    const out = this.#out;
    const name = this.#naming.own(scope);
    out.gap();
    out.block(`namespace ${name}`, () => this.#contents(scope, root), '}', 'drop');
    out.gap();
    out.comment(root === 'Promised' ? undefined : scope.docs, `\`${scope.name}\``);
    out.block(`interface ${name}`, () => this.#properties(scope, root));
  }

  #properties(scope: ScopeDecl, root: Root): void {
    const properties = root === 'Imports' ? importProperties(scope) : exportProperties(scope);
    for (const [i, each] of properties.entries()) {
      if (each.alias && properties[i - 1]?.alias !== true) this.#out.add('// The same by other names.');
      this.#property(each, root);
    }
  }

  #property({ name, member, alias }: Property, root: Root): void {
    const out = this.#out;
    const key = property(name);
    switch (member.kind) {
      case 'func':
        if (root === 'Imports') this.#importedFunction(name, member.func);
        else {
          const form = formOf(root);
          if (!alias && root === 'Exports') out.comment(member.func.docs, this.#functions.throws(member.func, form));
          out.add(`${key}: ${arrow(this.#functions.exported(member.func, form, true))};`);
        }
        return;
      case 'class':
        out.add(`${key}: ${this.#class(member.resource, root)};`);
        return;
      case 'scope':
        if (!alias && root !== 'Promised') out.comment(member.scope.worldDocs);
        out.add(
          `${key}${root === 'Imports' && !isNeeded(member.scope) ? '?' : ''}: ${this.#naming.path(member.scope, root)};`,
        );
        return;
      case 'module':
        out.add(`${key}: WebAssembly.Module;`);
        return;
      case 'component':
        out.add(`${key}: ${TENON}.Component;`);
    }
  }

  /** A property checks parameters strictly; a method lets the host say that it expects its own class. */
  #importedFunction(name: string, func: FuncDecl): void {
    this.#out.comment(func.docs, this.#functions.mayThrow(func));
    const signature = this.#functions.imported(func);
    const key = property(name);
    this.#out.add(takesHostObjects(func) ? `${method(key, signature)};` : `${key}: ${arrow(signature)};`);
  }

  #path(resource: ResourceDecl, root: Root): string {
    return `${this.#naming.path(resource.scope, root)}.${this.#naming.own(resource)}`;
  }

  /** The type of a class itself. */
  #class(resource: ResourceDecl, root: Root): string {
    if (resource.scope.side === 'imports')
      return `${this.#naming.path(resource.scope, 'Imports')}.${this.#naming.classOf(resource)}`;
    const own = root === 'Promised' ? 'Promised' : 'Exports';
    const text = `typeof ${this.#path(resource, own)}`;
    const odd = [...classMembers(resource).statics].filter(([name]) => FUNCTION_MEMBERS.has(name));
    if (odd.length === 0) return text;
    const members = odd.map(([name, func]) => method(name, this.#functions.exported(func, formOf(own), true)));
    return `${text} & { ${members.join('; ')} }`;
  }

  #resource(resource: ResourceDecl, root: Root): void {
    const members = classMembers(resource);
    this.#out.gap();
    if (root === 'Imports') this.#hostClass(resource, members);
    else this.#guestClass(resource, members, root);
  }

  #guestClass(
    resource: ResourceDecl,
    { construct, methods, statics }: ClassMembers,
    root: 'Exports' | 'Promised',
  ): void {
    const out = this.#out;
    const form = formOf(root);
    const docs = (func: FuncDecl): void => {
      if (root === 'Exports') out.comment(func.docs, this.#functions.throws(func, form));
    };
    if (root === 'Exports') out.comment(resource.docs);
    out.block(`class ${this.#naming.own(resource)} implements Disposable`, () => {
      out.add('#private;');
      // A constructor that answers later cannot be called with `new`.
      if (construct === undefined || construct.async) out.add('private constructor();');
      else {
        docs(construct);
        out.add(`constructor(${this.#functions.constructed(construct)});`);
      }
      for (const [name, func] of methods) {
        docs(func);
        out.add(`${method(memberKey(name), this.#functions.exported(func, form, false))};`);
      }
      for (const [name, func] of statics) {
        if (FUNCTION_MEMBERS.has(name)) continue;
        docs(func);
        out.add(`static ${method(memberKey(name), this.#functions.exported(func, form, true))};`);
      }
      out.add('[Symbol.dispose](): void;');
    });
    if (root === 'Promised') return;
    const own = this.#naming.own(resource);
    out.gap();
    out.comment(`What may be given for a {@link ${own}}.`);
    out.add(
      `type ${this.#naming.input(resource)} = ${this.#path(resource, 'Exports')} | ${this.#path(resource, 'Promised')};`,
    );
  }

  /** What the objects of a host's class must have, and what the class itself. */
  #hostClass(resource: ResourceDecl, { construct, methods, statics }: ClassMembers): void {
    const out = this.#out;
    const name = this.#naming.own(resource);
    const path = this.#path(resource, 'Imports');
    out.comment(
      resource.docs,
      'An object of a class of the host. Its `[Symbol.dispose]`, if it has one, is called when the component has dropped it.',
    );
    out.block(`interface ${name}`, () => {
      for (const [key, func] of methods) this.#importedFunction(key, func);
      // Alone it would make a type that fits nothing that has other members.
      if (methods.size > 0) out.add('[Symbol.dispose]?(): void;');
    });
    out.gap();
    out.comment(`The class of {@link ${name}}.`);
    const odd = [...statics.keys()].some((key) => FUNCTION_MEMBERS.has(key));
    const functionType = construct === undefined && !odd ? 'Function & ' : '';
    out.block(
      `type ${this.#naming.classOf(resource)} = ${functionType}`.trimEnd(),
      () => {
        if (construct !== undefined) {
          out.comment(construct.docs, this.#functions.mayThrow(construct));
          out.add(`new (${this.#functions.imported(construct).params}): ${path};`);
        }
        out.add(`readonly prototype: ${path};`);
        for (const [key, func] of statics) this.#importedFunction(key, func);
      },
      '};',
    );
  }

  /** Payloads of errors, by the path of the function. */
  errors(scope: ScopeDecl, name: 'ExportErrors' | 'ImportErrors'): boolean {
    const found = functionsOf(scope).flatMap((func) => {
      const payload = this.#functions.payload(func, name === 'ImportErrors');
      return payload === undefined ? [] : [{ path: func.path, payload }];
    });
    if (found.length === 0) return false;
    const out = this.#out;
    out.gap();
    out.comment(
      name === 'ExportErrors'
        ? 'What the `payload` of a `ComponentError` is, by the function that throws it.'
        : "What the `payload` of a `ComponentError` must be, by the host's function that throws it.",
    );
    out.block(
      `type ${name} =`,
      () => {
        for (const { path, payload } of found) out.add(`${property(path)}: ${payload};`);
      },
      '};',
    );
    return true;
  }
}

/** Whether an import must be given: not where it has types alone. */
function isNeeded(scope: ScopeDecl): boolean {
  return importProperties(scope).some(({ member }) => member.kind !== 'scope' || isNeeded(member.scope));
}

function functionsOf(scope: ScopeDecl): readonly FuncDecl[] {
  return scope.items.flatMap((item) =>
    item.kind === 'func' ? [item.func] : item.kind === 'instance' ? functionsOf(item.scope) : [],
  );
}

function formOf(root: 'Exports' | 'Promised'): Exclude<Form, 'in'> {
  return root === 'Exports' ? 'out' : 'promised';
}

/** The name of a method in a class: `constructor` would declare something else. */
function memberKey(name: string): string {
  return name === 'constructor' ? "['constructor']" : property(name);
}
