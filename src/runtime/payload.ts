/** Types of what streams and futures carry and tasks return, with their resources known: comparable across components and stores. */
import { isPlainBytes } from '../abi/fused/contents.ts';
import type { PointerSize } from '../abi/layout.ts';
import { type Layout, layout } from '../abi/layout.ts';
import { describeType } from '../types/describe.ts';
import { sameFuncType } from '../types/equal.ts';
import type { FuncType, ResourceType, ValueType } from '../types/value-type.ts';
import type { RuntimeResource } from './resource.ts';
import type { Store } from './store.ts';

/** Finds the runtime identity of what a component's types mention. */
export interface TypeScope {
  resource(type: ResourceType): RuntimeResource;
  /** The payload of that type (undefined: of no type), the same object for the same type. */
  payload(type: ValueType | undefined): Payload;
  /** The store whose components' types these are. */
  readonly store: Store;
  /** What is wrong outside of any call ends the store whose types these are. */
  fail(error: unknown): void;
}

const NUMBERS: ReadonlySet<ValueType['kind']> = new Set([
  'u8',
  's8',
  'u16',
  's16',
  'u32',
  's32',
  'u64',
  's64',
  'f32',
  'f64',
]);

const NOTHING: Layout = { align: 1, size: 0 };

export class Payload {
  readonly type: ValueType | undefined;
  readonly scope: TypeScope;
  /** Specification: `none_or_number_type`. */
  readonly isNumber: boolean;
  /** Whether values are the same bytes in every memory. */
  readonly isPlain: boolean;
  readonly #equals = new WeakSet<Payload>();
  /** Layouts with pointers of 4 and of 8 bytes, once they were asked for. */
  #layout4: Layout | undefined;
  #layout8: Layout | undefined;

  constructor(type: ValueType | undefined, scope: TypeScope) {
    this.type = type;
    this.scope = scope;
    this.isNumber = type === undefined || NUMBERS.has(type.kind);
    this.isPlain = type === undefined || isPlainBytes(type);
  }

  layout(pointer: PointerSize): Layout {
    const known = pointer === 4 ? this.#layout4 : this.#layout8;
    if (known !== undefined) return known;
    const made = this.type === undefined ? NOTHING : layout(this.type, pointer);
    if (pointer === 4) this.#layout4 = made;
    else this.#layout8 = made;
    return made;
  }

  /** For messages. */
  get name(): string {
    return this.type === undefined ? 'nothing' : describeType(this.type);
  }

  equals(other: Payload): boolean {
    if (this === other || this.#equals.has(other)) return true;
    const asFunc = (result: ValueType | undefined): FuncType => ({ kind: 'func', async: false, params: [], result });
    const same = (a: ResourceType, b: ResourceType): boolean => this.scope.resource(a) === other.scope.resource(b);
    if (!sameFuncType(asFunc(this.type), asFunc(other.type), same)) return false;
    this.#equals.add(other);
    return true;
  }
}

/** The payload of a type, as the kit makes it. */
export function newPayload(type: ValueType | undefined, scope: TypeScope): Payload {
  return new Payload(type, scope);
}
