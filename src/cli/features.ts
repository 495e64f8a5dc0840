/** The flag `--features`: gates of the specification to open or close. */
import { FEATURE_NAMES, type Features, isFeature, UNSUPPORTED_FEATURES } from '../types/features.ts';
import { type Flag, MisuseError, nearest, type Parsed } from './args.ts';

export const FEATURES_FLAG: Flag = {
  name: 'features',
  value: 'GATE[,-GATE...]',
  help: 'open feature gates of the specification, or with `-` close them; `all` opens every one',
};

function one(word: string, into: Record<string, boolean>): void {
  const on = !word.startsWith('-');
  const name = on ? word : word.slice(1);
  if (name === 'all') {
    for (const feature of FEATURE_NAMES) if (!on || !UNSUPPORTED_FEATURES.includes(feature)) into[feature] = on;
    return;
  }
  if (!isFeature(name)) {
    const near = nearest(name, FEATURE_NAMES);
    const hint = near === undefined ? `the gates are ${FEATURE_NAMES.join(', ')}` : `did you mean ${near}?`;
    throw new MisuseError('unknown-feature', `--features: there is no gate "${name}"`, hint);
  }
  into[name] = on;
}

/** What the flag says; undefined where it was not given. */
export function featuresOf(args: Parsed): Partial<Features> | undefined {
  const text = args.values.get('features')?.[0];
  if (text === undefined) return undefined;
  const gates: Record<string, boolean> = {};
  for (const word of text.split(',')) if (word !== '') one(word.trim(), gates);
  return gates;
}
