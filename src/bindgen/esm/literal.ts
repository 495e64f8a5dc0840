/**
 * Plain data as JavaScript: object literals, in which what is mentioned more than once is a constant of its own, so that what was one object
 * is one again. Text of a component is written by `quote` alone and never becomes an identifier.
 */
import { quote } from '../../abi/js/emit-code.ts';
import { InvariantError } from '../../util/invariant.ts';

/** Code in place of data: an expression that is not made of any text of a component. */
export class Code {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Code);
}

/** What an object is made of, in order. */
function parts(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value].flat();
  return Object.values(value);
}

/** A property name that defines a property of that name, whatever it is. */
export function propertyName(name: string): string {
  if (name === '__proto__') return `[${quote(name)}]`;
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name);
}

export class DataPrinter {
  readonly #count = new Map<object, number>();
  readonly #names = new Map<object, string>();
  readonly #lines: string[] = [];

  /** Counts how often the objects in `roots` are mentioned: all that {@link print} will be asked for. */
  constructor(roots: readonly unknown[]) {
    for (const root of roots) this.#visit(root);
  }

  #visit(value: unknown): void {
    if (!isObject(value)) return;
    const count = this.#count.get(value) ?? 0;
    this.#count.set(value, count + 1);
    if (count === 0) for (const part of parts(value)) this.#visit(part);
  }

  /** The constants that the printed expressions refer to. */
  get constants(): readonly string[] {
    return this.#lines;
  }

  /** An expression for a value. */
  print(value: unknown): string {
    if (!isObject(value)) return this.#leaf(value);
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const text = this.#literal(value);
    if ((this.#count.get(value) ?? 0) < 2) return text;
    const name = `d${this.#names.size}`;
    this.#names.set(value, name);
    this.#lines.push(`const ${name} = ${text};`);
    return name;
  }

  #leaf(value: unknown): string {
    if (value instanceof Code) return value.text;
    switch (typeof value) {
      case 'string':
        return quote(value);
      case 'bigint':
        return `${value}n`;
      case 'number':
      case 'boolean':
      case 'undefined':
        return String(value);
      default:
        throw new InvariantError(`internal error: ${typeof value} is no data`);
    }
  }

  #literal(value: object): string {
    if (Array.isArray(value)) return `[${value.map((v) => this.print(v)).join(', ')}]`;
    if (value instanceof Map) {
      const entries = [...value].map(([k, v]) => `[${this.print(k)}, ${this.print(v)}]`);
      return `new Map([${entries.join(', ')}])`;
    }
    const fields = Object.entries(value).filter(([, v]) => v !== undefined);
    if (fields.length === 0) return '{}';
    return `{ ${fields.map(([k, v]) => `${propertyName(k)}: ${this.print(v)}`).join(', ')} }`;
  }
}
