/**
 * Value types in TypeScript: what `src/abi/js/convert.ts` makes of values, and what it takes for them. A type has up to three forms:
 * what a host is given (`out`), the same by promised calls, whose resources are of other classes (`promised`), and what a host may
 * give (`in`), which is wider: plain arrays for typed ones, safe integers for 64 bits, `null` for none, fields left out.
 */
import { camelNames } from '../abi/js/names.ts';
import { TYPED_ARRAYS } from '../abi/js/typed-array.ts';
import { ValidationError } from '../error/error.ts';
import type { PrimitiveKind } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import { behindNames, type JsCase, type JsType, type ResourceDecl, type TypeDecl } from './model.ts';
import { type Naming, property, quote } from './names.ts';

export type Form = 'out' | 'promised' | 'in';

const MAX_TEXT = 200_000;

/** Fixed-length lists up to this length are tuples. */
const MAX_TUPLE = 16;

const PRIMITIVES: Readonly<Record<PrimitiveKind, string>> = {
  bool: 'boolean',
  s8: 'number',
  u8: 'number',
  s16: 'number',
  u16: 'number',
  s32: 'number',
  u32: 'number',
  s64: 'bigint',
  u64: 'bigint',
  f32: 'number',
  f64: 'number',
  char: 'string',
  string: 'string',
  'error-context': 'ErrorContext',
};

/** The form of what streams and futures carry: they do not know by which call they came. */
export function carried(form: Form): Form {
  return form === 'promised' ? 'out' : form;
}

/** What a host may give for a primitive. */
function givenPrimitive(name: PrimitiveKind): string {
  if (name === 'error-context') return 'ErrorContext | Error';
  return PRIMITIVES[name] === 'bigint' ? 'bigint | number' : PRIMITIVES[name];
}

/** Whether the type needs parentheses before `[]`: a union, or an array that is `readonly`. */
function isCompound(text: string): boolean {
  if (text.startsWith('readonly ')) return true;
  let depth = 0;
  for (const c of text.replaceAll(/'(?:[^'\\]|\\.)*'/g, '')) {
    if ('<[{('.includes(c)) depth++;
    else if (')}]>'.includes(c)) depth--;
    else if (depth === 0 && c === '|') return true;
  }
  return false;
}

function arrayText(element: string): string {
  return isCompound(element) ? `(${element})[]` : `${element}[]`;
}

/** A member of a record or flags as text: `name?: type`. */
export interface FieldText {
  readonly label: string;
  readonly text: string;
}

export class ValueText {
  readonly #naming: Naming;
  readonly #texts: Readonly<Record<Form, Map<JsType, string>>> = { out: new Map(), promised: new Map(), in: new Map() };

  constructor(naming: Naming) {
    this.#naming = naming;
  }

  /** The form in which a named type stands for itself in `form`: `out` where they are the same. */
  formOf(decl: TypeDecl, form: Form): Form {
    return this.text(decl.type, form) === this.text(decl.type, 'out') ? 'out' : form;
  }

  /** A type where it is used. */
  text(type: JsType, form: Form): string {
    const texts = this.#texts[form];
    let text = texts.get(type);
    if (text === undefined) {
      text = this.#make(type, form);
      if (text.length > MAX_TEXT) {
        throw new ValidationError('too-complex', 'a type of the component is too long to write down', {
          expected: `at most ${MAX_TEXT} characters for what has no name`,
          hint: 'give its parts names in WIT',
        });
      }
      texts.set(type, text);
    }
    return text;
  }

  #make(type: JsType, form: Form): string {
    switch (type.kind) {
      case 'primitive':
        return form === 'in' ? givenPrimitive(type.name) : PRIMITIVES[type.name];
      case 'named':
        return this.#named(type.decl, form);
      case 'handle':
        return type.resource === undefined ? 'object' : this.handle(type.resource, form);
      case 'record':
      case 'flags':
        return `{ ${this.fields(type, form)
          .map(({ text }) => text)
          .join('; ')} }`;
      case 'variant':
        return type.cases.map((c) => this.case(c, form)).join(' | ');
      case 'enum':
        return type.labels.map(quote).join(' | ');
      case 'tuple':
        return this.#tuple(type.types, form);
      case 'list':
        return this.#list(type.element, type.length, form);
      case 'map': {
        const name = form === 'in' ? 'ReadonlyMap' : 'Map';
        return `${name}<${this.text(type.key, form)}, ${this.text(type.value, form)}>`;
      }
      case 'option':
        return this.#option(type.type, form);
      case 'result':
        return `${this.#outcome('ok', type.ok, form)} | ${this.#outcome('err', type.err, form)}`;
      case 'stream':
        return this.#stream(type.element, form);
      case 'future':
        return form === 'in' ? `MaybePromise<${this.#awaited(type, form)}>` : `Promise<${this.#awaited(type, form)}>`;
      default:
        return unreachable(type);
    }
  }

  /** What awaiting a promise of a type gives: a future in it is awaited, too. `void` where there is no type. */
  #awaited(type: JsType | undefined, form: Form): string {
    const end = type === undefined ? undefined : behindNames(type);
    if (end?.kind === 'future') return this.#awaited(end.element, carried(form));
    return type === undefined ? 'void' : this.text(type, form);
  }

  /** A promise of a value. */
  promise(type: JsType | undefined, form: Form): string {
    return `Promise<${this.#awaited(type, form)}>`;
  }

  /** What a host's function may answer: a value, at once or later. */
  answer(type: JsType | undefined, form: Form): string {
    return `MaybePromise<${this.#awaited(type, form)}>`;
  }

  #named(decl: TypeDecl, form: Form): string {
    const own = this.formOf(decl, form);
    const root = decl.scope.side === 'imports' ? 'Imports' : own === 'promised' ? 'Promised' : 'Exports';
    const name = own === 'in' ? this.#naming.input(decl) : this.#naming.own(decl);
    return `${this.#naming.path(decl.scope, root)}.${name}`;
  }

  /** A resource: an object of the host's class, or of a class of the component. Those of both entries may be given to either. */
  handle(resource: ResourceDecl, form: Form): string {
    const name = this.#naming.own(resource);
    if (resource.scope.side === 'imports') return `${this.#naming.path(resource.scope, 'Imports')}.${name}`;
    const path = this.#naming.path(resource.scope, form === 'promised' ? 'Promised' : 'Exports');
    return `${path}.${form === 'in' ? this.#naming.input(resource) : name}`;
  }

  /** The members of a record or of flags, in order. */
  fields(type: Extract<JsType, { readonly kind: 'record' | 'flags' }>, form: Form): readonly FieldText[] {
    if (type.kind === 'flags') {
      const optional = form === 'in' ? '?' : '';
      const value = form === 'in' ? 'boolean | undefined' : 'boolean';
      return camelNames(type.labels).map((name, i) => ({
        label: type.labels[i]!,
        text: `${property(name)}${optional}: ${value}`,
      }));
    }
    const names = camelNames(type.fields.map((f) => f.name));
    return type.fields.map((f, i) => ({ label: f.name, text: this.#field(names[i]!, f.type, form) }));
  }

  /** A member that may be left out where it may be none. */
  #field(name: string, type: JsType, form: Form): string {
    const optional = this.isUnboxedOption(type) ? '?' : '';
    return `${property(name)}${optional}: ${this.text(type, form)}`;
  }

  /** Whether `undefined` is a value of the type. */
  isUnboxedOption(type: JsType): boolean {
    const { kind } = behindNames(type);
    return kind === 'option' && !this.#isBoxed(type);
  }

  #isBoxed(type: JsType): boolean {
    const option = behindNames(type);
    return option.kind === 'option' && behindNames(option.type).kind === 'option';
  }

  /** One case of a variant. */
  case({ name, type }: JsCase, form: Form): string {
    const tag = `tag: ${quote(name)}`;
    return type === undefined ? `{ ${tag} }` : `{ ${tag}; ${this.#field('val', type, form)} }`;
  }

  #outcome(tag: 'ok' | 'err', type: JsType | undefined, form: Form): string {
    return type === undefined ? `{ tag: '${tag}'; val?: undefined }` : this.case({ name: tag, type }, form);
  }

  #option(inner: JsType, form: Form): string {
    if (behindNames(inner).kind === 'option') {
      return `{ tag: 'none' } | ${this.case({ name: 'some', type: inner }, form)}`;
    }
    return `${this.text(inner, form)}${form === 'in' ? ' | null' : ''} | undefined`;
  }

  #tuple(types: readonly JsType[], form: Form): string {
    const text = `[${types.map((t) => this.text(t, form)).join(', ')}]`;
    return form === 'in' ? `readonly ${text}` : text;
  }

  #list(element: JsType, length: number | undefined, form: Form): string {
    const typed = typedArray(element);
    if (typed !== undefined && form !== 'in') return `${typed}<ArrayBuffer>`;
    const one = this.text(element, form);
    const exact = length !== undefined && length <= MAX_TUPLE;
    const plain = exact ? `[${Array.from({ length }, () => one).join(', ')}]` : arrayText(one);
    const array = form === 'in' ? `readonly ${plain}` : plain;
    return typed === undefined ? array : `${typed} | ${array}`;
  }

  /** Chunks of numbers are typed arrays, others arrays; of nothing, counts. A host may give chunks or single items. */
  #stream(element: JsType | undefined, form: Form): string {
    if (element === undefined) return form === 'in' ? 'Chunks<number | undefined>' : 'ReadableStream<number>';
    const typed = typedArray(element);
    const item = this.text(element, carried(form));
    if (form === 'in') return `StreamSource<${item}${typed === undefined ? '' : `, ${typed}`}>`;
    return `ReadableStream<${typed === undefined ? arrayText(item) : `${typed}<ArrayBuffer>`}>`;
  }
}

/** The name of the typed array that a list of `element` is. */
function typedArray(element: JsType): string | undefined {
  const end = behindNames(element);
  if (end.kind !== 'primitive' || !(end.name in TYPED_ARRAYS)) return undefined;
  return TYPED_ARRAYS[end.name as keyof typeof TYPED_ARRAYS].name;
}

/** Whether a type is a `result`, which as a function's result is returned or thrown. */
export function outcomeOf(type: JsType | undefined): Extract<JsType, { readonly kind: 'result' }> | undefined {
  const end = type === undefined ? undefined : behindNames(type);
  return end?.kind === 'result' ? end : undefined;
}
