/**
 * Encodes a component: the inverse of `decode.ts`. Numbers and names are written in their shortest form, so that bytes that were
 * written in the same way come back equal; sections are those of the decoded binary as long as they fit the definitions.
 * Specification: Binary, "Component Definitions". It does not validate.
 */
import { COMPONENT_PREAMBLE } from '../core/preamble.ts';
import type { Component, CustomSection, Definition, SectionRange } from '../types/definition.ts';
import { CodeWriter } from '../util/code-writer.ts';
import { unreachable } from '../util/invariant.ts';
import { encodeAlias } from './component/alias.ts';
import { encodeCoreType } from './component/core-types.ts';
import { encodeCanon } from './component/encode-canons.ts';
import { encodeTypeDef } from './component/encode-types.ts';
import { encodeExport, encodeNamedExtern } from './component/extern.ts';
import { encodeCoreInstance, encodeInstance } from './component/instances.ts';
import { PartWriter } from './writer.ts';

const SECTION_ID: Readonly<Record<Definition['kind'], number>> = {
  'core module': 1,
  'core instance': 2,
  'core type': 3,
  component: 4,
  instance: 5,
  alias: 6,
  type: 7,
  canon: 8,
  start: 9,
  import: 10,
  export: 11,
};
const CUSTOM = 0;
/** Sections that hold one definition and no count. */
const SINGLE: readonly number[] = [SECTION_ID['core module'], SECTION_ID.component, SECTION_ID.start];

/** Definitions that are entries of a vector. */
type Entry = Exclude<Definition, { readonly kind: 'core module' | 'component' | 'start' }>;

function encodeEntry(w: CodeWriter, definition: Entry): void {
  switch (definition.kind) {
    case 'core instance':
      encodeCoreInstance(w, definition);
      return;
    case 'core type':
      encodeCoreType(w, definition.type);
      return;
    case 'instance':
      encodeInstance(w, definition);
      return;
    case 'alias':
      encodeAlias(w, definition);
      return;
    case 'type':
      encodeTypeDef(w, definition.type);
      return;
    case 'canon':
      encodeCanon(w, definition.canon);
      return;
    case 'import':
      encodeNamedExtern(w, definition.name, definition.type);
      return;
    case 'export':
      encodeExport(w, definition);
      return;
    default:
      unreachable(definition);
  }
}

/** The contents of the section that holds `definitions`, which are of one kind. */
function sectionContents(component: Component, definitions: readonly Definition[]): PartWriter {
  const [first] = definitions;
  const out = new PartWriter();
  switch (first?.kind) {
    case 'core module':
      return out.view(component.bytes.subarray(first.start, first.end));
    case 'component':
      return componentParts(first.component);
    case 'start':
      return out.view(
        new CodeWriter()
          .u(first.func)
          .vec(first.args, (index, w) => w.u(index))
          .u(first.results)
          .finish(),
      );
    default:
      return out.view(
        new CodeWriter().vec(definitions, (definition, w) => encodeEntry(w, definition as Entry)).finish(),
      );
  }
}

function customContents({ bytes }: Component, { name, start, end }: CustomSection): PartWriter {
  return new PartWriter().view(new CodeWriter().name(name).finish()).view(bytes.subarray(start, end));
}

/** One section to write: how many definitions it holds, or 0 and the custom section. */
interface Plan {
  readonly id: number;
  readonly count: number;
}

/** The sections that the component was decoded from, or undefined where they do not fit what it holds now. */
function originalSections(component: Component): readonly Plan[] | undefined {
  const { definitions, customs } = component;
  let at = 0;
  let custom = 0;
  for (const { id, count } of component.sections) {
    if (!fits(component, { id, count }, at, customs[custom])) return undefined;
    if (id === CUSTOM) custom++;
    at += count;
  }
  return at === definitions.length && custom === customs.length ? component.sections : undefined;
}

function fits(
  { definitions }: Component,
  { id, count }: Pick<SectionRange, 'id' | 'count'>,
  at: number,
  custom: CustomSection | undefined,
): boolean {
  if (id === CUSTOM) return count === 0 && custom?.after === at;
  if (SINGLE.includes(id) && count !== 1) return false;
  const held = definitions.slice(at, at + count);
  return held.length === count && held.every((d) => SECTION_ID[d.kind] === id);
}

/** Sections where none are given: neighbours of one kind share a section. */
function mergedSections({ definitions, customs }: Component): readonly Plan[] {
  const plan: { id: number; count: number }[] = [];
  let custom = 0;
  for (const [at, definition] of definitions.entries()) {
    for (; custom < customs.length && customs[custom]!.after <= at; custom++) plan.push({ id: CUSTOM, count: 0 });
    const id = SECTION_ID[definition.kind];
    const last = plan.at(-1);
    if (last?.id === id && !SINGLE.includes(id)) last.count++;
    else plan.push({ id, count: 1 });
  }
  for (; custom < customs.length; custom++) plan.push({ id: CUSTOM, count: 0 });
  return plan;
}

function componentParts(component: Component): PartWriter {
  const out = new PartWriter().view(new Uint8Array(COMPONENT_PREAMBLE));
  let at = 0;
  let custom = 0;
  for (const { id, count } of originalSections(component) ?? mergedSections(component)) {
    if (id === CUSTOM) out.section(id, customContents(component, component.customs[custom++]!));
    else out.section(id, sectionContents(component, component.definitions.slice(at, at + count)));
    at += count;
  }
  return out;
}

/**
 * Encodes a component. Core modules and custom sections are copied from the `bytes` of the component that holds them, which for a
 * nested component may be another buffer than its parent's.
 */
export function encodeComponent(component: Component): Uint8Array<ArrayBuffer> {
  return componentParts(component).finish();
}
