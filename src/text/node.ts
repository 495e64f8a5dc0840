/** The tree of parentheses that the text format is written in. Specification: core 3.0, "Text format, lexical format". */
import type { Source } from './source.ts';

interface Range {
  readonly source: Source;
  /** Where it begins in the text, in UTF-16 code units. */
  readonly offset: number;
  /** Where it ends; of a list: behind the closing parenthesis. */
  readonly end: number;
}

/** A keyword or a number. */
export interface Word extends Range {
  readonly kind: 'word';
  readonly text: string;
}

/** `$name` or `$"name"`; `name` is without the `$` and the quotes. */
export interface Id extends Range {
  readonly kind: 'id';
  readonly name: string;
}

export interface Str extends Range {
  readonly kind: 'string';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface List extends Range {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

/** `(@name …)`. What is not known is skipped where it stands. */
export interface Annotation extends Range {
  readonly kind: 'annotation';
  readonly name: string;
  readonly items: readonly Node[];
}

export type Node = Word | Id | Str | List | Annotation;

/** What a list begins with: its first keyword, or ''. */
export function head(node: Node | undefined): string {
  if (node?.kind !== 'list') return '';
  const first = node.items.find((item) => item.kind !== 'annotation');
  return first?.kind === 'word' ? first.text : '';
}

/** How messages call what was found. */
export function describeNode(node: Node | undefined): string {
  switch (node?.kind) {
    case undefined:
      return 'the end';
    case 'word':
      return `\`${node.text}\``;
    case 'id':
      return `the identifier \`$${node.name}\``;
    case 'string':
      return 'a string';
    case 'list':
      return head(node) === '' ? 'a `(`' : `\`(${head(node)}\``;
    case 'annotation':
      return `the annotation \`@${node.name}\``;
  }
}
