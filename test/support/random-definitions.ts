/** Random parts of decoded components, mostly plausible, from a seed: what `mutate-component.ts` puts in. */
import type {
  CompositeType,
  CoreExternType,
  CoreSort,
  CoreValType,
  FieldType,
  HeapType,
  RecType,
  RefType,
  SubType,
} from '../../src/types/core-type.ts';
import type {
  AnySort,
  Canon,
  CanonOption,
  Definition,
  ExternNameDecl,
  ExternTypeDef,
  ModuleDeclaration,
  TypeDef,
  ValTypeRef,
} from '../../src/types/definition.ts';
import type { PrimitiveKind } from '../../src/types/value-type.ts';

/** Numbers in 0..1 (`random` of `mutate.ts`). */
export type Next = () => number;

/** A whole number below `n`. */
export function below(next: Next, n: number): number {
  return Math.floor(next() * n);
}

export function pick<T>(next: Next, from: readonly T[]): T {
  return from[below(next, from.length)]!;
}

export const SORTS: readonly AnySort[] = [
  ...(['func', 'type', 'component', 'instance', 'value'] as const),
  ...(['func', 'table', 'memory', 'global', 'tag', 'type', 'module', 'instance'] as const).map(
    (sort): AnySort => `core ${sort}`,
  ),
];
export const CORE_SORTS: readonly CoreSort[] = [
  'func',
  'table',
  'memory',
  'global',
  'tag',
  'type',
  'module',
  'instance',
];

export const PRIMITIVES: readonly PrimitiveKind[] = [
  ...(['bool', 's8', 'u8', 's16', 'u16', 's32', 'u32', 's64', 'u64'] as const),
  ...(['f32', 'f64', 'char', 'string', 'error-context'] as const),
];

/** Names at the edges of the grammar. */
export const NAMES: readonly string[] = [
  ...['', 'a', 'A', 'b', 'a-b', 'A-b', 'ab', 'a1', '1a', 'a-1', 'a--b', 'a-', 'aB', 'r', 'self', 'x'],
  ...['[constructor]a', '[constructor]r', '[method]a.b', '[method]r.x', '[static]r.x', '[method]a.a', '[static]a.a'],
  ...['[method]a', '[get]a', '[implements=<a:b/c>]x', '[async]a', '[constructor]a-b', '[method]a.b.c', '[static]a:b'],
  ...['a:b/c', 'a:b/C', 'A:b/c', 'a:b', 'a:b/c@1.0.0', 'a:b/c@1.0.0-rc.1+b', 'a:b/c@1', 'a:b/c@1.0', 'a:b/c@01.0.0'],
  ...['a:b/c/d', 'a:b:c/d', 'a:b/c@', 'a:b/c-d', 'a1:b/c', 'a:b/', ':b/c', 'a:/c', 'a:b/c@0.0.1', 'é', 'a_b', 'a.b'],
];

export function anIndex(next: Next): number {
  return next() < 0.95 ? Math.floor(next() ** 2 * 8) : pick(next, [8, 17, 40, 127, 128, 2 ** 31, 2 ** 32 - 1]);
}

export function aName(next: Next): string {
  return pick(next, NAMES);
}

export function anExternName(next: Next): ExternNameDecl {
  const attribute = next();
  return {
    name: next() < 0.6 ? pick(next, ['a', 'b', 'r', 'x', 'y', 'z', 'n1', 'n2', 'a:b/c', 'a:b/d@1.0.0']) : aName(next),
    offset: 0,
    implements:
      attribute < 0.05 ? pick(next, ['a:b/c', 'a:b/c@1.0.0', 'a', 'a:b', '[method]a.b', 'a:b/c@1']) : undefined,
    versionSuffix: attribute > 0.99 ? '.1.0' : undefined,
    externalId: attribute > 0.95 ? pick(next, ['', 'id', 'é\n']) : undefined,
  };
}

export function aValType(next: Next): ValTypeRef {
  return next() < 0.5
    ? { kind: 'primitive', primitive: pick(next, PRIMITIVES) }
    : { kind: 'index', index: anIndex(next) };
}

function maybe<T>(next: Next, make: (next: Next) => T, chance = 0.5): T | undefined {
  return next() < chance ? make(next) : undefined;
}

function several<T>(next: Next, make: (next: Next) => T, most = 3): T[] {
  return Array.from({ length: below(next, most + 1) }, () => make(next));
}

function labels(next: Next): string[] {
  return several(next, (n) => (n() < 0.8 ? pick(n, ['a', 'b', 'c', 'd', 'a-b', 'e1']) : aName(n)), 4);
}

function named(next: Next): { name: string; type: ValTypeRef }[] {
  return labels(next).map((name) => ({ name, type: aValType(next) }));
}

const MADE: readonly ((next: Next) => TypeDef)[] = [
  (next) => ({ kind: 'primitive', primitive: pick(next, PRIMITIVES) }),
  (next) => ({ kind: 'record', fields: named(next) }),
  (next) => ({ kind: 'variant', cases: labels(next).map((name) => ({ name, type: maybe(next, aValType) })) }),
  (next) => ({ kind: 'list', element: aValType(next) }),
  (next) => ({ kind: 'fixed-list', element: aValType(next), length: pick(next, [0, 1, 2, 5, 2 ** 28, 2 ** 30]) }),
  (next) => ({ kind: 'map', key: aValType(next), value: aValType(next) }),
  (next) => ({ kind: 'tuple', types: several(next, aValType) }),
  (next) => ({ kind: 'flags', labels: next() < 0.9 ? labels(next) : Array.from({ length: 33 }, (_, i) => `f${i}`) }),
  (next) => ({ kind: 'enum', labels: labels(next) }),
  (next) => ({ kind: 'option', type: aValType(next) }),
  (next) => ({ kind: 'result', ok: maybe(next, aValType), err: maybe(next, aValType) }),
  (next) => ({ kind: 'own', index: anIndex(next) }),
  (next) => ({ kind: 'borrow', index: anIndex(next) }),
  (next) => ({ kind: 'stream', element: maybe(next, aValType, 0.8) }),
  (next) => ({ kind: 'future', element: maybe(next, aValType, 0.8) }),
  (next) => ({ kind: 'func', async: next() < 0.3, params: named(next), result: maybe(next, aValType) }),
  (next) => ({ kind: 'resource', rep: next() < 0.8 ? 'i32' : 'i64', dtor: maybe(next, anIndex, 0.3) }),
  (next) => ({ kind: 'instance', declarations: several(next, (n) => aDeclaration(n, false), 4) }),
  (next) => ({ kind: 'component', declarations: several(next, (n) => aDeclaration(n, true), 4) }),
];

export function aType(next: Next): TypeDef {
  return pick(next, MADE)(next);
}

const EXTERNS: readonly ((next: Next) => ExternTypeDef)[] = [
  (next) => ({ kind: 'func', index: anIndex(next) }),
  (next) => ({ kind: 'instance', index: anIndex(next) }),
  (next) => ({ kind: 'type', bound: 'eq', index: anIndex(next) }),
  () => ({ kind: 'type', bound: 'sub-resource' }),
  (next) => ({ kind: 'component', index: anIndex(next) }),
  (next) => ({ kind: 'core module', index: anIndex(next) }),
  (next) => ({ kind: 'value', bound: 'type', type: aValType(next) }),
];

export function anExternType(next: Next): ExternTypeDef {
  return pick(next, EXTERNS)(next);
}

type Definitions = Extract<Definition, { readonly kind: 'type' | 'core type' | 'alias' | 'import' }>;

function anAlias(next: Next): Extract<Definition, { readonly kind: 'alias' }> {
  const from = next();
  if (from < 0.5) {
    const target = { kind: 'outer', count: below(next, 3), index: anIndex(next) } as const;
    return {
      kind: 'alias',
      offset: 0,
      sort: pick(next, ['type', 'type', 'core type', 'component', 'core module']),
      target,
    };
  }
  const target = { kind: from < 0.75 ? 'export' : 'core export', instance: anIndex(next), name: aName(next) } as const;
  return { kind: 'alias', offset: 0, sort: pick(next, SORTS), target };
}

/** A value type of core WebAssembly. */
export function aCoreValType(next: Next): CoreValType {
  if (next() < 0.75) return pick(next, ['i32', 'i64', 'f32', 'f64', 'v128']);
  const names = ['func', 'extern', 'any', 'eq', 'i31', 'struct', 'array', 'none', 'nofunc', 'noextern', 'exn'] as const;
  const heap: HeapType =
    next() < 0.5
      ? { kind: 'index', index: below(next, 4) }
      : { kind: 'abstract', shared: false, name: pick(next, next() < 0.97 ? names : ['cont', 'noexn']) };
  return { kind: 'ref', nullable: next() < 0.6, heap };
}

function aCoreExtern(next: Next): CoreExternType {
  const max = maybe(next, () => BigInt(below(next, 5)));
  const limits = { min: BigInt(below(next, 3)), max, is64: next() < 0.2, shared: next() < 0.1 };
  const element: RefType = { kind: 'ref', nullable: true, heap: { kind: 'abstract', shared: false, name: 'func' } };
  switch (below(next, 6)) {
    case 0:
      return { kind: 'memory', limits, pageSizeLog2: next() < 0.05 ? 0 : undefined };
    case 1:
      return { kind: 'table', element, limits };
    case 2:
      return { kind: 'global', type: aCoreValType(next), mutable: next() < 0.5, shared: next() < 0.05 };
    case 3:
      return { kind: 'tag', typeIndex: below(next, 3) };
    default:
      return { kind: 'func', typeIndex: below(next, 3) };
  }
}

export function aModuleDeclaration(next: Next): ModuleDeclaration {
  const kind = next();
  if (kind < 0.3) return { kind: 'import', offset: 0, module: aName(next), name: aName(next), type: aCoreExtern(next) };
  if (kind < 0.6) return { kind: 'export', offset: 0, name: aName(next), type: aCoreExtern(next) };
  if (kind < 0.7) return { kind: 'outer-alias', offset: 0, count: below(next, 3), index: anIndex(next) };
  return { kind: 'type', offset: 0, type: aRecType(next) };
}

export function aField(next: Next): FieldType {
  return { storage: next() < 0.2 ? pick(next, ['i8', 'i16']) : aCoreValType(next), mutable: next() < 0.5 };
}

function aComposite(next: Next): CompositeType {
  const kind = next();
  if (kind < 0.15) return { kind: 'struct', fields: several(next, aField) };
  if (kind < 0.25) return { kind: 'array', field: aField(next) };
  return { kind: 'func', params: several(next, aCoreValType, 2), results: next() < 0.7 ? [] : [aCoreValType(next)] };
}

function aSubType(next: Next): SubType {
  return {
    final: next() < 0.8,
    supertypes: next() < 0.85 ? [] : [below(next, 3)],
    shared: next() < 0.02,
    composite: aComposite(next),
  };
}

export function aRecType(next: Next): RecType {
  if (next() < 0.8) return { explicit: false, types: [aSubType(next)] };
  return { explicit: true, types: several(next, aSubType, 2) };
}

function aCoreType(next: Next): Extract<Definition, { readonly kind: 'core type' }> {
  if (next() < 0.5) return { kind: 'core type', offset: 0, type: { kind: 'rec', rec: aRecType(next) } };
  return { kind: 'core type', offset: 0, type: { kind: 'module', declarations: several(next, aModuleDeclaration, 4) } };
}

/** What may stand in a component type or, without imports, in an instance type. */
export function aDeclaration(next: Next, imports: boolean): Definitions | Extract<Definition, { kind: 'import' }> {
  const kind = next();
  if (kind < 0.4) return { kind: 'type', offset: 0, type: aType(next) };
  if (kind < 0.5) return anAlias(next);
  if (kind < 0.55) return aCoreType(next);
  const decl = { offset: 0, name: anExternName(next), type: anExternType(next) };
  if (imports && kind < 0.75) return { kind: 'import', ...decl };
  return { kind: 'export', ...decl } as unknown as Definitions;
}

const OPTIONS: readonly ((next: Next) => CanonOption)[] = [
  (next) => ({ kind: 'encoding', offset: 0, encoding: pick(next, ['utf8', 'utf16', 'latin1+utf16']) }),
  (next) => ({ kind: 'memory', offset: 0, index: below(next, 2) }),
  (next) => ({ kind: 'realloc', offset: 0, index: anIndex(next) }),
  (next) => ({ kind: 'post-return', offset: 0, index: anIndex(next) }),
  () => ({ kind: 'async', offset: 0 }),
  (next) => ({ kind: 'callback', offset: 0, index: anIndex(next) }),
];

export function anOption(next: Next): CanonOption {
  return pick(next, OPTIONS)(next);
}

function options(next: Next): CanonOption[] {
  return several(next, anOption, 4);
}

const CANONS: readonly ((next: Next) => Canon)[] = [
  (next) => ({ kind: 'lift', func: anIndex(next), options: options(next), type: anIndex(next) }),
  (next) => ({ kind: 'lower', func: anIndex(next), options: options(next) }),
  (next) => ({ kind: pick(next, ['resource.new', 'resource.drop', 'resource.rep']), type: anIndex(next) }),
  (next) => ({ kind: 'task.return', result: maybe(next, aValType), options: options(next) }),
  (next) => ({
    kind: pick(next, ['context.get', 'context.set']),
    type: next() < 0.8 ? 'i32' : 'i64',
    slot: below(next, 3),
  }),
  (next) => ({ kind: 'subtask.cancel', async: next() < 0.5 }),
  (next) => ({ kind: pick(next, ['stream.new', 'future.new']), type: anIndex(next) }),
  (next) => ({
    kind: pick(next, ['stream.read', 'stream.write', 'future.read', 'future.write']),
    type: anIndex(next),
    options: options(next),
  }),
  (next) => ({
    kind: pick(next, ['stream.cancel-read', 'stream.cancel-write', 'future.cancel-read', 'future.cancel-write']),
    type: anIndex(next),
    async: next() < 0.5,
  }),
  (next) => ({
    kind: pick(next, [
      ...(['stream.drop-readable', 'stream.drop-writable', 'future.drop-readable', 'future.drop-writable'] as const),
    ]),
    type: anIndex(next),
  }),
  (next) => ({ kind: pick(next, ['error-context.new', 'error-context.debug-message']), options: options(next) }),
  (next) => ({
    kind: pick(next, ['waitable-set.wait', 'waitable-set.poll']),
    cancellable: next() < 0.05,
    memory: below(next, 2),
  }),
  (next) => ({ kind: 'thread.new-indirect', type: anIndex(next), table: below(next, 2) }),
  (next) => ({ kind: pick(next, ['thread.yield', 'thread.suspend']), cancellable: next() < 0.05 }),
  (next) => ({
    kind: pick(next, [
      ...(['thread.suspend-then-resume', 'thread.yield-then-resume'] as const),
      ...(['thread.suspend-then-promote', 'thread.yield-then-promote'] as const),
    ]),
    cancellable: next() < 0.05,
  }),
  (next) => ({ kind: pick(next, ['task.cancel', 'subtask.drop', 'waitable-set.new', 'thread.index']) }) as Canon,
];

export function aCanon(next: Next): Canon {
  return pick(next, CANONS)(next);
}

function anInstance(next: Next): Definition {
  const item = () => ({ sort: pick(next, SORTS), index: anIndex(next) });
  if (next() < 0.5) {
    const args = several(next, () => ({ name: aName(next), ...item() }));
    return { kind: 'instance', offset: 0, expr: { kind: 'instantiate', component: anIndex(next), args } };
  }
  const exports = several(next, () => ({ name: anExternName(next), ...item() }));
  return { kind: 'instance', offset: 0, expr: { kind: 'exports', exports } };
}

function aCoreInstance(next: Next): Definition {
  if (next() < 0.5) {
    const args = several(next, () => ({ name: aName(next), instance: anIndex(next) }));
    return { kind: 'core instance', offset: 0, expr: { kind: 'instantiate', module: anIndex(next), args } };
  }
  const exports = several(next, () => ({ name: aName(next), sort: pick(next, CORE_SORTS), index: anIndex(next) }));
  return { kind: 'core instance', offset: 0, expr: { kind: 'exports', exports } };
}

/** What may stand in a component. */
export function aDefinition(next: Next): Definition {
  const kind = next();
  if (kind < 0.2) return { kind: 'type', offset: 0, type: aType(next) };
  if (kind < 0.35) return { kind: 'import', offset: 0, name: anExternName(next), type: anExternType(next) };
  if (kind < 0.55) {
    const item = { sort: pick(next, SORTS), index: anIndex(next), type: maybe(next, anExternType, 0.3) };
    return { kind: 'export', offset: 0, name: anExternName(next), ...item };
  }
  if (kind < 0.7) return { kind: 'canon', offset: 0, canon: aCanon(next) };
  if (kind < 0.8) return anAlias(next);
  if (kind < 0.88) return anInstance(next);
  if (kind < 0.94) return aCoreInstance(next);
  if (kind < 0.98) return aCoreType(next);
  return { kind: 'start', offset: 0, func: anIndex(next), args: [], results: below(next, 2) };
}
