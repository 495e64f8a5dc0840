/** The index spaces that a plan is made with: symbols in place of values. Specification: Explainer, "Index Spaces". */
import type { CoreFuncType } from '../types/core-type.ts';
import type { AnySort } from '../types/definition.ts';
import { invariant, unreachable } from '../util/invariant.ts';
import type { CoreInstanceValue, CoreRef, ModuleRef, PlanFunc, PlanItem, TypeValue } from './plan.ts';

/** The item at an index that validation has found to be in bounds. */
export function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  invariant(item !== undefined, `index ${index} is in bounds of ${list.length}`);
  return item;
}

/** The index spaces of one component, component type or instance type. */
export class Scope {
  readonly funcs: PlanFunc[] = [];
  readonly types: TypeValue[] = [];
  readonly components: Extract<PlanItem, { kind: 'component' }>[] = [];
  readonly instances: Extract<PlanItem, { kind: 'instance' }>[] = [];
  readonly core: Record<'func' | 'table' | 'memory' | 'global' | 'tag', CoreRef[]> = {
    func: [],
    table: [],
    memory: [],
    global: [],
    tag: [],
  };
  readonly modules: ModuleRef[] = [];
  readonly coreInstances: CoreInstanceValue[] = [];
  /** Core function types; undefined where another type stands. */
  readonly coreTypes: (CoreFuncType | undefined)[] = [];
  readonly parent: Scope | undefined;
  /** The component instance, or -1 in a type. */
  readonly instance: number;

  constructor(parent: Scope | undefined, instance: number) {
    this.parent = parent;
    this.instance = instance;
  }

  push(item: PlanItem): void {
    switch (item.kind) {
      case 'func':
        this.funcs.push(item.func);
        return;
      case 'instance':
        this.instances.push(item);
        return;
      case 'type':
        this.types.push(item.type);
        return;
      case 'module':
        this.modules.push(item.module);
        return;
      case 'component':
        this.components.push(item);
        return;
      default:
        unreachable(item);
    }
  }

  get(sort: AnySort, index: number): PlanItem {
    switch (sort) {
      case 'func':
        return { kind: 'func', func: at(this.funcs, index) };
      case 'instance':
        return at(this.instances, index);
      case 'type':
        return { kind: 'type', type: at(this.types, index) };
      case 'component':
        return at(this.components, index);
      case 'core module':
        return { kind: 'module', module: at(this.modules, index) };
      default:
        invariant(false, `sort ${sort} is a component-level item`);
    }
  }
}
