/** Types as short WIT text, for messages. Structural: named types are spelled out, to a depth. Not a printer of WIT (`src/wit`). */
import { unreachable } from '../util/invariant.ts';
import type { FuncType, ValueType } from './value-type.ts';

const MAX_DEPTH = 4;

function describeOptional(type: ValueType | undefined, depth: number): string {
  return type === undefined ? '_' : describeType(type, depth);
}

/** A value type as text. */
export function describeType(type: ValueType, depth = 0): string {
  if (depth > MAX_DEPTH) return '…';
  const inner = (t: ValueType): string => describeType(t, depth + 1);
  switch (type.kind) {
    case 'record':
      return `record { ${type.fields.map((f) => `${f.name}: ${inner(f.type)}`).join(', ')} }`;
    case 'variant':
      return `variant { ${type.cases.map((c) => (c.type === undefined ? c.name : `${c.name}(${inner(c.type)})`)).join(', ')} }`;
    case 'list':
      return `list<${inner(type.element)}>`;
    case 'fixed-list':
      return `list<${inner(type.element)}, ${type.length}>`;
    case 'map':
      return `map<${inner(type.key)}, ${inner(type.value)}>`;
    case 'tuple':
      return `tuple<${type.types.map(inner).join(', ')}>`;
    case 'flags':
      return `flags { ${type.labels.join(', ')} }`;
    case 'enum':
      return `enum { ${type.labels.join(', ')} }`;
    case 'option':
      return `option<${inner(type.type)}>`;
    case 'result':
      if (type.ok === undefined && type.err === undefined) return 'result';
      if (type.err === undefined) return `result<${describeOptional(type.ok, depth + 1)}>`;
      return `result<${describeOptional(type.ok, depth + 1)}, ${inner(type.err)}>`;
    case 'own':
      return type.resource.name ?? 'resource';
    case 'borrow':
      return `borrow<${type.resource.name ?? 'resource'}>`;
    case 'stream':
    case 'future':
      return type.element === undefined ? type.kind : `${type.kind}<${inner(type.element)}>`;
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
      return type.kind;
    default:
      return unreachable(type);
  }
}

/** A function type as text: `func(a: u32) -> string`. */
export function describeFunc(type: FuncType): string {
  const params = type.params.map((p) => `${p.name}: ${describeType(p.type)}`).join(', ');
  const result = type.result === undefined ? '' : ` -> ${describeType(type.result)}`;
  return `${type.async ? 'async ' : ''}func(${params})${result}`;
}
