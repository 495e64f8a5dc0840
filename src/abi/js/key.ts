/** A text that is equal for signatures of equal structure: what generated code is cached by. Linear in the distinct parts of types. */
import { signatureResources } from '../../types/resources-of.ts';
import type { ResourceType, ValueType } from '../../types/value-type.ts';
import type { Signature } from '../context.ts';

/** The key of a signature. Resources count by their order of appearance, not by name. */
export function signatureKey(signature: Signature): string {
  const { type, options } = signature;
  const resources = new Map(signatureResources(type).map((r, i) => [r, i]));
  const ids = new Map<ValueType, number>();
  const parts: string[] = [];
  const ref = (t: ValueType | undefined): string => (t === undefined ? '-' : String(visit(t, ids, parts, resources)));
  const params = type.params.map((p) => `${p.name}=${ref(p.type)}`).join();
  const result = ref(type.result);
  return JSON.stringify([
    options,
    type.async,
    signature.leaf === true,
    signature.lends === true,
    params,
    result,
    parts,
  ]);
}

function visit(
  type: ValueType,
  ids: Map<ValueType, number>,
  parts: string[],
  resources: ReadonlyMap<ResourceType, number>,
): number {
  const known = ids.get(type);
  if (known !== undefined) return known;
  const ref = (t: ValueType | undefined): string => (t === undefined ? '-' : String(visit(t, ids, parts, resources)));
  const text = describe(type, ref, resources);
  const id = parts.push(text) - 1;
  ids.set(type, id);
  return id;
}

function describe(
  type: ValueType,
  ref: (t: ValueType | undefined) => string,
  resources: ReadonlyMap<ResourceType, number>,
): string {
  switch (type.kind) {
    case 'record':
      return `record ${type.fields.map((f) => `${f.name}=${ref(f.type)}`).join()}`;
    case 'variant':
      return `variant ${type.cases.map((c) => `${c.name}=${ref(c.type)}`).join()}`;
    case 'list':
    case 'stream':
    case 'future':
      return `${type.kind} ${ref(type.element)}`;
    case 'fixed-list':
      return `fixed-list ${type.length} ${ref(type.element)}`;
    case 'map':
      return `map ${ref(type.key)} ${ref(type.value)}`;
    case 'tuple':
      return `tuple ${type.types.map(ref).join()}`;
    case 'flags':
    case 'enum':
      return `${type.kind} ${type.labels.join()}`;
    case 'option':
      return `option ${ref(type.type)}`;
    case 'result':
      return `result ${ref(type.ok)} ${ref(type.err)}`;
    case 'own':
    case 'borrow':
      return `${type.kind} ${resources.get(type.resource)}`;
    default:
      return type.kind;
  }
}
