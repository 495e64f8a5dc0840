/** Canonical definitions: `lift`, `lower`, built-ins. Specification: Explainer, "Canonical Definitions", "Canonical Built-ins". */
import type { Canon, CanonOption, StringEncoding } from '../../types/definition.ts';
import { type Cursor, nodeError } from '../cursor.ts';
import { coreIndexOrRef, coreSortRef, indexOrRef, itemRef } from './ref.ts';
import type { Field, Late } from './scope.ts';
import { valType } from './value-types.ts';

/** What stands behind the name of a built-in, in this order. */
type Part = 'type' | 'core type' | 'table' | 'options' | 'async' | 'cancellable' | 'memory' | 'result' | 'slot';
type BuiltIn = Exclude<Canon['kind'], 'lift' | 'lower'>;

const BUILT_INS: Readonly<Record<BuiltIn, readonly Part[]>> = {
  'resource.new': ['type'],
  'resource.drop': ['type'],
  'resource.rep': ['type'],
  'task.cancel': [],
  'subtask.cancel': ['async'],
  'task.return': ['result', 'options'],
  'context.get': ['slot'],
  'context.set': ['slot'],
  'thread.yield': ['cancellable'],
  'subtask.drop': [],
  'stream.new': ['type'],
  'stream.read': ['type', 'options'],
  'stream.write': ['type', 'options'],
  'stream.cancel-read': ['type', 'async'],
  'stream.cancel-write': ['type', 'async'],
  'stream.drop-readable': ['type'],
  'stream.drop-writable': ['type'],
  'future.new': ['type'],
  'future.read': ['type', 'options'],
  'future.write': ['type', 'options'],
  'future.cancel-read': ['type', 'async'],
  'future.cancel-write': ['type', 'async'],
  'future.drop-readable': ['type'],
  'future.drop-writable': ['type'],
  'error-context.new': ['options'],
  'error-context.debug-message': ['options'],
  'error-context.drop': [],
  'waitable-set.new': [],
  'waitable-set.wait': ['cancellable', 'memory'],
  'waitable-set.poll': ['cancellable', 'memory'],
  'waitable-set.drop': [],
  'waitable.join': [],
  'backpressure.inc': [],
  'backpressure.dec': [],
  'thread.index': [],
  'thread.new-indirect': ['core type', 'table'],
  'thread.resume-later': [],
  'thread.suspend': ['cancellable'],
  'thread.suspend-then-resume': ['cancellable'],
  'thread.yield-then-resume': ['cancellable'],
  'thread.suspend-then-promote': ['cancellable'],
  'thread.yield-then-promote': ['cancellable'],
};

const ENCODING = /^string-encoding=(utf8|utf16|latin1\+utf16)$/;

function option(c: Cursor, field: Field): Late<CanonOption> | undefined {
  const node = c.peek();
  const offset = node?.offset ?? 0;
  if (node?.kind === 'word') {
    const encoding = ENCODING.exec(node.text)?.[1] as StringEncoding | undefined;
    if (encoding === undefined && node.text !== 'async') return undefined;
    c.skip();
    return () => (encoding === undefined ? { kind: 'async', offset } : { kind: 'encoding', offset, encoding });
  }
  const kind = (['memory', 'realloc', 'post-return', 'callback'] as const).find((keyword) => c.isList(keyword));
  if (kind === undefined) return undefined;
  const inner = c.list(kind);
  const index = coreIndexOrRef(inner, field.scope, kind === 'memory' ? 'memory' : 'func');
  inner.finish();
  return () => ({ kind, offset, index: index() });
}

/** `<canonopt>*` */
function options(c: Cursor, field: Field): Late<CanonOption[]> {
  const found: Late<CanonOption>[] = [];
  for (let one = option(c, field); one !== undefined; one = option(c, field)) found.push(one);
  return () => found.map((one) => one());
}

/** The fields of a `Canon` that a part gives. */
function part(name: Part, c: Cursor, field: Field): Readonly<Record<string, Late<unknown>>> {
  const { scope } = field;
  switch (name) {
    case 'type':
      return { type: indexOrRef(c, scope, 'type') };
    case 'core type':
      return { type: coreIndexOrRef(c, scope, 'type') };
    case 'table':
      return { table: coreIndexOrRef(c, scope, 'table') };
    case 'options':
      return { options: options(c, field) };
    case 'async':
    case 'cancellable': {
      const set = c.takeWord(name);
      return { [name]: () => set };
    }
    case 'memory': {
      const inner = c.list('memory');
      const memory = coreIndexOrRef(inner, scope, 'memory');
      inner.finish();
      return { memory };
    }
    case 'result': {
      const inner = c.takeList('result');
      const type = inner === undefined ? undefined : valType(inner, field);
      inner?.finish();
      return { result: () => type?.() };
    }
    case 'slot': {
      const type = c.takeWord('i64') ? 'i64' : 'i32';
      if (type === 'i32') c.keyword('i32');
      const slot = c.u32();
      return { type: () => type, slot: () => slot };
    }
  }
}

/** Everything but `lift`: what stands behind `canon`. It defines a core function. */
export function coreCanon(c: Cursor, field: Field): Late<Canon> {
  const node = c.peek() ?? c.owner;
  const kind = c.word('a canonical definition').text;
  if (kind === 'lower') {
    const func = itemRef(c.list('func'), field.scope, 'func');
    const opts = options(c, field);
    return () => {
      const index = func();
      return { kind: 'lower', func: index, options: opts() };
    };
  }
  if (!Object.hasOwn(BUILT_INS, kind))
    throw nodeError('unknown-built-in', `unexpected token: there is no canonical built-in \`${kind}\``, node);
  const parts = BUILT_INS[kind as BuiltIn].flatMap((name) => Object.entries(part(name, c, field)));
  return () => {
    const values = parts.map(([key, value]) => [key, value()] as const);
    // The table says which fields each kind has.
    return { kind, ...Object.fromEntries(values) } as unknown as Canon;
  };
}

/** `lift (core func …) <canonopt>*`, behind `lift`; the type stands elsewhere. */
export function lift(c: Cursor, field: Field): (type: Late<number>) => Late<Canon> {
  const func = coreSortRef(c, field.scope, 'func');
  const opts = options(c, field);
  return (type) => () => {
    const typeIndex = type();
    const index = func();
    return { kind: 'lift', func: index, options: opts(), type: typeIndex };
  };
}
