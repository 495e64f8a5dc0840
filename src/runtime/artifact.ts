/**
 * What loading a component finds out, as data that a host may keep: where its core modules are, what it imports and exports, its plan.
 * With it, the same bytes need not be decoded, validated and planned again.
 */

import type { Plan } from '../link/plan.ts';
import type { NamedExtern } from '../types/extern-type.ts';
import { decodeGraph, encodeGraph, NotPlainError } from '../util/graph.ts';

/** The form of artifacts; it changes with every change of what is in them. */
const FORM = 1;

/** Where a core module stands in the bytes of its component. */
export interface ModuleRange {
  readonly start: number;
  readonly end: number;
}

/** What is known of a component besides its bytes. */
export interface Known {
  readonly modules: readonly ModuleRange[];
  readonly imports: readonly NamedExtern[];
  readonly exports: readonly NamedExtern[];
  readonly plan: Plan;
}

interface Artifact extends Known {
  readonly form: number;
}

/**
 * Keeps what is found out about components, so that the same bytes load faster the next time. What it answers is believed: it must come
 * from a place that only the host can write, and have been given for the same bytes by the same version of Tenon with the same features.
 */
export interface ArtifactCache {
  /** What may have been kept of these bytes. */
  get(bytes: Uint8Array<ArrayBuffer>): KeptArtifact | undefined | Promise<KeptArtifact | undefined>;
  /** Keeps `artifact`, a text in ASCII. */
  set(bytes: Uint8Array<ArrayBuffer>, artifact: string): void;
}

/** An artifact that was kept. */
export interface KeptArtifact {
  readonly artifact: string;
  /** Whether it is of these very bytes: asked while the engine compiles them. Left out where that is known. */
  readonly confirm?: () => boolean;
}

/** The artifact of a component, or undefined where there can be none: its plan holds other components. */
export function artifactOf({ modules, imports, exports, plan }: Known, bytes: Uint8Array): string | undefined {
  const ranges = modules.map(({ start, end }) => ({ start, end }));
  try {
    return encodeGraph({ form: FORM, modules: ranges, imports, exports, plan } satisfies Artifact, bytes);
  } catch (error) {
    if (error instanceof NotPlainError) return undefined;
    throw error;
  }
}

/** What an artifact tells of the component that `bytes` are; undefined if it is of another form. */
export function readArtifact(text: string, bytes: Uint8Array<ArrayBuffer>): Known | undefined {
  const artifact = decodeGraph(text, bytes) as Artifact;
  return artifact.form === FORM ? artifact : undefined;
}
