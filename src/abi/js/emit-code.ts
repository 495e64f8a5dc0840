/**
 * What the emitters write into: lines of JavaScript, fresh variables, constants, functions of their own for parts that repeat.
 * Names that come from a component are never identifiers; they reach the code as quoted strings only.
 */
import type { ValueType } from '../../types/value-type.ts';
import type { PointerSize } from '../layout.ts';

/** The one way in which text of a component gets into code: a string literal. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
}

/** Types with more parts than this are not written out, but left to the interpreter. */
export const MAX_EMITTED_PARTS = 2_000;
/** Types in memory with more parts than this get a function of their own. */
export const OUTLINE_ABOVE = 8;

export class Emitter {
  readonly pointer: PointerSize;
  /** Whether lists of numbers are lifted as views. */
  lends = false;
  /** Values that the code refers to as `K[i]`. */
  readonly constants: unknown[] = [];
  /** Position of each resource type of the signature. */
  readonly resources: ReadonlyMap<object, number>;
  /** Position of each stream or future type of the signature. */
  readonly ends: ReadonlyMap<object, number>;
  #lines: string[] = [];
  #indent = 1;
  #next = 0;
  readonly #functions: string[] = [];
  readonly #outlined = new Map<string, Map<ValueType, string>>();

  constructor(pointer: PointerSize, resources: ReadonlyMap<object, number>, ends: ReadonlyMap<object, number>) {
    this.pointer = pointer;
    this.resources = resources;
    this.ends = ends;
  }

  line(text: string): void {
    this.#lines.push(`${'  '.repeat(this.#indent)}${text}`);
  }

  /** Writes `head {`, the body, and `}` (or what `tail` says). */
  block(head: string, body: () => void, tail = '}'): void {
    this.line(`${head} {`);
    this.#indent++;
    body();
    this.#indent--;
    this.line(tail);
  }

  /** A fresh variable name. */
  fresh(prefix = 'v'): string {
    return `${prefix}${this.#next++}`;
  }

  /** Declares a variable and gives its name. */
  let(value: string, prefix = 'v'): string {
    const name = this.fresh(prefix);
    this.line(`let ${name} = ${value};`);
    return name;
  }

  constant(value: unknown): string {
    const known = this.constants.indexOf(value);
    return `K[${known >= 0 ? known : this.constants.push(value) - 1}]`;
  }

  /** The name of the function that does `job` for `type`; written once. */
  outline(job: string, type: ValueType, params: string, body: () => void): string {
    let names = this.#outlined.get(job);
    if (names === undefined) {
      names = new Map();
      this.#outlined.set(job, names);
    }
    const known = names.get(type);
    if (known !== undefined) return known;
    const name = this.fresh(job);
    names.set(type, name);
    const [lines, indent] = [this.#lines, this.#indent];
    this.#lines = [];
    this.#indent = 1;
    this.block(`function ${name}(${params})`, body);
    this.#functions.push(...this.#lines);
    this.#lines = lines;
    this.#indent = indent;
    return name;
  }

  /** Everything written, functions first. */
  source(): string {
    return [...this.#functions, ...this.#lines].join('\n');
  }
}
