/**
 * What loading a component finds out, as data that a host may keep: where its core modules are, what it imports and exports, its plan.
 * With it, the same bytes need not be decoded, validated and planned again.
 */

import type { Plan } from '../link/plan.ts';
import { type PortablePlan, portablePlan, revivePlan } from '../link/portable-plan.ts';
import type { NamedExtern } from '../types/extern-type.ts';

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

type Artifact = Omit<Known, 'plan'> & { readonly form: number; readonly portable: PortablePlan };

/**
 * Keeps what is found out about components, so that the same bytes load faster the next time. What it answers is believed: it must come
 * from a place that only the host can write, and be for the same bytes, the same version of Tenon and the same features.
 */
export interface ArtifactCache {
  /** What {@link ArtifactCache.set} was given for the same bytes, or a structured clone of it; undefined if there is nothing. */
  get(bytes: Uint8Array<ArrayBuffer>): unknown;
  /** Keeps `artifact`, which is plain data. */
  set(bytes: Uint8Array<ArrayBuffer>, artifact: unknown): void;
}

/** The artifact of a component, or undefined where there can be none. */
export function artifactOf({ modules, imports, exports, plan }: Known, bytes: Uint8Array): unknown {
  const portable = portablePlan(plan, bytes);
  if (portable === undefined) return undefined;
  const ranges = modules.map(({ start, end }) => ({ start, end }));
  return { form: FORM, modules: ranges, imports, exports, portable } satisfies Artifact;
}

/** What an artifact tells of the component that `bytes` are; undefined if it is none, or of another form. */
export function readArtifact(value: unknown, bytes: Uint8Array<ArrayBuffer>): Known | undefined {
  const artifact = value as Artifact | undefined;
  if (artifact?.form !== FORM) return undefined;
  const { modules, imports, exports, portable } = artifact;
  return { modules, imports, exports, plan: revivePlan(portable, bytes) };
}
