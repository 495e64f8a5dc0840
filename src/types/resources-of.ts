/** What a function type mentions that has an identity, in the order of first appearance: parameters, then the result. */
import type { FuncType, FutureType, ResourceType, StreamType, ValueType } from './value-type.ts';

function children(type: ValueType): readonly (ValueType | undefined)[] {
  switch (type.kind) {
    case 'record':
      return type.fields.map((f) => f.type);
    case 'variant':
      return type.cases.map((c) => c.type);
    case 'list':
    case 'fixed-list':
    case 'stream':
    case 'future':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'tuple':
      return type.types;
    case 'option':
      return [type.type];
    case 'result':
      return [type.ok, type.err];
    default:
      return [];
  }
}

/** Whether streams or futures in these types carry resources. */
export function carryResources(types: readonly ValueType[]): boolean {
  const seen = new Set<ValueType>();
  const visit = (t: ValueType | undefined): boolean => {
    if (t === undefined || seen.has(t)) return false;
    seen.add(t);
    if (t.kind !== 'stream' && t.kind !== 'future') return children(t).some(visit);
    return signatureResources({ kind: 'func', async: false, params: [], result: t }).length > 0;
  };
  return types.some(visit);
}

const known = new WeakMap<
  FuncType,
  { resources?: readonly ResourceType[]; ends?: readonly (StreamType | FutureType)[] }
>();

/** What is known of a function type: asked for again for each instance of a component. */
function knownOf(type: FuncType): NonNullable<ReturnType<typeof known.get>> {
  let one = known.get(type);
  if (one === undefined) {
    one = {};
    known.set(type, one);
  }
  return one;
}

/** The resources of a signature by first appearance. */
export function signatureResources(type: FuncType): readonly ResourceType[] {
  const one = knownOf(type);
  one.resources ??= findResources(type);
  return one.resources;
}

function findResources(type: FuncType): readonly ResourceType[] {
  const found = new Set<ResourceType>();
  const seen = new Set<ValueType>();
  const visit = (t: ValueType | undefined): void => {
    if (t === undefined || seen.has(t)) return;
    seen.add(t);
    if (t.kind === 'own' || t.kind === 'borrow') found.add(t.resource);
    else for (const child of children(t)) visit(child);
  };
  for (const p of type.params) visit(p.type);
  visit(type.result);
  return [...found];
}

/** The streams and futures that values of a signature hold (not those within their elements), by first appearance. */
export function signatureEnds(type: FuncType): readonly (StreamType | FutureType)[] {
  const one = knownOf(type);
  one.ends ??= findEnds(type);
  return one.ends;
}

function findEnds(type: FuncType): readonly (StreamType | FutureType)[] {
  const found: (StreamType | FutureType)[] = [];
  const seen = new Set<ValueType>();
  const visit = (t: ValueType | undefined): void => {
    if (t === undefined || seen.has(t)) return;
    seen.add(t);
    if (t.kind === 'stream' || t.kind === 'future') found.push(t);
    else for (const child of children(t)) visit(child);
  };
  for (const p of type.params) visit(p.type);
  visit(type.result);
  return found;
}
