/**
 * Core types as text. Specification: core 3.0, "Text format, types". How a type is called is asked of the caller, as is how the
 * parameters of a function or the fields of a structure are called.
 */
import type {
  AbstractHeapType,
  CompositeType,
  CoreFuncType,
  CoreValType,
  FieldType,
  GlobalType,
  HeapType,
  Limits,
  MemoryType,
  RefType,
  SubType,
  TableType,
} from '../../types/core-type.ts';
import { unreachable } from '../../util/invariant.ts';
import { SHORT_REFS } from '../core/types.ts';

/** How a type index reads. */
export type TypeRef = (index: number) => string;

/** What stands in front of the type of a member, such as `$x `; undefined for one without a name. */
export type MemberId = (index: number) => string | undefined;

const SHORT_NAMES = new Map<AbstractHeapType, string>(Object.entries(SHORT_REFS).map(([short, heap]) => [heap, short]));

/** `heaptype` */
export function heapTypeText(heap: HeapType, ref: TypeRef): string {
  if (heap.kind === 'abstract') return heap.shared ? `(shared ${heap.name})` : heap.name;
  return heap.exact === true ? `(exact ${ref(heap.index)})` : ref(heap.index);
}

/** `reftype`; shared ones in the long form, since `(shared anyref)` means something else in the type of a global. */
export function refTypeText({ nullable, heap }: RefType, ref: TypeRef): string {
  const short = nullable && heap.kind === 'abstract' && !heap.shared ? SHORT_NAMES.get(heap.name) : undefined;
  return short ?? `(ref ${nullable ? 'null ' : ''}${heapTypeText(heap, ref)})`;
}

/** `valtype` of core WebAssembly. */
export function coreValTypeText(type: CoreValType, ref: TypeRef): string {
  return typeof type === 'string' ? type : refTypeText(type, ref);
}

/** `(keyword $x i32) (keyword i32 i64)`: what has a name stands alone. A space is in front of each. */
export function memberLists(keyword: string, types: readonly string[], id?: MemberId): string {
  let text = '';
  let open = false;
  for (const [i, type] of types.entries()) {
    const name = id?.(i);
    if (name === undefined && open) {
      text += ` ${type}`;
      continue;
    }
    if (open) text += ')';
    text += ` (${keyword} ${name ?? ''}${type}`;
    open = name === undefined;
    if (!open) text += ')';
  }
  return open ? `${text})` : text;
}

/** ` (param …) (result …)`, empty for neither. */
export function signatureText({ params, results }: CoreFuncType, ref: TypeRef, param?: MemberId): string {
  const texts = (types: readonly CoreValType[]): string[] => types.map((type) => coreValTypeText(type, ref));
  return memberLists('param', texts(params), param) + memberLists('result', texts(results));
}

function fieldTypeText({ storage, mutable }: FieldType, ref: TypeRef): string {
  const text = storage === 'i8' || storage === 'i16' ? storage : coreValTypeText(storage, ref);
  return mutable ? `(mut ${text})` : text;
}

function compositeTypeText(type: CompositeType, ref: TypeRef, member: MemberId | undefined): string {
  switch (type.kind) {
    case 'func':
      return `(func${signatureText(type, ref, member)})`;
    case 'struct': {
      const fields = type.fields.map((field, i) => ` (field ${member?.(i) ?? ''}${fieldTypeText(field, ref)})`);
      return `(struct${fields.join('')})`;
    }
    case 'array':
      return `(array ${fieldTypeText(type.field, ref)})`;
    case 'cont':
      return `(cont ${heapTypeText(type.type, ref)})`;
    default:
      return unreachable(type);
  }
}

/** `subtype`, in the short form of a final type without supertypes. */
export function subTypeText(
  { final, supertypes, shared, composite }: SubType,
  ref: TypeRef,
  member?: MemberId,
): string {
  let text = compositeTypeText(composite, ref, member);
  if (shared) text = `(shared ${text})`;
  if (final && supertypes.length === 0) return text;
  return `(sub ${final ? 'final ' : ''}${supertypes.map((index) => `${ref(index)} `).join('')}${text})`;
}

function limitsText({ min, max, is64, shared }: Limits): string {
  return `${is64 ? 'i64 ' : ''}${min}${max === undefined ? '' : ` ${max}`}${shared ? ' shared' : ''}`;
}

/** `tabletype` */
export function tableTypeText({ limits, element }: TableType, ref: TypeRef): string {
  return `${limitsText(limits)} ${refTypeText(element, ref)}`;
}

/** `memtype` */
export function memoryTypeText({ limits, pageSizeLog2 }: MemoryType): string {
  return `${limitsText(limits)}${pageSizeLog2 === undefined ? '' : ` (pagesize ${1n << BigInt(pageSizeLog2)})`}`;
}

/** `globaltype` */
export function globalTypeText({ type, mutable, shared }: GlobalType, ref: TypeRef): string {
  const text = coreValTypeText(type, ref);
  if (shared) return `(shared ${mutable ? 'mut ' : ''}${text})`;
  return mutable ? `(mut ${text})` : text;
}
