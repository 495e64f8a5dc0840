/**
 * Types of components as their hosts see them, as far as TypeScript knows them: `tenon types` writes a `World` for a component, and
 * `Component.load<World>()` types what it is given and what it gives. Without one everything is untyped. Types alone, no code.
 */

/** Objects by import name: `{ 'ns:pkg/iface@1.0.0': { fn() {}, Class }, 'world-level-fn'() {} }`. */
export type Imports = Readonly<Record<string, unknown>>;

/** What a `World` says. */
export interface WorldTypes {
  /** What must be given, by name. */
  readonly imports: object;
  /** For names of `imports`, other names that will do. */
  readonly importNames: object;
  readonly exports: object;
  readonly promised: object;
}

/** The world of a component of which nothing is known. */
export interface AnyWorld {
  readonly imports: Imports;
  // biome-ignore lint/complexity/noBannedTypes: no name is known.
  readonly importNames: {};
  readonly exports: Record<string, unknown>;
  readonly promised: Record<string, unknown>;
}

declare const provided: unique symbol;

/** An interface that Tenon makes itself, such as those of `createWasi`: fits wherever an interface is imported. */
export interface Provided {
  readonly [provided]: true;
  readonly [name: string]: unknown;
}

type AnyFunction = (...args: never[]) => unknown;

/** The names that `name` of the imports may also be given under. */
type OtherNames<W extends WorldTypes, Name> = Name extends keyof W['importNames']
  ? W['importNames'][Name] & string
  : never;

/** Those of them that are one name, not a pattern. */
type PlainNames<Names extends string> = Names extends unknown
  ? Record<never, 1> extends Record<Names, 1>
    ? never
    : Names
  : never;

/** What an import of type `T` may be given as; a function also as `{ default }`, the form of ES modules. */
type Offer<T> = T | Provided | (T extends AnyFunction ? { readonly default: T } : never);

type IsUntyped<W extends WorldTypes> = string extends keyof W['imports'] ? true : false;

/** What may be given to a component of the world `W`, nothing of it required. */
export type Offers<W extends WorldTypes> =
  IsUntyped<W> extends true
    ? Imports
    : {
        readonly [Name in keyof W['imports'] as Name | PlainNames<OtherNames<W, Name>>]?: Offer<W['imports'][Name]>;
      };

/** The names of imports that must be given and that `G` has under none of their names. */
type Missing<W extends WorldTypes, G> = {
  [Name in keyof W['imports']]-?: Record<never, never> extends Pick<W['imports'], Name>
    ? never
    : Extract<keyof G, Name | OtherNames<W, Name>> extends never
      ? Name
      : never;
}[keyof W['imports']];

/** The type that `Given` of `G` has for the import that one of its names stands for. */
type ByPattern<W extends WorldTypes, G> = {
  readonly [Name in keyof W['imports'] as Extract<keyof G, OtherNames<W, Name>>]: Offer<W['imports'][Name]>;
};

/** What `G` must also be: every import under one of its names, each of its type. */
type Complete<W extends WorldTypes, G> =
  IsUntyped<W> extends true ? unknown : { readonly [Name in Missing<W, G>]: W['imports'][Name] } & ByPattern<W, G>;

/** The parameters of a function that is given the imports of `W` as a `G`; with nothing to import they may be left out. */
export type Given<W extends WorldTypes, G, Options> =
  Record<never, never> extends W['imports']
    ? [imports?: G & Complete<W, G>, options?: Options]
    : [imports: G & Complete<W, G>, options?: Options];
