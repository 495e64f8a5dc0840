/** Values of a host: handles as objects, and values that may not fit. */
import type { AbiContext } from '../../../src/abi/context.ts';
import { despecialize } from '../../../src/abi/despecialize.ts';
import type { BorderEnv, BorderResource } from '../../../src/abi/js/border.ts';
import { mismatch } from '../../../src/abi/js/check.ts';
import { fill } from '../../../src/abi/js/lent.ts';
import type { AbiHandle, AbiValue, AbiVariant } from '../../../src/abi/values.ts';
import { signatureEnds, signatureResources } from '../../../src/types/resources-of.ts';
import type {
  BorrowType,
  FuncType,
  FutureType,
  OwnType,
  StreamType,
  ValueType,
} from '../../../src/types/value-type.ts';
import { pick, type Random } from '../generate-abi.ts';

/** What a host sees of a handle. */
export class HostHandle {
  /** `resource`, `end` or `error`, and which of the signature's. */
  readonly what: string;
  readonly index: number;

  constructor(what: string, index: number) {
    this.what = what;
    this.index = index;
  }
}

/** Handles change by this number when they become a guest's. */
const LOWERED = 1_000;

/** How handles pass one border, with a record of all that did. */
export class HostHandles {
  readonly #resources: readonly object[];
  readonly #ends: readonly (object | undefined)[];
  readonly log: string[] = [];

  constructor(type: FuncType) {
    this.#resources = signatureResources(type);
    this.#ends = signatureEnds(type);
  }

  #lift(what: string, index: number): HostHandle {
    this.log.push(`lift ${what} ${index}`);
    return new HostHandle(what, index);
  }

  #lower(what: string, value: unknown): number {
    if (!(value instanceof HostHandle) || value.what !== what) return mismatch('a handle', what, value);
    this.log.push(`lower ${what} ${value.index}`);
    return value.index + LOWERED;
  }

  #check(what: string, value: unknown): void {
    if (!(value instanceof HostHandle) || value.what !== what) mismatch('a handle', what, value);
  }

  /** For generated code: by the position of a resource. */
  resources(): BorderResource[] {
    return this.#resources.map((_, n) => ({
      number: -1,
      objects: [],
      liftOwn: (index) => this.#lift(`resource ${n}`, index),
      liftBorrow: (index) => this.#lift(`resource ${n}`, index),
      lowerOwn: (value) => this.#lower(`resource ${n}`, value),
      lowerBorrow: (value) => this.#lower(`resource ${n}`, value),
      check: (value) => this.#check(`resource ${n}`, value),
    }));
  }

  checkEnd: BorderEnv['checkEnd'] = (type, value) => this.#check(`end ${this.#ends.indexOf(type)}`, value);

  /** For the interpreter, and for what generated code has no words of its own. */
  hooks(): AbiContext['handles'] {
    const resource = (type: object): string => `resource ${this.#resources.indexOf(type)}`;
    const end = (type: object): string => `end ${this.#ends.indexOf(type)}`;
    return {
      liftOwn: (type, index) => this.#lift(resource(type), index),
      liftBorrow: (type, index) => this.#lift(resource(type), index),
      lowerOwn: (type, value) => this.#lower(resource(type), value),
      lowerBorrow: (type, value) => this.#lower(resource(type), value),
      liftEnd: (type, index) => this.#lift(end(type), index),
      lowerEnd: (type, value) => this.#lower(end(type), value),
      liftErrorContext: (index) => this.#lift('error', index),
      lowerErrorContext: (value) => this.#lower('error', value),
    };
  }

  /** A value whose handles are the host's. */
  wrap(type: ValueType, value: AbiValue): AbiValue {
    return withHandles(type, value, (t, index) => {
      if (t.kind === 'error-context') return new HostHandle('error', index);
      if (t.kind === 'stream' || t.kind === 'future') return new HostHandle(`end ${this.#ends.indexOf(t)}`, index);
      return new HostHandle(`resource ${this.#resources.indexOf(t.resource)}`, index);
    });
  }
}

type Handle = StreamType | FutureType | OwnType | BorrowType | { readonly kind: 'error-context' };

/** A value in which every handle is what `make` makes of its number. */
export function withHandles(
  type: ValueType,
  value: AbiValue,
  make: (type: Handle, index: number) => unknown,
): AbiValue {
  const inner = (t: ValueType, v: AbiValue): AbiValue => withHandles(t, v, make);
  const t = despecialize(type);
  switch (t.kind) {
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
      return { kind: 'handle', value: make(t, (value as AbiHandle).value as number) };
    case 'error-context':
      return { kind: 'handle', value: make({ kind: t.kind }, (value as AbiHandle).value as number) };
    case 'list':
    case 'fixed-list':
      return (value as readonly AbiValue[]).map((v) => inner(t.element, v));
    case 'record':
      return (value as readonly AbiValue[]).map((v, i) => inner(t.fields[i]!.type, v));
    case 'variant': {
      const variant = value as AbiVariant;
      const of = t.cases[variant.case]!.type;
      return { ...variant, value: of === undefined ? undefined : inner(of, variant.value!) };
    }
    default:
      return value;
  }
}

const WRONG: readonly unknown[] = [
  undefined,
  null,
  -1,
  -0,
  1.5,
  2 ** 53,
  Number.NaN,
  'x',
  'xy',
  '\ud800',
  'a\udc00b😀\ud83d',
  {},
  [],
  true,
  5n,
  2n ** 64n,
  Symbol.iterator,
  () => 1,
  { tag: 'none' },
  { tag: 'some', val: 1 },
  { tag: 'l0' },
  new Map(),
  new Uint8Array([1, 2, 3]),
  new Float32Array([0.5]),
  new BigInt64Array([-1n]),
  new HostHandle('resource 0', 7),
  fill(3, (view: Uint8Array) => view.fill(7)),
];

/** Half a pair of surrogates. */
const LONE = ['\ud800', '\udfff'] as const;

/** The value with one part of it replaced by something that may not fit. */
export function spoil(r: Random, value: unknown): unknown {
  if (typeof value === 'string' && r(2) === 0) return `${value}${pick(r, LONE)}${value}`;
  if (r(3) === 0 || typeof value !== 'object' || value === null || value instanceof HostHandle) return pick(r, WRONG);
  if (ArrayBuffer.isView(value)) {
    const numbers = [...(value as unknown as Iterable<unknown>)];
    const at = r(numbers.length + 1);
    return r(2) === 0 ? numbers.toSpliced(at, 1, pick(r, WRONG)) : [...numbers, pick(r, WRONG)];
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return pick(r, WRONG);
    const at = r(value.length);
    return value.with(at, spoil(r, value[at]));
  }
  if (value instanceof Map) return new Map([...value, [pick(r, WRONG), pick(r, WRONG)]]);
  const keys = Object.keys(value);
  if (keys.length === 0) return pick(r, WRONG);
  const key = pick(r, keys);
  return { ...value, [key]: spoil(r, (value as Record<string, unknown>)[key]) };
}

/** Whether a value holds text that is not Unicode. */
export function holdsLoneSurrogate(value: unknown): boolean {
  if (typeof value === 'string') return !value.isWellFormed();
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return (value instanceof Map ? [...value].flat() : Object.values(value)).some(holdsLoneSurrogate);
}

/** A copy: what was a view of a guest's memory stays what it is. */
export function copied(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).slice();
  if (Array.isArray(value)) return value.map(copied);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, copied(v)]));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copied(v)]));
}
