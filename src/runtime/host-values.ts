/**
 * Values that streams and futures carry, between JavaScript's forms and those that pass between guests: a resource is its rep there, a
 * stream or future what its ends share.
 */
import { despecialize } from '../abi/despecialize.ts';
import { fromJs, toJs } from '../abi/js/convert.ts';
import type { AbiHandle, AbiValue, AbiVariant } from '../abi/values.ts';
import type { ValueType } from '../types/value-type.ts';
import { invariant } from '../util/invariant.ts';
import type { Payload } from './payload.ts';

type Handled =
  | Extract<ReturnType<typeof despecialize>, { kind: 'own' | 'borrow' | 'stream' | 'future' }>
  | { readonly kind: 'error-context' };
type MapHandle = (type: Handled, value: unknown) => unknown;

const holders = new WeakMap<ValueType, boolean>();

/** Whether values of the type hold handles that have another form for the host. */
function holdsHandles(type: ValueType): boolean {
  let known = holders.get(type);
  if (known === undefined) {
    holders.set(type, false);
    known = computeHolds(type);
    holders.set(type, known);
  }
  return known;
}

function computeHolds(type: ValueType): boolean {
  const t = despecialize(type);
  switch (t.kind) {
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
    case 'error-context':
      return true;
    case 'record':
      return t.fields.some((f) => holdsHandles(f.type));
    case 'variant':
      return t.cases.some((c) => c.type !== undefined && holdsHandles(c.type));
    case 'list':
    case 'fixed-list':
      return holdsHandles(t.element);
    default:
      return false;
  }
}

/** The value with every handle in it replaced. */
function mapHandles(type: ValueType, value: AbiValue, map: MapHandle): AbiValue {
  if (!holdsHandles(type)) return value;
  const t = despecialize(type);
  switch (t.kind) {
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
      return { kind: 'handle', value: map(t, (value as AbiHandle).value) };
    case 'error-context':
      return { kind: 'handle', value: map({ kind: t.kind }, (value as AbiHandle).value) };
    case 'record':
      return (value as readonly AbiValue[]).map((v, i) => mapHandles(t.fields[i]!.type, v, map));
    case 'variant': {
      const variant = value as AbiVariant;
      const inner = t.cases[variant.case]?.type;
      if (inner === undefined || variant.value === undefined) return variant;
      return { ...variant, value: mapHandles(inner, variant.value, map) };
    }
    case 'list':
    case 'fixed-list':
      return (value as readonly AbiValue[]).map((v) => mapHandles(t.element, v, map));
    default:
      return value;
  }
}

/** How handles change at the host's border. */
export interface HandleConversion {
  toHost(type: Handled, value: unknown, payload: Payload): unknown;
  fromHost(type: Handled, value: unknown, payload: Payload, path: string): unknown;
  /** Throws what `fromHost` would throw, and takes nothing. */
  check(type: Handled, value: unknown, payload: Payload, path: string): void;
}

/** The JavaScript form of a value that came from a guest. */
export function valueToHost(payload: Payload, value: AbiValue, conversion: HandleConversion): unknown {
  const { type } = payload;
  invariant(type !== undefined, 'a value has a type');
  return toJs(
    type,
    mapHandles(type, value, (t, handle) => conversion.toHost(t, handle, payload)),
  );
}

/** The value of a JavaScript form, with the host's objects where handles stand. Throws a ValueError where it does not fit. */
export function valueFromHost(payload: Payload, value: unknown, path: string, conversion: HandleConversion): AbiValue {
  const { type } = payload;
  invariant(type !== undefined, 'a value has a type');
  return mapHandles(type, fromJs(type, value, path), (t, handle) => {
    conversion.check(t, handle, payload, path);
    return handle;
  });
}

/** The value for guests of one that still has the host's objects where handles stand. Throws a ValueError where one does not fit. */
export function handlesFromHost(
  payload: Payload,
  value: AbiValue,
  path: string,
  conversion: HandleConversion,
): AbiValue {
  const { type } = payload;
  invariant(type !== undefined, 'a value has a type');
  return mapHandles(type, value, (t, handle) => conversion.fromHost(t, handle, payload, path));
}
