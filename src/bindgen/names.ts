/**
 * Names in declarations. Names of the runtime (properties, methods) are what `src/runtime/exports.ts` and `bind.ts` make of them;
 * names of types and parameters are free, and only have to be valid, unique, and not in the way of what the declarations refer to.
 */
import { toPascal } from '../abi/js/names.ts';
import { tryParseExternName } from '../types/extern-name.ts';
import { camelNames } from '../util/names.ts';
import type { HostWorld, ResourceDecl, ScopeDecl, TypeDecl } from './model.ts';

/** Types of the language and of the web that declarations name, and the names at the top of every file. */
const TAKEN: readonly string[] = (
  'ArrayBuffer AbortSignal AsyncIterable Disposable Function Iterable Map Object Promise ReadableStream ReadonlyMap Symbol ' +
  'Error Exclude WebAssembly Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array Float32Array ' +
  'Float64Array World Imports ImportNames Exports Promised ExportErrors ImportErrors MaybePromise CallOptions Chunks StreamSource ErrorContext'
).split(' ');

const NOT_PARAMETERS: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);

/** A string literal. The one way in which text of a component gets into declarations, besides comments. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped.replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)}'`;
}

/** How declarations name the package, where they do not import it. */
export const TENON = `import(${quote('tenon')})`;

/** The same for what built modules run on. */
export const RUNTIME = `import(${quote('tenon/runtime')})`;

/** A property name, quoted where it has to be. */
export function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name);
}

/** Names of the parameters of one function; `more` are names that others have already. */
export function parameterNames(names: readonly string[], more: readonly string[] = []): readonly string[] {
  return camelNames([...more, ...names])
    .slice(more.length)
    .map((name) => (NOT_PARAMETERS.has(name) ? `${name}_` : name));
}

/** Gives each thing of one namespace a name of its own. */
class Names {
  readonly #taken = new Set(TAKEN);

  take(wanted: string): string {
    let name = wanted;
    while (this.#taken.has(name)) name += '_';
    this.#taken.add(name);
    return name;
  }
}

function words(text: string): string {
  return toPascal(text.replaceAll(/[^\w-]+/g, '-'));
}

/** Names for an interface, the shortest first. */
function interfaceNames(name: string): readonly string[] {
  const parsed = tryParseExternName(name);
  if (!parsed.ok || parsed.value.kind !== 'interface') return [words(name)];
  const { namespace, package: pkg, projection, version } = parsed.value;
  const short = words(projection);
  const longer = `${words(pkg)}${short}`;
  const whole = `${words(namespace)}${longer}`;
  return [short, longer, whole, `${whole}${(version ?? '').replaceAll(/\D/g, '')}`];
}

/** The names of a world's declarations. */
export class Naming {
  readonly #names = new Map<object, string>();
  readonly #inputs = new Map<TypeDecl | ResourceDecl, string>();
  readonly #classes = new Map<ResourceDecl, string>();

  constructor(world: HostWorld) {
    this.#scope(world.imports);
    this.#scope(world.exports);
  }

  #scope(scope: ScopeDecl): void {
    const names = new Names();
    const inner = scope.items.flatMap((item) => (item.kind === 'instance' ? [item.scope] : []));
    const candidates = new Map(inner.map((each) => [each, interfaceNames(each.name ?? '')]));
    for (const [each, own] of candidates) {
      // Interfaces that share a short name all get a longer one, so that no name depends on the order.
      const others = [...candidates].flatMap(([other, theirs]) => (other === each ? [] : theirs));
      this.#names.set(each, names.take(own.find((name) => !others.includes(name)) ?? own.at(-1)!));
      this.#scope(each);
    }
    const all = scope.items.flatMap((item) => (item.kind === 'type' || item.kind === 'resource' ? [item.decl] : []));
    const decls = [...new Set(all)].filter((decl) => decl.scope === scope);
    for (const decl of decls) this.#names.set(decl, names.take(toPascal(decl.label)));
    for (const decl of decls) {
      const name = this.own(decl);
      if (decl.kind === 'type' || scope.side === 'exports') this.#inputs.set(decl, names.take(`${name}Input`));
      else this.#classes.set(decl, names.take(`${name}Class`));
    }
  }

  /** The name within its namespace. */
  own(decl: TypeDecl | ResourceDecl | ScopeDecl): string {
    return this.#names.get(decl) ?? '';
  }

  /** The name of the form that a host gives, where it differs. */
  input(decl: TypeDecl | ResourceDecl): string {
    return this.#inputs.get(decl) ?? '';
  }

  /** The name for the class itself of a host's resource. */
  classOf(decl: ResourceDecl): string {
    return this.#classes.get(decl) ?? '';
  }

  /** The namespace of a scope, from the top: `Exports.Ops`. `root` is the name of the outermost. */
  path(scope: ScopeDecl, root: string): string {
    return scope.parent === undefined ? root : `${this.path(scope.parent, root)}.${this.own(scope)}`;
  }
}
