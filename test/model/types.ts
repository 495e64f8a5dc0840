/** The value types of the modelled components. Specification: CanonicalABI.md, "Alignment", "Element Size", "Flattening". */

/** Numbers, strings and aggregates; a resource type by its name; streams and futures with or without an element type. */
export type ValType =
  | { readonly kind: 'u8' | 'u16' | 'u32' | 'u64' | 'string' }
  | { readonly kind: 'list'; readonly of: ValType }
  | { readonly kind: 'tuple'; readonly of: readonly ValType[] }
  | { readonly kind: 'variant'; readonly cases: readonly Case[] }
  | { readonly kind: 'own' | 'borrow'; readonly resource: string }
  | { readonly kind: 'stream' | 'future'; readonly of: ValType | undefined };

export interface Case {
  readonly label: string;
  readonly type?: ValType;
}

/** Type of a function. */
export interface FuncType {
  readonly params: readonly ValType[];
  readonly result: ValType | undefined;
  readonly async: boolean;
}

export type CoreType = 'i32' | 'i64';
export type CoreValue = number | bigint;

export const MAX_FLAT_PARAMS = 16;
export const MAX_FLAT_ASYNC_PARAMS = 4;
export const MAX_FLAT_RESULTS = 1;

/** Two types are equal if this is. */
export function typeKey(type: ValType | undefined): string {
  return JSON.stringify(type ?? null);
}

export function isNumber(type: ValType): boolean {
  return type.kind === 'u8' || type.kind === 'u16' || type.kind === 'u32' || type.kind === 'u64';
}

export function alignTo(pointer: number, alignment: number): number {
  return Math.ceil(pointer / alignment) * alignment;
}

export function alignment(type: ValType): number {
  switch (type.kind) {
    case 'u8':
      return 1;
    case 'u16':
      return 2;
    case 'u64':
      return 8;
    case 'tuple':
      return Math.max(1, ...type.of.map(alignment));
    case 'variant':
      return caseAlignment(type.cases);
    default:
      return 4;
  }
}

/** Specification: `max_case_alignment`. The modelled variants have few cases, so that the discriminant is one byte. */
export function caseAlignment(cases: readonly Case[]): number {
  return Math.max(1, ...cases.map((c) => (c.type === undefined ? 1 : alignment(c.type))));
}

export function size(type: ValType): number {
  switch (type.kind) {
    case 'u8':
      return 1;
    case 'u16':
      return 2;
    case 'u64':
    case 'string':
    case 'list':
      return 8;
    case 'tuple': {
      const end = type.of.reduce((at, field) => alignTo(at, alignment(field)) + size(field), 0);
      return alignTo(end, alignment(type));
    }
    case 'variant': {
      const largest = Math.max(0, ...type.cases.map((c) => (c.type === undefined ? 0 : size(c.type))));
      const align = caseAlignment(type.cases);
      return alignTo(alignTo(1, align) + largest, align);
    }
    default:
      return 4;
  }
}

export function flatten(type: ValType): CoreType[] {
  switch (type.kind) {
    case 'u64':
      return ['i64'];
    case 'string':
    case 'list':
      return ['i32', 'i32'];
    case 'tuple':
      return type.of.flatMap(flatten);
    case 'variant': {
      const payload: CoreType[] = [];
      for (const { type: of } of type.cases) {
        for (const [i, flat] of (of === undefined ? [] : flatten(of)).entries()) {
          payload[i] = payload[i] === undefined || payload[i] === flat ? flat : 'i64';
        }
      }
      return ['i32', ...payload];
    }
    default:
      return ['i32'];
  }
}

export function flattenAll(types: readonly ValType[]): CoreType[] {
  return types.flatMap(flatten);
}
