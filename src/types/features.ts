/**
 * The gated parts of the specification that a reader may switch. Specification: Explainer, "Gated features".
 * The defaults are what the pinned reference suite exercises.
 */

import { UsageError } from '../error/error.ts';

export interface Features {
  /** 🔀 async functions, streams, futures and their built-ins. */
  readonly async: boolean;
  /** 🚝 synchronous stream and future operations, asynchronous cancellation. */
  readonly 'more-async-builtins': boolean;
  /** 🚟 asynchronous lifts without a callback. */
  readonly 'async-stackful': boolean;
  /** 🧵 cooperative threads. */
  readonly threading: boolean;
  /** 🗺️ `map` types. */
  readonly map: boolean;
  /** 🏷️ the `implements` and `external-id` attributes. */
  readonly implements: boolean;
  /** 🔧 lists of a fixed length. */
  readonly 'fixed-length-lists': boolean;
  /** 📝 `error-context`. */
  readonly 'error-context': boolean;
  /** 🐘 64-bit memories, representations and context slots. */
  readonly memory64: boolean;
  /** 🪙 values and component start functions. */
  readonly values: boolean;
  /** 🪺 nested namespaces and packages in names. */
  readonly 'nested-names': boolean;
  /** 🧵② shared threads. */
  readonly 'shared-threads': boolean;
  /** 🔗 canonical interface names and version suffixes. */
  readonly 'canon-names': boolean;
  /** 🛸 the GC canonical options. */
  readonly gc: boolean;
  /** 📡 getters and setters. */
  readonly accessors: boolean;
  /** ➡️ `stream.forward` and `future.forward`. */
  readonly forward: boolean;
}

export type FeatureName = keyof Features;

export const DEFAULT_FEATURES: Features = /* @__PURE__ */ Object.freeze({
  async: true,
  'more-async-builtins': true,
  'async-stackful': true,
  threading: true,
  map: true,
  implements: true,
  'fixed-length-lists': true,
  'error-context': true,
  memory64: true,
  values: false,
  'nested-names': false,
  'shared-threads': false,
  'canon-names': false,
  gc: false,
  accessors: false,
  forward: false,
});

const SIGNS: Readonly<Record<FeatureName, string>> = {
  async: '🔀',
  'more-async-builtins': '🚝',
  'async-stackful': '🚟',
  threading: '🧵',
  map: '🗺️',
  implements: '🏷️',
  'fixed-length-lists': '🔧',
  'error-context': '📝',
  memory64: '🐘',
  values: '🪙',
  'nested-names': '🪺',
  'shared-threads': '🧵②',
  'canon-names': '🔗',
  gc: '🛸',
  accessors: '📡',
  forward: '➡️',
};

/** How messages name a gate: its sign in the specification and its name here. */
export function featureLabel(feature: FeatureName): string {
  return `${SIGNS[feature]} ${feature}`;
}

/**
 * The defaults with some gates switched.
 * @throws UsageError `unknown-feature`, `feature-unsupported`
 */
export function withFeatures(changes: Partial<Features> | undefined): Features {
  if (changes === undefined) return DEFAULT_FEATURES;
  for (const [name, on] of Object.entries(changes)) {
    if (!isFeature(name))
      throw new UsageError('unknown-feature', `there is no feature gate ${JSON.stringify(name)}`, {
        expected: `one of ${FEATURE_NAMES.join(', ')}`,
      });
    if (on && UNSUPPORTED_FEATURES.includes(name))
      throw new UsageError('feature-unsupported', `the feature ${featureLabel(name)} is not supported by this version`);
  }
  return { ...DEFAULT_FEATURES, ...changes };
}

/** Gates that no version of Tenon can open yet: what they would allow is refused, and named. */
export const UNSUPPORTED_FEATURES: readonly FeatureName[] = ['shared-threads', 'gc', 'accessors', 'forward'];

/** Every gate, in the order of this file. */
export const FEATURE_NAMES = /* @__PURE__ */ Object.keys(DEFAULT_FEATURES) as readonly FeatureName[];

/** Whether a text names a gate. */
export function isFeature(text: string): text is FeatureName {
  return Object.hasOwn(DEFAULT_FEATURES, text);
}
