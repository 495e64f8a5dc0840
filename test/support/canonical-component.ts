/**
 * The form of a component that a text can say: what the encoder writes, with sections of one kind joined, and the canonical form of
 * every core module inside. Notes what it had to change.
 */
import { encodeComponent } from '../../src/binary/encode.ts';
import type { Component, CustomSection, Definition } from '../../src/types/definition.ts';
import { type Canonical, canonicalModule, type Reasons } from './canonical-module.ts';

type Bytes = Uint8Array<ArrayBuffer>;

class Rebuilder {
  readonly reasons: Reasons;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(reasons: Reasons) {
    this.reasons = reasons;
  }

  #keep(bytes: Uint8Array): { readonly start: number; readonly end: number } {
    const start = this.#length;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    return { start, end: this.#length };
  }

  #definition(definition: Definition, bytes: Bytes): Definition {
    if (definition.kind === 'component')
      return { ...definition, component: rebuilt(definition.component, this.reasons) };
    if (definition.kind !== 'core module') return definition;
    const module = canonicalModule(bytes.slice(definition.start, definition.end));
    for (const [reason, count] of module.reasons) this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + count);
    return { ...definition, ...this.#keep(module.bytes) };
  }

  component(from: Component): Component {
    const definitions = from.definitions.map((definition) => this.#definition(definition, from.bytes));
    const customs = from.customs.map(
      (custom): CustomSection => ({ ...custom, ...this.#keep(from.bytes.subarray(custom.start, custom.end)) }),
    );
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return { kind: 'component', bytes, start: 0, end: at, definitions, customs, sections: [] };
  }
}

function note(reasons: Reasons, reason: string): void {
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
}

/** Sections that hold one definition each. */
const SINGLE: readonly number[] = [0, 1, 4, 9];

function rebuilt(component: Component, reasons: Reasons): Component {
  for (const [i, { id, count }] of component.sections.entries()) {
    if (!SINGLE.includes(id) && count === 0) note(reasons, 'empty section');
    else if (!SINGLE.includes(id) && component.sections[i - 1]?.id === id) note(reasons, 'split section');
  }
  return new Rebuilder(reasons).component(component);
}

/** Whether the component's own bytes, core modules aside, are what the encoder writes. */
function isShortest(component: Component): boolean {
  const bytes = component.bytes.subarray(component.start, component.end);
  return Buffer.compare(encodeComponent(component), bytes) === 0;
}

export function canonicalComponent(component: Component): Canonical {
  const reasons: Reasons = new Map();
  if (!isShortest(component)) note(reasons, 'a number or name in a longer form');
  return { bytes: encodeComponent(rebuilt(component, reasons)), reasons };
}
