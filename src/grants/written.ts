/** A grants file as it was read: plain data, and where each key stands, for messages. What is in common to JSON and TOML. */
import { codeFrame, positionAt } from '../error/code-frame.ts';
import { TextError } from '../error/error.ts';
import { member } from './check.ts';

/** A value with its place in the text. */
export type Node = { readonly at: number } & (
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: Node[] }
  | { readonly kind: 'table'; readonly entries: Map<string, Entry> }
);

/** One key of a table. */
export interface Entry {
  readonly keyAt: number;
  readonly node: Node;
}

/** Data, and offsets by key, such as `dirs[0].host`. */
export interface Written {
  readonly data: unknown;
  readonly places: ReadonlyMap<string, number>;
}

/** Depth of lists and tables in one another. */
export const MAX_DEPTH = 64;

/** The error of a text at an offset. */
export function textError(
  source: { readonly text: string; readonly file: string },
  offset: number,
  code: string,
  message: string,
  details: { readonly expected?: string; readonly hint?: string | undefined } = {},
): TextError {
  const position = positionAt(source.text, offset);
  return new TextError(
    code,
    message,
    { file: source.file, ...position, frame: codeFrame(source.text, position) },
    details,
  );
}

/** Plain data of a tree, and the places of its keys. */
export function written(root: Node): Written {
  const places = new Map<string, number>();
  const plain = (node: Node, path: string): unknown => {
    switch (node.kind) {
      case 'value':
        return node.value;
      case 'list':
        return node.items.map((item, index) => {
          places.set(`${path}[${index}]`, item.at);
          return plain(item, `${path}[${index}]`);
        });
      case 'table': {
        const entries = [...node.entries].map(([name, { keyAt, node: value }]) => {
          const inner = member(path, name);
          places.set(inner, keyAt);
          return [name, plain(value, inner)] as const;
        });
        return Object.fromEntries(entries);
      }
    }
  };
  return { data: plain(root, ''), places };
}

/** The last name or index of a key. */
const LAST = /(?:(?:^|\.)(?:[\w-]+|"(?:[^"\\]|\\.)*")|\[\d+\])$/;

/** Where a key stands, or the nearest key around it. */
export function placeOf({ places }: Written, key: string): number | undefined {
  for (let at = key; ; at = at.replace(LAST, '')) {
    const place = places.get(at);
    if (place !== undefined || !LAST.test(at)) return place;
  }
}
