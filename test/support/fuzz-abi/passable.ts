/** Types of which a chain of components can pass values on. */
import type { FuncType, ValueType } from '../../../src/types/value-type.ts';
import type { Case } from './case.ts';

/** The type with every part replaced that `change` gives another for. */
function changed(type: ValueType, change: (type: ValueType) => ValueType | undefined): ValueType {
  const inner = (t: ValueType): ValueType => changed(t, change);
  const optional = (t: ValueType | undefined): ValueType | undefined => (t === undefined ? undefined : inner(t));
  const other = change(type);
  if (other !== undefined) return other;
  switch (type.kind) {
    case 'record':
      return { ...type, fields: type.fields.map((f) => ({ ...f, type: inner(f.type) })) };
    case 'variant':
      return { ...type, cases: type.cases.map((c) => ({ ...c, type: optional(c.type) })) };
    case 'tuple':
      return { ...type, types: type.types.map(inner) };
    case 'list':
    case 'fixed-list':
      return { ...type, element: inner(type.element) };
    case 'map':
      return { ...type, value: inner(type.value) };
    case 'option':
      return { ...type, type: inner(type.type) };
    case 'result':
      return { ...type, ok: optional(type.ok), err: optional(type.err) };
    default:
      return type;
  }
}

const U32: ValueType = { kind: 'u32' };

/** What a chain can pass on: what is borrowed would have to be given back, and streams are read by the host. */
function passable(type: ValueType): ValueType {
  return changed(type, (t) => {
    if (t.kind === 'borrow') return { kind: 'own', resource: t.resource };
    if (t.kind !== 'stream' && t.kind !== 'future') return undefined;
    if (t.element === undefined) return t;
    const plain = changed(t.element, (e) => (e.kind === 'own' || e.kind === 'error-context' ? U32 : undefined));
    return { ...t, element: plain };
  });
}

/** The case without what a chain cannot pass on. */
export function passableCase(c: Case): Case {
  const { params, result } = c.type;
  const type: FuncType = {
    ...c.type,
    params: params.map((p) => ({ ...p, type: passable(p.type) })),
    result: result === undefined ? undefined : passable(result),
  };
  return { ...c, type, shared: false, postReturn: false };
}
