/** Functions in TypeScript: what a host calls, and what a host gives to be called. */
import { behindNames, type FuncDecl, type JsType, type ResourceDecl } from './model.ts';
import { parameterNames } from './names.ts';
import { type Form, outcomeOf, type ValueText } from './value-text.ts';

/** The parts of a signature. */
export interface Signature {
  readonly params: string;
  readonly result: string;
}

/** Text around a signature. */
export function arrow({ params, result }: Signature): string {
  return `(${params}) => ${result}`;
}

export function method(name: string, { params, result }: Signature): string {
  return `${name}(${params}): ${result}`;
}

function payloadDoc(func: FuncDecl, values: ValueText, form: Form): string | undefined {
  const outcome = outcomeOf(func.result);
  if (outcome === undefined) return undefined;
  return outcome.err === undefined ? 'no payload' : `a payload of type \`${values.text(outcome.err, form)}\``;
}

export class FunctionText {
  readonly #values: ValueText;

  constructor(values: ValueText) {
    this.#values = values;
  }

  /** The type of what a function returns: of a `result` that of `ok`. */
  #returned(func: FuncDecl): JsType | undefined {
    const outcome = outcomeOf(func.result);
    return outcome === undefined ? func.result : outcome.ok;
  }

  /** A function that a component exports. `self` says whether a method's object is a parameter. */
  exported(func: FuncDecl, form: 'out' | 'promised', self: boolean): Signature {
    const params = self || !func.name.startsWith('[method]') ? func.params : func.params.slice(1);
    const more = func.async ? ['options'] : [];
    const names = parameterNames(
      params.map((p) => p.name),
      more,
    );
    const needed = params.findLastIndex((p) => !this.#values.isUnboxedOption(p.type)) + 1;
    const list = params.map((p, i) => `${names[i]}${i < needed ? '' : '?'}: ${this.#values.text(p.type, 'in')}`);
    if (func.async) list.push('options?: CallOptions');
    const type = this.#returned(func);
    const later = formOfResult(func, form);
    const plain = type === undefined ? 'void' : this.#values.text(type, later);
    return { params: list.join(', '), result: later === 'promised' ? this.#values.promise(type, later) : plain };
  }

  /** The parameters of a class's constructor. */
  constructed(func: FuncDecl): string {
    return this.exported(func, 'out', true).params;
  }

  /** A function that a host gives: it may answer at once or later. */
  imported(func: FuncDecl): Signature {
    const params = func.name.startsWith('[method]') ? func.params.slice(1) : func.params;
    const names = parameterNames(
      params.map((p) => p.name),
      func.async ? ['options'] : [],
    );
    const list = params.map((p, i) => `${names[i]}: ${this.#values.text(p.type, 'out')}`);
    if (func.async) list.push('options: { readonly signal: AbortSignal }');
    return { params: list.join(', '), result: this.#values.answer(this.#returned(func), 'in') };
  }

  /** The type of a function's error, as the side has it that it comes from. */
  payload(func: FuncDecl, imported: boolean): string | undefined {
    const outcome = outcomeOf(func.result);
    if (outcome === undefined) return undefined;
    if (outcome.err === undefined) return 'undefined';
    if (imported) return this.#values.text(outcome.err, 'in');
    const forms = (['out', 'promised'] as const).map((form) => formOfResult(func, form));
    const [plain, promised] = forms.map((form) => this.#values.text(outcome.err!, form));
    return plain === promised ? plain : `${plain} | ${promised}`;
  }

  /** What the error of an exported function is, as a line of documentation. */
  throws(func: FuncDecl, form: 'out' | 'promised'): string | undefined {
    const payload = payloadDoc(func, this.#values, formOfResult(func, form));
    return payload === undefined ? undefined : `@throws ComponentError with ${payload}`;
  }

  /** How a host's function answers an error. */
  mayThrow(func: FuncDecl): string | undefined {
    const payload = payloadDoc(func, this.#values, 'in');
    return payload === undefined ? undefined : `To answer an error, throw a ComponentError with ${payload}.`;
  }
}

/** Functions of an async type are the same in `exports` and `promised`. */
export function formOfResult(func: FuncDecl, form: 'out' | 'promised'): 'out' | 'promised' {
  return func.async ? 'promised' : form;
}

/** Whether a host's function is given objects of classes of the host, so that it may say which class it expects. */
export function takesHostObjects(func: FuncDecl): boolean {
  const params = func.name.startsWith('[method]') ? func.params.slice(1) : func.params;
  const seen = new Set<JsType>();
  const holds = (type: JsType | undefined): boolean => {
    if (type === undefined) return false;
    const end = behindNames(type);
    if (seen.has(end)) return false;
    seen.add(end);
    return end.kind === 'handle' ? isHostClass(end.resource) : childrenOf(end).some(holds);
  };
  return params.some((p) => holds(p.type));
}

function isHostClass(resource: ResourceDecl | undefined): boolean {
  return resource?.scope.side === 'imports';
}

/** The types that a type is made of. */
export function childrenOf(type: JsType): readonly (JsType | undefined)[] {
  switch (type.kind) {
    case 'named':
      return [type.decl.type];
    case 'record':
      return type.fields.map((f) => f.type);
    case 'variant':
      return type.cases.map((c) => c.type);
    case 'tuple':
      return type.types;
    case 'list':
    case 'stream':
    case 'future':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'option':
      return [type.type];
    case 'result':
      return [type.ok, type.err];
    default:
      return [];
  }
}
