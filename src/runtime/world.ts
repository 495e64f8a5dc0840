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
}

type AnyFunction = (...args: never[]) => unknown;

/** The names that `name` of the imports may also be given under. */
type OtherNames<W extends WorldTypes, Name> = Name extends keyof W['importNames']
  ? W['importNames'][Name] & string
  : never;

/** What an import of type `T` may be given as; a function also as `{ default }`, the form of ES modules. */
type Offer<T> = T | Provided | (T extends AnyFunction ? { readonly default: T } : never);

/** Functions that take what every import may be given as for which `Key` will do. */
type Takers<W extends WorldTypes, Key> = {
  [Name in keyof W['imports']]-?: Key extends OtherNames<W, Name> ? (offer: Offer<W['imports'][Name]>) => void : never;
}[keyof W['imports']];

/** What fits all of them. */
type FitsAll<T> = [T] extends [never] ? unknown : [T] extends [(offer: infer One) => void] ? One : never;

declare const anything: unique symbol;

/** What may be given to a component of the world `W`, by any of its imports' names, nothing of it required. */
export type Offers<W extends WorldTypes> = {
  /** Tells this type itself, which `tsc` looks at before what was really given, from all others. */
  readonly [anything]?: never;
} & {
  readonly [Name in keyof W['imports']]?: Offer<W['imports'][Name]>;
} & {
  readonly [Key in Exclude<OtherNames<W, keyof W['imports']>, keyof W['imports']>]?: FitsAll<Takers<W, Key>>;
};

/** The names under which `G` has something in any case. What is of no known type may be something. */
type Present<G> = {
  [Key in keyof G]-?: unknown extends G[Key]
    ? Key
    : Record<never, never> extends Pick<G, Key>
      ? never
      : undefined extends G[Key]
        ? never
        : Key;
}[keyof G];

/** The names of imports that must be given and that `G` has under none of their names. */
type Missing<W extends WorldTypes, G> = {
  [Name in keyof W['imports']]-?: Record<never, never> extends Pick<W['imports'], Name>
    ? never
    : [Extract<Present<G>, Name | OtherNames<W, Name>>] extends [never]
      ? Name
      : never;
}[keyof W['imports']];

declare const missing: unique symbol;

/** What no component is: a component of which the imports `Names` are missing. */
interface MissingImports<Names> {
  readonly [missing]: Names;
}

/** Anything, where `G` has every import of the world `W`; else what no component is, so that `tsc` names those that are missing. */
export type Complete<W extends WorldTypes, G> = typeof anything extends keyof G
  ? unknown
  : [Missing<W, G>] extends [never]
    ? unknown
    : // Written as text, the names themselves are shown.
      MissingImports<`${Missing<W, G> & string}`>;

/** A function that makes something of a component from its imports, which may be left out where there are none. */
export interface FromImports<W extends WorldTypes, Options, Made> {
  (
    ...none: unknown extends Complete<W, Record<never, never>> ? [] : [Complete<W, Record<never, never>>]
  ): Promise<Made>;
  <G extends Offers<W>>(imports: G & Complete<W, G>, options?: Options): Promise<Made>;
}
