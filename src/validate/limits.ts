/** Implementation limits, as the specification's JavaScript embedding allows; the numbers are those that other validators use. */

export const LIMITS = {
  types: 1_000_000,
  functions: 1_000_000,
  exports: 1_000_000,
  imports: 1_000_000,
  coreItems: 1_000_000,
  coreParams: 1_000,
  coreResults: 1_000,
  structFields: 10_000,
  moduleMemories: 100,
  modules: 1_000,
  components: 1_000,
  instances: 4_096,
  values: 1_000,
  declarations: 1_000_000,
  moduleDeclarations: 100_000,
  recordFields: 10_000,
  variantCases: 10_000,
  tupleTypes: 10_000,
  enumCases: 10_000,
  params: 1_000,
  instantiationArgs: 100_000,
  instantiationExports: 100_000,
  startArgs: 1_000,
  canonOptions: 10,
  /** Nodes of a type written out as a tree. */
  typeSize: 1_000_000,
  /** Nodes of types with resources that are copied or compared in one validation; real components need some thousands. */
  work: 1_000_000,
  /** Nesting of types, and of components. */
  depth: 100,
  /** Bytes of a value in memory with 64-bit pointers, exclusive. */
  byteSize: 2 ** 28,
  supertypes: 63,
} as const;
