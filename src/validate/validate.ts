/**
 * Validation of a decoded component: every rule of the specification that does not need execution. Specification: Explainer,
 * Binary and Canonical ABI; one file per section stands beside this one. Nothing is instantiated, and bytes of core modules are
 * read only for their types (and by the engine, unless the caller checks them elsewhere).
 */
import type { CoreFuncType, GlobalType, MemoryType, TableType } from '../types/core-type.ts';
import type { Canon, Component, Definition } from '../types/definition.ts';
import type {
  ComponentType,
  CoreInstanceType,
  ExternType,
  ExternTypes,
  InstanceType,
  ModuleType,
  NamedExtern,
  TypeEntity,
} from '../types/extern-type.ts';
import type { Features } from '../types/features.ts';
import type { FuncType, ResourceType, ValueType } from '../types/value-type.ts';
import { unreachable } from '../util/invariant.ts';
import { aliasLabel, validateAlias } from './alias.ts';
import { validateCanon } from './canon.ts';
import { validateCoreInstance } from './core-instance.ts';
import { validateCoreModule } from './core-module.ts';
import { validateCoreType } from './core-type.ts';
import { validateExport } from './export.ts';
import { validateInstance } from './instance.ts';
import { LIMITS } from './limits.ts';
import { reasons } from './reasons.ts';
import { type CoreBodies, itemLabel, type Label, Scope, Session } from './scope.ts';
import { validateStart } from './start.ts';
import { validateImport, validateType } from './type.ts';
import { checkExportedResources } from './visibility.ts';

export interface ValidateOptions {
  /** Gates that differ from the defaults. */
  readonly features?: Partial<Features>;
  /** Who checks the bodies of core functions: the engine, now (the default), or whoever compiles the modules later. */
  readonly coreBodies?: CoreBodies;
}

/** A valid component with the types of everything in its index spaces, each space in index order. */
export interface ValidatedComponent {
  readonly component: Component;
  /** Its type as its instantiator sees it. */
  readonly type: ComponentType;
  readonly imports: readonly NamedExtern[];
  readonly exports: readonly NamedExtern[];
  readonly funcs: readonly FuncType[];
  readonly values: readonly ValueType[];
  readonly types: readonly TypeEntity[];
  readonly instances: readonly InstanceType[];
  readonly components: readonly ComponentType[];
  readonly coreFuncs: readonly CoreFuncType[];
  readonly coreTables: readonly TableType[];
  readonly coreMemories: readonly MemoryType[];
  readonly coreGlobals: readonly GlobalType[];
  readonly coreTags: readonly CoreFuncType[];
  readonly coreModules: readonly ModuleType[];
  readonly coreInstances: readonly CoreInstanceType[];
  /** Resources that this component defines itself, not those of its instances. */
  readonly localResources: ReadonlySet<ResourceType>;
  /** Nested components in the order of their definitions. */
  readonly nested: readonly ValidatedComponent[];
}

/** The first export of a resource that the component binds is its `sub` bound; any further one is equal to it. */
function withBounds(exports: ExternTypes, unnamed: Set<ResourceType>): ExternTypes {
  const result = new Map<string, ExternType>();
  for (const [name, type] of exports) result.set(name, withBound(type, unnamed));
  return result;
}

function withBound(type: ExternType, unnamed: Set<ResourceType>): ExternType {
  if (type.kind === 'instance') return { ...type, exports: withBounds(type.exports, unnamed) };
  if (type.kind !== 'type' || type.type.kind !== 'resource') return type;
  return { ...type, bound: unnamed.delete(type.type.resource) ? 'sub' : 'eq' };
}

/** A canonical definition by the function that it makes: `core func 3 > canon lower`. */
function canonLabel(scope: Scope, { kind }: Canon): Label {
  return scope.nextLabel(kind === 'lift' ? 'func' : 'core func', ` > canon ${kind}`);
}

function validateDefinition(scope: Scope, definition: Definition, nested: ValidatedComponent[]): void {
  switch (definition.kind) {
    case 'core module':
      scope.within(scope.nextLabel('core module'), () => {
        scope.countNested(definition.offset);
        const type = validateCoreModule(scope, definition);
        scope.addExtern(type, definition.offset);
      });
      return;
    case 'core instance':
      scope.within(scope.nextLabel('core instance'), () => validateCoreInstance(scope, definition));
      return;
    case 'core type':
      scope.within(scope.nextLabel('core type'), () => validateCoreType(scope, definition));
      return;
    case 'component':
      scope.within(scope.nextLabel('component'), () => {
        scope.countNested(definition.offset);
        const inner = validateScope(new Scope(scope.session, 'component', scope), definition.component);
        nested.push(inner);
        scope.addExtern(inner.type, definition.offset);
      });
      return;
    case 'instance':
      scope.within(scope.nextLabel('instance'), () => validateInstance(scope, definition));
      return;
    case 'alias':
      scope.within(aliasLabel(scope, definition.sort), () => validateAlias(scope, definition));
      return;
    case 'type':
      validateType(scope, definition);
      return;
    case 'canon':
      scope.within(canonLabel(scope, definition.canon), () => validateCanon(scope, definition));
      return;
    case 'start':
      scope.within('start', () => validateStart(scope, definition));
      return;
    case 'import':
      validateImport(scope, definition);
      return;
    case 'export':
      validateExport(scope, definition);
      return;
    default:
      unreachable(definition);
  }
}

function listed(types: ExternTypes): NamedExtern[] {
  return [...types].map(([name, type]) => ({ name, type }));
}

function validateScope(scope: Scope, component: Component): ValidatedComponent {
  if (scope.depth > LIMITS.depth) scope.fail(reasons.componentDepth(LIMITS.depth), component.start);
  const nested: ValidatedComponent[] = [];
  for (const definition of component.definitions) validateDefinition(scope, definition, nested);
  checkExportedResources(scope, component.end);
  const unused = scope.values.findIndex((value) => !value.used);
  if (unused >= 0)
    scope.within(itemLabel('value', unused), () => scope.fail(reasons.valueUnused(unused), component.end));
  const type: ComponentType = {
    kind: 'component',
    imports: scope.imports,
    exports: withBounds(scope.exports, new Set(scope.definedResources)),
    importedResources: [...scope.importedResources],
    definedResources: scope.definedResources,
  };
  return {
    component,
    type,
    imports: listed(type.imports),
    exports: listed(type.exports),
    funcs: scope.funcs,
    values: scope.values.map((value) => value.type),
    types: scope.types,
    instances: scope.instances,
    components: scope.components,
    coreFuncs: scope.coreFuncs.map((func) => func.type),
    coreTables: scope.coreTables,
    coreMemories: scope.coreMemories,
    coreGlobals: scope.coreGlobals,
    coreTags: scope.coreTags.map((tag) => tag.type),
    coreModules: scope.coreModules,
    coreInstances: scope.coreInstances,
    localResources: new Set(scope.localResources.keys()),
    nested,
  };
}

/**
 * Validates a decoded component and answers the types of everything in it.
 * @throws ValidationError with a stable code, the byte offset and the path of the item that is wrong
 * @throws MalformedError if a core module cannot be read
 */
export function validateComponent(component: Component, options: ValidateOptions = {}): ValidatedComponent {
  const session = new Session(component.bytes, options.features, options.coreBodies ?? 'engine');
  return validateScope(new Scope(session, 'component', undefined), component);
}
