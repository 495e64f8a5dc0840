/** Reduces specialised value types to the few that the ABI knows. Specification: CanonicalABI.md, "Despecialization". */
import type {
  BorrowType,
  FixedListType,
  FlagsType,
  FutureType,
  ListType,
  OwnType,
  PrimitiveType,
  RecordType,
  StreamType,
  ValueType,
  VariantType,
} from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';

/** What is left: no tuple, enum, option, result or map. */
export type AbiType =
  | PrimitiveType
  | RecordType
  | VariantType
  | ListType
  | FixedListType
  | FlagsType
  | OwnType
  | BorrowType
  | StreamType
  | FutureType;

const cache = new WeakMap<ValueType, AbiType>();

function compute(type: ValueType): AbiType {
  switch (type.kind) {
    case 'tuple':
      return { kind: 'record', fields: type.types.map((t, i) => ({ name: String(i), type: t })) };
    case 'enum':
      return { kind: 'variant', cases: type.labels.map((name) => ({ name, type: undefined })) };
    case 'option':
      return {
        kind: 'variant',
        cases: [
          { name: 'none', type: undefined },
          { name: 'some', type: type.type },
        ],
      };
    case 'result':
      return {
        kind: 'variant',
        cases: [
          { name: 'ok', type: type.ok },
          { name: 'error', type: type.err },
        ],
      };
    case 'map':
      return { kind: 'list', element: { kind: 'tuple', types: [type.key, type.value] } };
    case 'record':
    case 'variant':
    case 'list':
    case 'fixed-list':
    case 'flags':
    case 'own':
    case 'borrow':
    case 'stream':
    case 'future':
    case 'bool':
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
    case 's64':
    case 'u64':
    case 'f32':
    case 'f64':
    case 'char':
    case 'string':
    case 'error-context':
      return type;
    default:
      return unreachable(type);
  }
}

/** The despecialised form of a type; the same object for the same type. */
export function despecialize(type: ValueType): AbiType {
  let abi = cache.get(type);
  if (abi === undefined) {
    abi = compute(type);
    cache.set(type, abi);
  }
  return abi;
}
