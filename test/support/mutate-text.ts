/**
 * Seeded changes to texts that keep most of the grammar: a list or token is taken out, repeated, moved, or exchanged for one of the
 * same kind from any of the texts.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNodes } from '../../src/text/lexer.ts';
import { head, type Node } from '../../src/text/node.ts';
import { SHARED } from './shared.ts';

type Next = () => number;

/** Longer texts would only make the same mistakes more slowly. */
const MAX_LENGTH = 20_000;

/** What a text is made of: a list, or one token as it is written. */
type Piece = string | Piece[];

function below(next: Next, bound: number): number {
  return Math.floor(next() * bound);
}

function pick<T>(next: Next, items: readonly T[]): T {
  return items[below(next, items.length)]!;
}

function pieceOf(node: Node): Piece {
  switch (node.kind) {
    case 'list':
      return node.items.map(pieceOf);
    case 'annotation':
      return [`@${node.name}`, ...node.items.map(pieceOf)];
    default:
      return node.source.text.slice(node.offset, node.end);
  }
}

function write(piece: Piece): string {
  return typeof piece === 'string' ? piece : `(${piece.map(write).join(' ')})`;
}

function copy(piece: Piece): Piece {
  return typeof piece === 'string' ? piece : piece.map(copy);
}

/** Every list inside a list, itself included. */
function lists(piece: Piece, into: Piece[][] = []): Piece[][] {
  if (typeof piece === 'string') return into;
  into.push(piece);
  for (const inner of piece) lists(inner, into);
  return into;
}

function kindOf(token: string): string {
  if (token.startsWith('$')) return 'id';
  if (token.startsWith('"')) return 'string';
  return /^[+-]?[0-9]/.test(token) ? 'number' : 'word';
}

const ODD: Readonly<Record<string, readonly string[]>> = {
  id: ['$', '$"a b"', '$"\\u{202e}"', '$x', '$a'],
  string: ['""', '"\\00"', '"\\ff"', '"a:b/c@1.0.0"', '"[method]r.m"', '"[constructor]r"', '"a-b"', '"A"', '"é"'],
  number: ['0', '-1', '4294967295', '4294967296', '0x1_0', '1e9', '18446744073709551616', '268435456', '1000000'],
  word: [
    '(;',
    ';;',
    '@',
    ')',
    'async',
    'func',
    'type',
    'i32',
    'i64',
    'shared',
    'nan:0x1',
    'inf',
    'own',
    'borrow',
    'list',
  ],
};

/** Texts to begin with, and pieces of all of them. */
export class TextMutator {
  readonly #texts: readonly Piece[][];
  readonly #tokens = new Map<string, string[]>();
  readonly #byHead = new Map<string, Piece[][]>();

  constructor(sources: readonly string[]) {
    this.#texts = sources.map((source) => readNodes(source).nodes.map(pieceOf));
    for (const text of this.#texts) {
      for (const list of lists(text)) {
        const name = typeof list[0] === 'string' ? list[0] : '';
        const same = this.#byHead.get(name);
        if (same === undefined) this.#byHead.set(name, [list]);
        else same.push(list);
        for (const token of list) if (typeof token === 'string') this.#token(token);
      }
    }
  }

  #token(token: string): void {
    const kind = kindOf(token);
    const known = this.#tokens.get(kind);
    if (known === undefined) this.#tokens.set(kind, [token]);
    else known.push(token);
  }

  #other(next: Next, token: string): string {
    const kind = kindOf(token);
    return next() < 0.15 ? pick(next, ODD[kind]!) : pick(next, this.#tokens.get(kind)!);
  }

  /** A list like this one, or any. */
  #otherList(next: Next, list: Piece[]): Piece {
    const name = typeof list[0] === 'string' ? list[0] : '';
    const same = next() < 0.7 ? this.#byHead.get(name) : undefined;
    return copy(pick(next, same ?? pick(next, [...this.#byHead.values()])));
  }

  #change(next: Next, text: Piece[]): void {
    const list = pick(next, lists(text));
    if (list.length === 0) return;
    const at = below(next, list.length);
    const piece = list[at]!;
    const way = next();
    if (way < 0.15) list.splice(at, 1);
    else if (way < 0.27) list.splice(at, 0, copy(piece));
    else if (way < 0.4) list.splice(below(next, list.length), 0, ...list.splice(at, 1));
    else if (way < 0.5) list.push(this.#otherList(next, list));
    else if (typeof piece === 'string') list[at] = this.#other(next, piece);
    else if (way < 0.8) list[at] = this.#otherList(next, piece);
    else list[at] = [copy(piece)];
  }

  /** A changed text. */
  text(next: Next): string {
    const text = copy(pick(next, this.#texts)) as Piece[];
    for (let times = 1 + below(next, 3); times > 0; times--) this.#change(next, text);
    return text.map(write).join('\n');
  }
}

/** Components and core modules of the suites as texts. */
export function suiteTexts(): readonly string[] {
  const wats = globSync('conformance/wit-component/**/*.wat', { cwd: SHARED })
    .sort()
    .map((file) => readFileSync(join(SHARED, file), 'utf8'));
  const scripts = globSync('conformance/component-model/**/*.wast', { cwd: SHARED })
    .sort()
    .flatMap((file) => {
      const source = readFileSync(join(SHARED, file), 'utf8');
      const found = readNodes(source).nodes.flatMap((node) => (node.kind === 'list' ? [node, ...node.items] : []));
      return found
        .filter((node) => head(node) === 'component' || head(node) === 'module')
        .map((node) => source.slice(node.offset, node.end).replace(/^\(\s*(component|module)\s+definition\b/, '($1'));
    });
  return [...wats, ...scripts].filter((text) => text.length <= MAX_LENGTH);
}
