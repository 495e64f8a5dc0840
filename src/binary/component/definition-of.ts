/** A definition of one kind. */
import type { Definition } from '../../types/definition.ts';

export type DefinitionOf<K extends Definition['kind']> = Extract<Definition, { readonly kind: K }>;
