/**
 * Core types without index spaces: every recursion group met in a validation gets canonical numbers, so that equal types of
 * different modules are equal numbers. Specification: core 3.0, "Types" (rolling recursive types, subtyping of heap types).
 */
import type {
  AbstractHeapType,
  CompositeType,
  CoreFuncType,
  CoreValType,
  FieldType,
  HeapType,
  RecType,
  RefType,
  SubType,
} from '../types/core-type.ts';
import type { CoreExtern } from '../types/extern-type.ts';
import { invariant, unreachable } from '../util/invariant.ts';
import { LIMITS } from './limits.ts';
import { type Reason, reasons } from './reasons.ts';

type FuncExtern = Extract<CoreExtern, { readonly kind: 'func' }>;

/** Maps the type indices of one index space to canonical numbers; says what is wrong with an index by throwing. */
type Resolve = (index: number) => number;

function mapHeap(heap: HeapType, resolve: Resolve): HeapType {
  return heap.kind === 'abstract' ? heap : { ...heap, index: resolve(heap.index) };
}

function mapRef(ref: RefType, resolve: Resolve): RefType {
  return ref.heap.kind === 'abstract' ? ref : { ...ref, heap: mapHeap(ref.heap, resolve) };
}

export function mapValType(type: CoreValType, resolve: Resolve): CoreValType {
  return typeof type === 'string' ? type : mapRef(type, resolve);
}

function mapField(field: FieldType, resolve: Resolve): FieldType {
  const { storage } = field;
  return typeof storage === 'string' ? field : { ...field, storage: mapRef(storage, resolve) };
}

function mapComposite(type: CompositeType, resolve: Resolve): CompositeType {
  switch (type.kind) {
    case 'func':
      return {
        kind: 'func',
        params: type.params.map((one) => mapValType(one, resolve)),
        results: type.results.map((one) => mapValType(one, resolve)),
      };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map((field) => mapField(field, resolve)) };
    case 'array':
      return { kind: 'array', field: mapField(type.field, resolve) };
    case 'cont':
      return { kind: 'cont', type: mapHeap(type.type, resolve) };
    default:
      return unreachable(type);
  }
}

function mapSubType(type: SubType, resolve: Resolve): SubType {
  return { ...type, supertypes: type.supertypes.map(resolve), composite: mapComposite(type.composite, resolve) };
}

export function printHeap(heap: HeapType): string {
  if (heap.kind === 'index') return heap.exact === true ? `(exact ${heap.index})` : `${heap.index}`;
  return heap.shared ? `(shared ${heap.name})` : heap.name;
}

const SHORT: Partial<Record<AbstractHeapType, string>> = {
  func: 'funcref',
  extern: 'externref',
  any: 'anyref',
  eq: 'eqref',
  i31: 'i31ref',
  struct: 'structref',
  array: 'arrayref',
  none: 'nullref',
  nofunc: 'nullfuncref',
  noextern: 'nullexternref',
  exn: 'exnref',
  noexn: 'nullexnref',
};

export function printValType(type: CoreValType): string {
  if (typeof type === 'string') return type;
  const short = type.heap.kind === 'abstract' && !type.heap.shared ? SHORT[type.heap.name] : undefined;
  if (type.nullable && short !== undefined) return short;
  return `(ref ${type.nullable ? 'null ' : ''}${printHeap(type.heap)})`;
}

export function printFuncType(type: CoreFuncType): string {
  const params = type.params.length === 0 ? '' : ` (param ${type.params.map(printValType).join(' ')})`;
  const results = type.results.length === 0 ? '' : ` (result ${type.results.map(printValType).join(' ')})`;
  return `(func${params}${results})`;
}

function printField(field: FieldType): string {
  const storage = typeof field.storage === 'string' ? field.storage : printValType(field.storage);
  return field.mutable ? `(mut ${storage})` : storage;
}

function printComposite(type: CompositeType): string {
  switch (type.kind) {
    case 'func':
      return printFuncType(type);
    case 'struct':
      return `(struct ${type.fields.map(printField).join(' ')})`;
    case 'array':
      return `(array ${printField(type.field)})`;
    case 'cont':
      return `(cont ${printHeap(type.type)})`;
    default:
      return unreachable(type);
  }
}

const PARENTS: Readonly<Record<AbstractHeapType, readonly AbstractHeapType[]>> = {
  func: [],
  extern: [],
  any: [],
  exn: [],
  cont: [],
  eq: ['any'],
  i31: ['eq'],
  struct: ['eq'],
  array: ['eq'],
  none: ['i31', 'struct', 'array'],
  nofunc: ['func'],
  noextern: ['extern'],
  noexn: ['exn'],
  nocont: ['cont'],
};

const BOTTOM_OF: Readonly<Record<CompositeType['kind'], AbstractHeapType>> = {
  func: 'nofunc',
  struct: 'none',
  array: 'none',
  cont: 'nocont',
};

function abstractSubtype(a: AbstractHeapType, b: AbstractHeapType): boolean {
  return a === b || PARENTS[a].some((parent) => abstractSubtype(parent, b));
}

/** The key of a final function type of numbers, or undefined for any other type. */
function plainKey({ final, shared, supertypes, composite }: SubType): string | undefined {
  if (!final || shared || supertypes.length > 0 || composite.kind !== 'func') return undefined;
  for (const type of composite.params) if (typeof type !== 'string') return undefined;
  for (const type of composite.results) if (typeof type !== 'string') return undefined;
  return `${composite.params.join()}>${composite.results.join()}`;
}

/** The canonical types of one validation. */
export class CoreTypes {
  readonly #types: SubType[] = [];
  readonly #depths: number[] = [];
  readonly #groups = new Map<string, number>();
  readonly #externs: FuncExtern[] = [];

  get(id: number): SubType {
    const type = this.#types[id];
    invariant(type !== undefined, `canonical core type ${id} exists`);
    return type;
  }

  /** The function type alone in its group, as canonical definitions make them. */
  defineFunc(type: CoreFuncType): number {
    const alone: SubType = { final: true, supertypes: [], shared: false, composite: type };
    const ids = this.define({ explicit: false, types: [alone] }, []);
    invariant(!('code' in ids), 'a function type of numbers is valid');
    return ids[0]!;
  }

  /** The function type with a canonical number, or undefined if the number stands for another composite. */
  func(id: number): CoreFuncType | undefined {
    const { composite } = this.get(id);
    return composite.kind === 'func' ? composite : undefined;
  }

  /** The extern type of functions of that type, one object for all of them. */
  funcExtern(id: number): FuncExtern | undefined {
    const known = this.#externs[id];
    if (known !== undefined) return known;
    const type = this.func(id);
    if (type === undefined) return undefined;
    const made: FuncExtern = { kind: 'func', type, typeId: id };
    this.#externs[id] = made;
    return made;
  }

  /**
   * Gives canonical numbers to a group that stands in an index space of `space.length` types so far.
   * Answers the numbers, or why the group is not valid.
   */
  define(rec: RecType, space: readonly (number | undefined)[]): readonly number[] | Reason {
    const tooMany = this.#checkCounts(rec.types);
    if (tooMany !== undefined) return tooMany;
    const only = rec.types.length === 1 ? rec.types[0]! : undefined;
    const plain = only === undefined ? undefined : plainKey(only);
    if (only !== undefined && plain !== undefined) return [this.#definePlain(only, plain)];
    return this.#defineGroup(rec, space);
  }

  /** A group of one function type without references: nearly all that modules have. */
  #definePlain(type: SubType, key: string): number {
    const before = this.#groups.get(key);
    if (before !== undefined) return before;
    const id = this.#types.length;
    this.#types.push(type);
    this.#depths.push(0);
    this.#groups.set(key, id);
    return id;
  }

  #defineGroup(rec: RecType, space: readonly (number | undefined)[]): readonly number[] | Reason {
    const start = space.length;
    const count = rec.types.length;
    let problem: Reason | undefined;
    // In the key a member of the group is the negative of its place, so that equal groups have equal keys.
    const local: Resolve = (index) => {
      if (index >= start && index < start + count) return start - index - 1;
      const id = space[index];
      if (id !== undefined) return id;
      problem ??= index < start ? reasons.nestedModuleType() : reasons.unknownIndex('type', index);
      return 0;
    };
    const mapped = rec.types.map((type) => mapSubType(type, local));
    if (problem !== undefined) return problem;
    const key = mapped
      .map((t) => `${t.final} ${t.shared} ${t.supertypes.join()} ${printComposite(t.composite)}`)
      .join(';');
    const before = this.#groups.get(key);
    if (before !== undefined) return rec.types.map((_, i) => before + i);
    const first = this.#types.length;
    const close: Resolve = (index) => (index < 0 ? first - index - 1 : index);
    for (const type of mapped) this.#types.push(mapSubType(type, close));
    const invalid = this.#checkGroup(first, count);
    if (invalid !== undefined) return invalid;
    this.#groups.set(key, first);
    return rec.types.map((_, i) => first + i);
  }

  /** Limits of the types of a group. */
  #checkCounts(types: readonly SubType[]): Reason | undefined {
    for (const { composite } of types) {
      if (composite.kind === 'func') {
        if (composite.params.length > LIMITS.coreParams)
          return reasons.tooMany('function parameter', LIMITS.coreParams);
        if (composite.results.length > LIMITS.coreResults)
          return reasons.tooMany('function result', LIMITS.coreResults);
      } else if (composite.kind === 'struct' && composite.fields.length > LIMITS.structFields)
        return reasons.tooMany('struct field', LIMITS.structFields);
    }
    return undefined;
  }

  #checkGroup(first: number, count: number): Reason | undefined {
    for (let id = first; id < first + count; id++) {
      const type = this.get(id);
      let depth = 0;
      if (type.supertypes.length > 1) return reasons.supertypes();
      for (const parent of type.supertypes) {
        if (parent >= id || this.get(parent).final || !this.#compositeMatches(type, this.get(parent)))
          return reasons.supertype(parent);
        depth = Math.max(depth, this.#depths[parent]! + 1);
      }
      if (depth > LIMITS.supertypes) return reasons.typeDepth(LIMITS.supertypes);
      this.#depths[id] = depth;
    }
    return undefined;
  }

  #fieldMatches(a: FieldType, b: FieldType): boolean {
    if (a.mutable !== b.mutable) return false;
    const forward = this.#storageMatches(a.storage, b.storage);
    return a.mutable ? forward && this.#storageMatches(b.storage, a.storage) : forward;
  }

  #storageMatches(a: FieldType['storage'], b: FieldType['storage']): boolean {
    if (a === 'i8' || a === 'i16' || b === 'i8' || b === 'i16') return a === b;
    return this.valMatches(a, b);
  }

  #compositeMatches(sub: SubType, parent: SubType): boolean {
    const a = sub.composite;
    const b = parent.composite;
    if (sub.shared !== parent.shared) return false;
    if (a.kind === 'func' && b.kind === 'func') return this.funcMatches(a, b);
    if (a.kind === 'struct' && b.kind === 'struct')
      return (
        a.fields.length >= b.fields.length && b.fields.every((field, i) => this.#fieldMatches(a.fields[i]!, field))
      );
    if (a.kind === 'array' && b.kind === 'array') return this.#fieldMatches(a.field, b.field);
    if (a.kind === 'cont' && b.kind === 'cont') return this.#heapMatches(a.type, b.type);
    return false;
  }

  funcMatches(a: CoreFuncType, b: CoreFuncType): boolean {
    return (
      a.params.length === b.params.length &&
      a.results.length === b.results.length &&
      a.params.every((param, i) => this.valMatches(b.params[i]!, param)) &&
      a.results.every((result, i) => this.valMatches(result, b.results[i]!))
    );
  }

  /** True if canonical type `a` is `b` or declares it as a supertype, directly or not. */
  idMatches(a: number, b: number): boolean {
    return a === b || this.get(a).supertypes.some((parent) => this.idMatches(parent, b));
  }

  #heapMatches(a: HeapType, b: HeapType): boolean {
    if (a.kind === 'index' && b.kind === 'index')
      return b.exact ? a.exact === true && a.index === b.index : this.idMatches(a.index, b.index);
    if (a.kind === 'index') {
      if (b.kind === 'index') return false;
      const type = this.get(a.index);
      return type.shared === b.shared && abstractSubtype(type.composite.kind, b.name);
    }
    if (b.kind === 'index') {
      const type = this.get(b.index);
      return type.shared === a.shared && a.name === BOTTOM_OF[type.composite.kind];
    }
    return a.shared === b.shared && abstractSubtype(a.name, b.name);
  }

  /** True if a value of type `a` may stand where `b` is expected. */
  valMatches(a: CoreValType, b: CoreValType): boolean {
    if (typeof a === 'string' || typeof b === 'string') return a === b;
    return (!a.nullable || b.nullable) && this.#heapMatches(a.heap, b.heap);
  }

  valEquals(a: CoreValType, b: CoreValType): boolean {
    return this.valMatches(a, b) && this.valMatches(b, a);
  }
}
