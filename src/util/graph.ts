/**
 * Plain data as text in ASCII, and back: objects, arrays, maps, sets; what is one object stays one, cycles too. Keys whose value is
 * undefined are left out. It is read by the engine's own JSON parser and as little code as can be, since a program that starts pays for
 * every step of code that has not run before.
 *
 * The text is JSON: `[nodes, kinds, fixes]`. A node is a tree of objects and arrays that no other refers into: of the whole (the first), of
 * everything that is referred to more than once, of maps (keys and values in turn; kind 1) and sets (members; kind 2). A fix says what JSON
 * cannot: the node, the way from there to an object or array, and a list of keys and values in it, in turn: `n` for node n, `["123"]` for a
 * bigint, `[]` for undefined, `[true]` for the one object that is left out.
 */

/** Something in the data has no form as text. */
export class NotPlainError extends Error {
  override readonly name = 'NotPlainError';
}

const PLAIN = 0;
const MAP = 1;
const SET = 2;

/** Trees are cut at this depth, so that neither writing nor reading them exhausts the stack. */
const MAX_DEPTH = 50;

type Step = string | number;
type FixValue = number | readonly [] | readonly [string | true];
type Fix = [node: number, ...way: Step[], places: (Step | FixValue)[]];
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Text = [nodes: (Json[] | { [key: string]: Json })[], kinds: number[], fixes: Fix[]];

function kindOf(value: object): number {
  return value instanceof Map ? MAP : value instanceof Set ? SET : PLAIN;
}

/** What an object holds, and under which keys. */
function contents(value: object): readonly (readonly [Step, unknown])[] {
  if (value instanceof Map) return [...value].flat().map((item, i) => [i, item]);
  if (value instanceof Set) return [...value].map((item, i) => [i, item]);
  if (Array.isArray(value)) return value.map((item, i) => [i, item]);
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new NotPlainError('an object of a class');
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.some(([key]) => key === '__proto__')) throw new NotPlainError('a key that is none');
  return entries;
}

class Encoder {
  readonly text: Text = [[], [], []];
  readonly #left: object | undefined;
  /** Objects that are nodes of their own, by their numbers. */
  readonly #nodes = new Map<object, number>();
  readonly #queue: object[] = [];
  /** Objects that are referred to more than once. */
  readonly #shared: ReadonlySet<object>;

  constructor(root: object, left: object | undefined) {
    this.#left = left;
    this.#shared = this.#find(root);
    this.#number(root);
    // Grows while it is walked, in the order of the numbers.
    for (const [node, value] of this.#queue.entries()) {
      this.text[1].push(kindOf(value));
      this.text[0].push(this.#tree(value, node, [], 0));
    }
  }

  #find(root: object): ReadonlySet<object> {
    const shared = new Set<object>();
    const seen = new Set<object>([root]);
    for (const value of seen) {
      for (const [, item] of contents(value)) {
        if (typeof item !== 'object' || item === null || item === this.#left) continue;
        if (seen.has(item)) shared.add(item);
        seen.add(item);
      }
    }
    return shared;
  }

  #number(value: object): number {
    let number = this.#nodes.get(value);
    if (number === undefined) {
      number = this.#queue.push(value) - 1;
      this.#nodes.set(value, number);
    }
    return number;
  }

  #tree(value: object, node: number, way: readonly Step[], depth: number): Json[] | { [key: string]: Json } {
    const list: Json[] = [];
    const tree: { [key: string]: Json } = {};
    const isObject = kindOf(value) === PLAIN && !Array.isArray(value);
    const places: (Step | FixValue)[] = [];
    for (const [key, item] of contents(value)) {
      const json = this.#json(item, node, [...way, key], depth + 1, (fixed) => {
        places.push(key, fixed);
        return 0;
      });
      if (isObject) tree[key] = json;
      else list.push(json);
    }
    if (places.length > 0) this.text[2].push([node, ...way, places]);
    return isObject ? tree : list;
  }

  /** The value as JSON, or what `fix` answers where it has no form there. */
  #json(item: unknown, node: number, way: readonly Step[], depth: number, fix: (value: FixValue) => Json): Json {
    switch (typeof item) {
      case 'string':
      case 'boolean':
        return item;
      case 'number':
        if (!Number.isFinite(item) || Object.is(item, -0)) throw new NotPlainError('a number that JSON does not have');
        return item;
      case 'bigint':
        return fix([String(item)]);
      case 'undefined':
        return fix([]);
      case 'object': {
        if (item === null) return null;
        if (item === this.#left) return fix([true]);
        const isNode = this.#shared.has(item) || kindOf(item) !== PLAIN || this.#nodes.has(item) || depth >= MAX_DEPTH;
        return isNode ? fix(this.#number(item)) : this.#tree(item, node, way, depth);
      }
      default:
        throw new NotPlainError(`a ${typeof item}`);
    }
  }
}

/**
 * Plain data as text; `left` is an object that is left out, and given again to {@link decodeGraph}.
 * @throws NotPlainError where something is a function, a symbol, an object of another class, or a number that JSON does not have
 */
export function encodeGraph(root: object, left?: object): string {
  const json = JSON.stringify(new Encoder(root, left).text);
  return json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What {@link encodeGraph} made the text of. Text that it did not make is not told apart. */
export function decodeGraph(text: string, left?: object): unknown {
  const [nodes, kinds, fixes] = JSON.parse(text) as Text;
  const made: unknown[] = [];
  for (let i = 0; i < nodes.length; i++)
    made.push(kinds[i] === MAP ? new Map<unknown, unknown>() : kinds[i] === SET ? new Set<unknown>() : nodes[i]);
  for (const fix of fixes) {
    const last = fix.length - 1;
    let at = nodes[fix[0]] as Record<Step, unknown>;
    for (let i = 1; i < last; i++) at = at[fix[i] as Step] as Record<Step, unknown>;
    const places = fix[last] as (Step | FixValue)[];
    for (let i = 0; i < places.length; i += 2) {
      const value = places[i + 1] as FixValue;
      const key = places[i] as Step;
      if (typeof value === 'number') at[key] = made[value];
      else at[key] = value[0] === true ? left : value[0] === undefined ? undefined : BigInt(value[0]);
    }
  }
  for (let n = 0; n < nodes.length; n++) {
    if (kinds[n] === PLAIN) continue;
    const items = nodes[n] as unknown[];
    const target = made[n];
    if (target instanceof Map) for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
    else for (const item of items) (target as Set<unknown>).add(item);
  }
  return made[0];
}
