/**
 * Every reason for which a component is not valid: a stable code and the sentence. The wording is that of the reference suite,
 * which asks for parts of these sentences. Malformed binaries are the decoder's.
 */
import { type FeatureName, featureLabel } from '../types/features.ts';

export interface Reason {
  readonly code: string;
  readonly message: string;
}

function because(code: string, message: string): Reason {
  return { code, message };
}

export const reasons = {
  // index spaces
  unknownIndex: (what: string, index: number) =>
    because('unknown-index', `unknown ${what} ${index}: ${what} index out of bounds`),
  typeIndexIsNot: (index: number, what: string) => because('wrong-type-sort', `type index ${index} is not ${what}`),
  coreTypeIndexIsNot: (index: number, what: string) =>
    because('wrong-type-sort', `core type index ${index} is not ${what}`),
  tooMany: (what: string, limit: number) => because('limit-exceeded', `${what} count exceeds the limit of ${limit}`),
  outerCount: (count: number) => because('invalid-outer-alias', `invalid outer alias count of ${count}`),
  outerResource: () =>
    because(
      'outer-alias-of-resource',
      'cannot alias an outer type which transitively refers to resources not defined in the current component',
    ),
  outerSort: (sort: string) =>
    because(
      'invalid-outer-alias',
      `an outer alias cannot refer to the sort \`${sort}\`: only to a core module, core type, component or type`,
    ),
  aliasInType: () =>
    because('alias-not-allowed', 'aliases in component and instance types may only refer to types or instances'),
  aliasSort: (sort: string) => because('alias-not-allowed', `an alias of an export cannot have the sort \`${sort}\``),
  noExport: (instance: string, name: string) =>
    because('unknown-export', `${instance} has no export named \`${name}\``),
  exportIsNot: (name: string, instance: string, what: string) =>
    because('wrong-export-sort', `export \`${name}\` for ${instance} is not a ${what}`),
  featureDisabled: (what: string, feature: FeatureName) =>
    because('feature-disabled', `${what} requires the feature ${featureLabel(feature)}`),

  // names
  invalidName: (role: string, name: string, problem: string) =>
    because('invalid-name', `${role} name \`${name}\` is not a valid extern name: ${problem}`),
  nameConflict: (role: string, name: string, previous: string, previousRole: string) =>
    because('duplicate-name', `${role} name \`${name}\` conflicts with previous ${previousRole} \`${previous}\``),
  emptyLabel: (role: string) => because('invalid-name', `${role} name cannot be empty`),
  labelNotKebab: (role: string, name: string) =>
    because('invalid-name', `${role} name \`${name}\` is not in kebab case`),
  notFunc: (name: string) => because('annotated-name', `\`${name}\` is not a func`),
  annotated: (name: string, problem: string) => because('annotated-name', `\`${name}\`: ${problem}`),
  constructorResults: () => 'function should return one value',
  constructorResult: () => 'function should return `(own $T)` or `(result (own $T))`',
  methodNoParam: () => 'function should have at least one argument',
  methodSelfName: () => 'function should have a first argument called `self`',
  methodSelfType: () => 'function should take a first argument of `(borrow $T)`',
  resourceUnnamed: () => 'resource used in function does not have a name in this context',
  resourceOther: (name: string) => `function does not match expected resource name \`${name}\``,
  staticUnknown: () => 'static resource name is not known in this context',
  implementsInvalid: (name: string, problem: string) =>
    because('invalid-implements', `\`implements\` value \`${name}\` is not a valid name: ${problem}`),
  implementsNotInterface: (name: string) =>
    because('invalid-implements', `\`implements\` value \`${name}\` must be an interface name`),
  implementsNotInstance: (name: string) =>
    because('invalid-implements', `only instances can have an \`implements\` attribute, \`${name}\` is none`),
  implementsNotPlain: (name: string) =>
    because('invalid-implements', `name \`${name}\` is not valid with \`implements\`: a plain name is needed`),
  versionSuffix: (name: string, suffix: string, problem: string) =>
    because('invalid-version-suffix', `version suffix \`${suffix}\` does not fit the name \`${name}\`: ${problem}`),

  // types
  emptyRecord: () => because('empty-type', 'record type must have at least one field'),
  emptyVariant: () => because('empty-type', 'variant type must have at least one case'),
  emptyTuple: () => because('empty-type', 'tuple type must have at least one type'),
  emptyFlags: () => because('empty-type', 'flags must have at least one entry'),
  emptyEnum: () => because('empty-type', 'enum type must have at least one variant'),
  emptyFixedList: () => because('empty-type', 'a list of a fixed length must have at least one element'),
  tooManyFlags: () => because('too-many-flags', 'cannot have more than 32 flags'),
  mapKey: (found: string) =>
    because('invalid-map-key', `a map key must be a bool, an integer, a char or a string, not ${found}`),
  byteSize: () => because('type-too-large', 'the type exceeds maximum byte size of 2^28 - 1'),
  typeSize: (limit: number) => because('type-too-large', `effective type size exceeds the limit of ${limit}`),
  tooMuchWork: (limit: number) =>
    because(
      'limit-exceeded',
      `the types with resources that are imported, exported and instantiated exceed ${limit} nodes`,
    ),
  typeDepth: (limit: number) => because('type-too-deep', `type nesting is deeper than the limit of ${limit}`),
  componentDepth: (limit: number) =>
    because('type-too-deep', `components are nested deeper than the limit of ${limit}`),
  streamChar: () => because('invalid-stream-element', '`stream<char>` is not valid at this time'),
  borrowInStream: (what: string) =>
    because('borrow-not-allowed', `a ${what} cannot contain a \`borrow\` type in its element`),
  borrowInResult: () => because('borrow-not-allowed', 'function result cannot contain a `borrow` type'),
  borrowInValue: () => because('borrow-not-allowed', 'an imported or exported value cannot contain a `borrow` type'),
  resourceInType: () => because('resource-in-type', 'resources can only be defined within a concrete component'),
  dtorSignature: () =>
    because('wrong-signature', 'core function has a wrong signature for a destructor, expected [i32] -> []'),
  dtorSignature64: () =>
    because('wrong-signature', 'core function has a wrong signature for a destructor, expected [i64] -> []'),
  notLocalResource: (index: number) =>
    because(
      'not-local-resource',
      `type index ${index} is not a local resource: only the component that defines it may do this`,
    ),

  // core modules and instances
  coreModule: (problem: string) => because('invalid-core-module', `core module is not valid: ${problem}`),
  duplicateImport: (module: string, name: string) =>
    because('duplicate-name', `duplicate import name \`${module}:${name}\``),
  duplicateExport: (name: string) => because('duplicate-name', `export name \`${name}\` already defined`),
  memorySize: (pages: string) => because('invalid-limits', `memory size must be at most ${pages} pages`),
  tableSize: (entries: string) => because('invalid-limits', `table size must be at most ${entries} entries`),
  limitsOrder: () => because('invalid-limits', 'size minimum must not be greater than maximum'),
  sharedWithoutMax: () => because('invalid-limits', 'shared memory must have a maximum size'),
  coreProposal: (what: string, proposal: string) =>
    because('core-proposal', `${what} needs the proposal "${proposal}", which is not part of WebAssembly 3.0`),
  nestedModuleType: () =>
    because('module-type-in-module-type', 'a core module type cannot contain or alias a core module type'),
  notCoreFuncType: (index: number) => because('wrong-type-sort', `core type index ${index} is not a func type`),
  tagResults: () => because('invalid-tag', 'invalid exception type: non-empty tag result type'),
  supertypes: () => because('invalid-supertype', 'a sub type cannot have multiple supertypes'),
  supertype: (index: number) => because('invalid-supertype', `sub type must match its super type ${index}`),
  duplicateCoreArg: (name: string) =>
    because('duplicate-name', `duplicate module instantiation argument named \`${name}\``),
  missingCoreArg: (name: string) =>
    because('missing-argument', `missing module instantiation argument named \`${name}\``),
  missingCoreItem: (module: string, name: string) =>
    because(
      'missing-argument',
      `module instantiation argument \`${module}\` does not export an item named \`${name}\``,
    ),
  coreArgMismatch: (module: string, name: string, problem: string) =>
    because('type-mismatch', `type mismatch for import \`${module}::${name}\`: ${problem}`),
  coreExportSort: (sort: string) => because('wrong-sort', `a core instance cannot export the sort \`${sort}\``),

  // component instances, imports, exports
  duplicateArg: (name: string) =>
    because('duplicate-name', `instantiation argument \`${name}\` conflicts with previous argument \`${name}\``),
  missingArg: (name: string) => because('missing-argument', `missing import named \`${name}\``),
  argMismatch: (name: string, problem: string) =>
    because('type-mismatch', `type mismatch for import \`${name}\`: ${problem}`),
  sortNotAllowed: (sort: string, where: string) =>
    because('wrong-sort', `the sort \`${sort}\` is not allowed in ${where}`),
  notVisible: (what: string, role: string) =>
    because('not-externally-visible', `${what} not valid to be used as ${role}`),
  resourceNotExported: (name: string) =>
    because('not-externally-visible', `resource type found in export \`${name}\` but not exported itself`),
  ascription: (problem: string) =>
    because('type-mismatch', `ascribed type of export is not compatible with item's type: ${problem}`),

  // values and start functions
  valueConsumed: (index: number) => because('value-used-twice', `value ${index} cannot be used more than once`),
  valueUnused: (index: number) =>
    because('value-unused', `value index ${index} was not used as part of an instantiation, start function, or export`),
  secondStart: () => because('duplicate-start', 'component cannot have more than one start function'),
  startArguments: (expected: number, found: number) =>
    because('type-mismatch', `component start function requires ${expected} arguments but was given ${found}`),
  startArgument: (index: number, problem: string) =>
    because('type-mismatch', `value type mismatch for component start function argument ${index}: ${problem}`),
  startResults: (expected: number, found: number) =>
    because(
      'type-mismatch',
      `component start function has a result count of ${found} but the function type has a result count of ${expected}`,
    ),
  startAsync: () => because('type-mismatch', 'a component start function cannot be async'),

  // canonical definitions
  encodingConflict: (first: string, second: string) =>
    because('canon-option', `canonical encoding option \`${first}\` conflicts with option \`${second}\``),
  optionTwice: (option: string) =>
    because('canon-option', `canonical option \`${option}\` is specified more than once`),
  optionRequired: (option: string) => because('canon-option', `canonical option \`${option}\` is required`),
  optionNeeds: (option: string, other: string) =>
    because('canon-option', `canonical option \`${option}\` requires \`${other}\` to also be specified`),
  optionForbidden: (option: string, where: string) =>
    because('canon-option', `canonical option \`${option}\` cannot be specified for ${where}`),
  optionSignature: (option: string, found: string, expected: string) =>
    because(
      'wrong-signature',
      `canonical option \`${option}\` uses a core function with an incorrect signature: expected ${expected}, found ${found}`,
    ),
  asyncNeedsAsyncType: () => because('canon-option', 'the `async` canonical option requires an async function type'),
  postReturnAsync: () =>
    because('canon-option', 'canonical option `post-return` cannot be specified together with `async`'),
  liftedParams: (expected: string, found: string, index: number) =>
    because(
      'wrong-signature',
      `lowered parameter types \`${expected}\` do not match parameter types \`${found}\` of core function ${index}`,
    ),
  liftedResults: (expected: string, found: string, index: number) =>
    because(
      'wrong-signature',
      `lowered result types \`${expected}\` do not match result types \`${found}\` of core function ${index}`,
    ),
  liftedType: (expected: string, index: number) =>
    because(
      'wrong-signature',
      `the type of core function ${index} is not plainly \`${expected}\`: it is open for subtypes, has a supertype, or stands in a larger group of types`,
    ),
  needsAsync: (what: string, feature: FeatureName) =>
    because('feature-disabled', `\`${what}\` without \`async\` requires the feature ${featureLabel(feature)}`),
  contextSlot: (what: string, limit: number) =>
    because('canon-immediate', `\`${what}\` immediate must be less than ${limit}`),
  contextTypes: () =>
    because('canon-immediate', 'all `context.get` and `context.set` built-ins of a component must have the same type'),
  threadStart: () =>
    because('wrong-signature', 'spawn type must be a function with a single `i32` or `i64` parameter and no result'),
  threadTable: () => because('wrong-table', 'indirect thread table must hold `funcref`'),
} as const;
