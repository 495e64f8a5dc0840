/**
 * Decides how the names of a component and of everything nested in it are shown. An identifier in the text names an entry of the
 * enclosing component and, in front of a core module or component, that thing itself too: identifiers are used only where a parser
 * makes the same name sections of them, at the same places.
 */
import { type ComponentNames, decodeNames, encodeNames } from '../../binary/names.ts';
import type { AnySort, Component, Definition } from '../../types/definition.ts';
import type { NameStyle } from './component-scope.ts';
import { type ModulePrintOptions, moduleNaming } from './module.ts';
import type { NameChoice } from './module-naming.ts';
import type { PrintOptions } from './options.ts';

export interface NamePlan {
  readonly style: NameStyle;
  readonly names: ComponentNames;
  /** How the core module or component that is the definition at this position is printed. */
  readonly modules: ReadonlyMap<number, ModulePrintOptions>;
  readonly components: ReadonlyMap<number, NamePlan>;
}

const SECTION = 'component-name';

/** The sort that a definition adds an entry to; undefined for `start`, which adds values. */
export function definedSort(definition: Definition): AnySort | undefined {
  switch (definition.kind) {
    case 'canon':
      return definition.canon.kind === 'lift' ? 'func' : 'core func';
    case 'alias':
    case 'export':
      return definition.sort;
    case 'import':
      return definition.type.kind;
    case 'start':
      return undefined;
    default:
      return definition.kind;
  }
}

/** Core modules and components inside a component, with their indices. */
function nested(component: Component): { readonly at: number; readonly index: number }[] {
  const sizes = new Map<AnySort, number>();
  const found: { at: number; index: number }[] = [];
  for (const [at, definition] of component.definitions.entries()) {
    const sort = definedSort(definition);
    if (sort === undefined) continue;
    const index = sizes.get(sort) ?? 0;
    // A group of recursive types is one definition and several entries; nothing here depends on core types.
    sizes.set(sort, index + 1);
    if (definition.kind === 'core module' || definition.kind === 'component') found.push({ at, index });
  }
  return found;
}

/** Whether the name section stands where a parser puts it, and says what a parser makes of its names. */
function comesBack(component: Component, names: ComponentNames): boolean {
  const sections = component.customs.filter(({ name }) => name === SECTION);
  const [section] = sections;
  if (section === undefined) return true;
  if (sections.length > 1 || component.customs.at(-1) !== section) return false;
  const ascending = [...names.items.values()].every((map) => isAscending([...map.keys()]));
  if (section.after !== component.definitions.length || !ascending || section.start === section.end) return false;
  const bytes = component.bytes.subarray(section.start, section.end);
  const again = encodeNames(names);
  return again.length === bytes.length && again.every((byte, i) => byte === bytes[i]);
}

function isAscending(indices: readonly number[]): boolean {
  return indices.every((index, i) => i === 0 || indices[i - 1]! < index);
}

/** Every name must be of an entry that there is. */
function inRange(component: Component, { items }: ComponentNames): boolean {
  const sizes = new Map<AnySort, number>();
  const add = (sort: AnySort, count: number): void => {
    sizes.set(sort, (sizes.get(sort) ?? 0) + count);
  };
  for (const definition of component.definitions) {
    const sort = definedSort(definition);
    if (definition.kind === 'start') add('value', definition.results);
    else if (definition.kind === 'core type' && definition.type.kind === 'rec')
      add('core type', definition.type.rec.types.length);
    else if (sort !== undefined) add(sort, 1);
  }
  return [...items].every(([sort, names]) => [...names.keys()].every((index) => index < (sizes.get(sort) ?? 0)));
}

class Planner {
  readonly #component: Component;
  readonly #choice: NameChoice;
  readonly #skeleton: boolean;
  readonly #names: ComponentNames;
  readonly #modules = new Map<number, ModulePrintOptions>();
  readonly #components = new Map<number, NamePlan>();

  constructor(component: Component, choice: NameChoice, skeleton: boolean) {
    this.#component = component;
    this.#choice = choice;
    this.#skeleton = skeleton;
    this.#names = decodeNames(component);
  }

  plan(): NamePlan {
    const inside = nested(this.#component);
    const ids = this.#choice === 'identifiers' || (this.#choice === 'exact' && this.#canBeIds(inside));
    for (const { at, index } of inside) this.#nested(at, index, ids);
    return {
      style: ids ? 'identifiers' : 'comments',
      names: this.#names,
      modules: this.#modules,
      components: this.#components,
    };
  }

  #canBeIds(inside: readonly { readonly at: number; readonly index: number }[]): boolean {
    if (!comesBack(this.#component, this.#names) || !inRange(this.#component, this.#names)) return false;
    return inside.every(({ at, index }) => {
      const outer = this.#outer(at, index);
      if (outer === undefined) return true;
      const own = this.#own(at, 'exact');
      return own.style === 'identifiers' && own.name === outer;
    });
  }

  #outer(at: number, index: number): string | undefined {
    return this.#names.items.get(this.#component.definitions[at]!.kind as AnySort)?.get(index);
  }

  /** How something nested would show its names, and its name for itself. */
  #own(at: number, choice: NameChoice): { readonly style: NameStyle; readonly name: string | undefined } {
    const definition = this.#component.definitions[at]!;
    if (definition.kind === 'core module')
      return moduleNaming(this.#component.bytes, definition.start, definition.end, choice);
    const plan = this.#planOf(at, choice);
    return { style: plan.style, name: plan.names.component };
  }

  readonly #plans = new Map<string, NamePlan>();

  #planOf(at: number, choice: NameChoice): NamePlan {
    const key = `${at} ${choice}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      const definition = this.#component.definitions[at] as Extract<Definition, { readonly kind: 'component' }>;
      plan = new Planner(definition.component, choice, this.#skeleton).plan();
      this.#plans.set(key, plan);
    }
    return plan;
  }

  /** Without a name in this component, what is nested must not have one in its header. */
  #nested(at: number, index: number, ids: boolean): void {
    let choice = this.#choice;
    if (choice === 'exact') {
      const outer = ids ? this.#outer(at, index) : undefined;
      const own = this.#own(at, 'exact');
      if (outer === undefined && own.style === 'identifiers' && own.name !== undefined) choice = 'comments';
    }
    if (this.#component.definitions[at]!.kind === 'component') this.#components.set(at, this.#planOf(at, choice));
    else this.#modules.set(at, { names: choice, header: 'caller', skeleton: this.#skeleton });
  }
}

/** Plans the names of a component. */
export function planNames(component: Component, { names = 'exact', skeleton = false }: PrintOptions): NamePlan {
  return new Planner(component, names, skeleton).plan();
}
