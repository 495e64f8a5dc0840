/**
 * Plain data as text in ASCII, and back: objects, arrays, maps, sets; what is one object stays one, cycles too. It needs nothing of the
 * platform and is read in one pass.
 *
 * The text is JSON: `[shapes, nodes]`. A shape is a list of keys. A node is a list: the number of its shape and its values; or -1 and the
 * items of an array; -2 and keys and values of a map, in turn; -3 and the members of a set. A value is a string, a finite number, a boolean or
 * null as it is; `[n]` for node n, `["123"]` for a bigint, `[]` for undefined, `[true]` for the one object that is left out. Node 0 is the whole.
 */
import { invariant } from './invariant.ts';

/** Something in the data has no form as text. */
export class NotPlainError extends Error {
  override readonly name = 'NotPlainError';
}

type Scalar = string | number | boolean | null;
type Value = Scalar | readonly (number | string | true)[];
type Node = [kind: number, ...values: Value[]];

const ARRAY = -1;
const MAP = -2;
const SET = -3;

class Encoder {
  readonly shapes: string[][] = [];
  readonly nodes: Node[] = [];
  readonly #shapeNumbers = new Map<string, number>();
  readonly #numbers = new Map<object, number>();
  readonly #pending: object[] = [];
  readonly #left: object | undefined;

  constructor(left: object | undefined) {
    this.#left = left;
  }

  /** Encodes `root` and all that it refers to. */
  run(root: object): void {
    this.#value(root);
    // Grows while it is walked, in the order of the numbers.
    for (const next of this.#pending) this.nodes.push(this.#node(next));
  }

  #value(value: unknown): Value {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        if (!Number.isFinite(value) || Object.is(value, -0))
          throw new NotPlainError('a number that JSON does not have');
        return value;
      case 'bigint':
        return [String(value)];
      case 'undefined':
        return [];
      case 'object':
        if (value === null) return null;
        return value === this.#left ? [true] : [this.#numberOf(value)];
      default:
        throw new NotPlainError(`a ${typeof value}`);
    }
  }

  #numberOf(value: object): number {
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(value, number);
      this.#pending.push(value);
    }
    return number;
  }

  #node(value: object): Node {
    if (Array.isArray(value)) return [ARRAY, ...value.map((item) => this.#value(item))];
    if (value instanceof Map) return [MAP, ...[...value].flat().map((item) => this.#value(item))];
    if (value instanceof Set) return [SET, ...[...value].map((item) => this.#value(item))];
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new NotPlainError('an object of a class');
    const keys = Object.keys(value);
    return [this.#shape(keys), ...Object.values(value).map((item) => this.#value(item))];
  }

  #shape(keys: string[]): number {
    if (keys.includes('__proto__')) throw new NotPlainError('a key that is none');
    const key = JSON.stringify(keys);
    let number = this.#shapeNumbers.get(key);
    if (number === undefined) {
      number = this.shapes.push(keys) - 1;
      this.#shapeNumbers.set(key, number);
    }
    return number;
  }
}

/**
 * Plain data as text; `left` is an object that is left out, and given again to {@link decodeGraph}.
 * @throws NotPlainError where something is a function, a symbol, an object of another class, or a number that JSON does not have
 */
export function encodeGraph(root: object, left?: object): string {
  const encoder = new Encoder(left);
  encoder.run(root);
  const json = JSON.stringify([encoder.shapes, encoder.nodes]);
  return json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What {@link encodeGraph} made the text of. Text that it did not make is not told apart. */
export function decodeGraph(text: string, left?: object): unknown {
  const [shapes, nodes] = JSON.parse(text) as [string[][], Node[]];
  const made = nodes.map(([kind]) =>
    kind === MAP ? new Map<unknown, unknown>() : kind === SET ? new Set<unknown>() : kind === ARRAY ? [] : {},
  );
  const given = (value: Value | undefined): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const [inner] = value;
    if (typeof inner === 'number') return made[inner];
    return typeof inner === 'string' ? BigInt(inner) : inner === true ? left : undefined;
  };
  for (const [n, node] of nodes.entries()) {
    const target = made[n];
    const kind = node[0];
    if (target instanceof Map)
      for (let i = 1; i < node.length; i += 2) target.set(given(node[i]!), given(node[i + 1]!));
    else if (target instanceof Set) for (let i = 1; i < node.length; i++) target.add(given(node[i]!));
    else if (Array.isArray(target)) for (let i = 1; i < node.length; i++) target.push(given(node[i]!));
    else {
      const shape = shapes[kind];
      invariant(shape !== undefined, 'a node has a shape');
      const object = target as Record<string, unknown>;
      for (let i = 0; i < shape.length; i++) object[shape[i]!] = given(node[i + 1]!);
    }
  }
  return made[0];
}
