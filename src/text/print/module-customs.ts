/**
 * Custom sections of core modules: where each stands among the others, and as what. Specification: custom annotations proposal,
 * "Custom Annotation". The data count section has no name there: a place next to it is stated by its other neighbour.
 */

import type { SectionName } from '../core/sections.ts';
import { BRANCH_HINTS, type BranchHints, readBranchHints } from './branch-hints.ts';
import { dylinkLines, producersLines } from './custom-annotations.ts';
import { scanBody } from './function-body.ts';
import type { ModuleScope } from './module-scope.ts';
import { isWritten, type SourceSection } from './module-source.ts';

export type CustomSource = Extract<SourceSection, { readonly kind: 'custom' }>;

/** How a custom section is printed; undefined where identifiers or hints stand for it. */
export type PrintedCustom =
  | { readonly kind: 'annotation'; readonly name: string; readonly lines: readonly string[] }
  /** `place` is ` (after func)` or the like, empty behind everything else. */
  | { readonly kind: 'raw'; readonly place: string }
  | undefined;

export interface CustomPlan {
  readonly customs: ReadonlyMap<CustomSource, PrintedCustom>;
  readonly hints: BranchHints | undefined;
}

type Gap = 'only' | 'first' | 'last' | 'before code' | `after ${SectionName}`;

class CustomPlanner {
  readonly #module: ModuleScope;
  readonly #sections: readonly SourceSection[];
  readonly #customs = new Map<CustomSource, PrintedCustom>();
  #hints: BranchHints | undefined;

  constructor(module: ModuleScope) {
    this.#module = module;
    this.#sections = module.source.sections;
  }

  plan(): CustomPlan {
    const gaps = this.#gaps();
    for (const [i, section] of this.#sections.entries())
      if (section.kind === 'custom') this.#customs.set(section, this.#printed(section, i, gaps[i]!));
    return { customs: this.#customs, hints: this.#hints };
  }

  /** Whether a parser writes this section. Whether it writes a data count is in the code; it only counts behind a custom section. */
  #isFixed(section: SourceSection, at: number): section is SourceSection & { kind: 'section' } {
    if (section.kind === 'custom' || isWritten(section)) return section.kind === 'section';
    if (section.name !== 'datacount') return false;
    const before = this.#sections.slice(0, at).findLast(isWritten);
    if (before?.kind !== 'custom') return false;
    return this.#module.source.bodies.some((body) => scanBody(this.#module, body).usesData);
  }

  /** Where each section stands among those that are neither custom nor left out by parsers. */
  #gaps(): Gap[] {
    const fixed = this.#sections.map((section, i) => (this.#isFixed(section, i) ? section.name : undefined));
    const next: (SectionName | undefined)[] = [];
    for (let i = fixed.length - 1; i >= 0; i--) next[i] = fixed[i + 1] ?? next[i + 1];
    let previous: SectionName | undefined;
    return fixed.map((name, i) => {
      const gap = gapBetween(previous, next[i]);
      previous = name ?? previous;
      return gap;
    });
  }

  #printed(section: CustomSource, at: number, gap: Gap): PrintedCustom {
    const { names, source } = this.#module;
    const { name } = section;
    if (name === 'name' && names.style === 'identifiers') return undefined;
    if (name === 'producers' && (gap === 'last' || gap === 'only')) {
      const lines = producersLines(source.bytes, section);
      if (lines !== undefined) return { kind: 'annotation', name, lines };
    }
    if (name === 'dylink.0' && gap === 'first') {
      const lines = dylinkLines(source.bytes, section);
      if (lines !== undefined) return { kind: 'annotation', name, lines };
    }
    if (name === BRANCH_HINTS && gap === 'before code' && this.#isInFrontOfCode(at)) {
      this.#hints = readBranchHints(this.#module, section);
      if (this.#hints !== undefined) return undefined;
    }
    return { kind: 'raw', place: placeText(gap) };
  }

  /** Parsers write hints behind the other custom sections there. */
  #isInFrontOfCode(at: number): boolean {
    for (let i = at + 1; ; i++) {
      const next = this.#sections[i];
      if (next?.kind !== 'section') return false;
      if (next.name === 'code') return true;
    }
  }
}

function gapBetween(previous: SectionName | undefined, next: SectionName | undefined): Gap {
  if (next === 'code') return 'before code';
  if (previous === undefined) return next === undefined ? 'only' : 'first';
  return next === undefined ? 'last' : `after ${previous}`;
}

function placeText(gap: Gap): string {
  switch (gap) {
    case 'only':
    case 'last':
      return '';
    case 'first':
      return ' (before first)';
    default:
      return ` (${gap})`;
  }
}

/**
 * How the custom sections of a module are printed.
 * @throws MalformedError where code that has to be looked at is malformed
 */
export function planCustoms(module: ModuleScope): CustomPlan {
  return new CustomPlanner(module).plan();
}
