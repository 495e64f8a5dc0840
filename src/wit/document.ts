/**
 * A WIT document as plain data, every name resolved to the words that stand in the text: what the printer prints.
 * Specification: WIT. Comments, gates and source places are not part of it.
 */
import type { PrimitiveKind } from '../types/value-type.ts';

export type WitType =
  | { readonly kind: 'primitive'; readonly name: PrimitiveKind }
  | { readonly kind: 'named'; readonly name: string }
  /** `own` is written only where a type is defined as a handle; elsewhere the resource's name says it. */
  | { readonly kind: 'own' | 'borrow'; readonly name: string }
  | { readonly kind: 'list'; readonly element: WitType; readonly length: number | undefined }
  | { readonly kind: 'map'; readonly key: WitType; readonly value: WitType }
  | { readonly kind: 'tuple'; readonly types: readonly WitType[] }
  | { readonly kind: 'option'; readonly type: WitType }
  | { readonly kind: 'result'; readonly ok: WitType | undefined; readonly err: WitType | undefined }
  | { readonly kind: 'stream' | 'future'; readonly element: WitType | undefined };

/** What may stand before an item. */
export interface WitAttributes {
  /** `@external-id("…")`: a name that means something outside WIT. */
  readonly externalId?: string;
}

export interface WitField {
  readonly name: string;
  readonly type: WitType;
}

export interface WitFunc extends WitAttributes {
  readonly kind: 'func' | 'constructor' | 'method' | 'static';
  readonly name: string;
  readonly async: boolean;
  /** Without the `self` of a method. */
  readonly params: readonly WitField[];
  /** Of a constructor only where it is not the resource itself. */
  readonly result: WitType | undefined;
}

export type WitTypeDef = WitAttributes & WitDefinition;

type WitDefinition =
  | { readonly kind: 'type'; readonly name: string; readonly type: WitType }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly WitField[] }
  | {
      readonly kind: 'variant';
      readonly name: string;
      readonly cases: readonly { readonly name: string; readonly type: WitType | undefined }[];
    }
  | { readonly kind: 'enum' | 'flags'; readonly name: string; readonly labels: readonly string[] }
  | { readonly kind: 'resource'; readonly name: string; readonly funcs: readonly WitFunc[] };

export interface WitUse extends WitAttributes {
  /** `iface` of the same package or `ns:pkg/iface@1.0.0`. */
  readonly interface: string;
  readonly names: readonly { readonly name: string; readonly as: string }[];
}

/** The contents of an interface. */
export interface WitInterface {
  readonly uses: readonly WitUse[];
  readonly types: readonly WitTypeDef[];
  readonly funcs: readonly WitFunc[];
}

export type WitWorldItem = WitAttributes & WitItem;

type WitItem =
  | { readonly kind: 'interface'; readonly name: string }
  /** `name: ns:pkg/iface`: an interface under another name. */
  | { readonly kind: 'implements'; readonly name: string; readonly interface: string }
  | { readonly kind: 'inline'; readonly name: string; readonly interface: WitInterface }
  | { readonly kind: 'func'; readonly func: WitFunc };

export interface WitWorld {
  readonly name: string;
  readonly imports: readonly WitWorldItem[];
  readonly uses: readonly WitUse[];
  readonly types: readonly WitTypeDef[];
  readonly exports: readonly WitWorldItem[];
}

export interface WitPackage {
  /** `ns:pkg@1.0.0`. */
  readonly name: string;
  readonly interfaces: readonly { readonly name: string; readonly interface: WitInterface }[];
}

/** A package with one world, and the packages that the world speaks of. */
export interface WitDocument {
  readonly name: string;
  readonly world: WitWorld;
  readonly packages: readonly WitPackage[];
}
