import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEFAULT_FEATURES, FEATURE_NAMES, featureLabel, UNSUPPORTED_FEATURES, withFeatures } from './features.ts';

test('the document lists every gate with its sign and default', () => {
  const text = readFileSync(new URL('../../docs/features.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| (\S+) \| `([\w-]+)` \| (on|off|cannot be opened yet) \|/gm)];
  const listed = new Map(rows.map(([, sign, name, state]) => [name, { sign, state }]));
  assert.deepEqual([...listed.keys()].sort(), [...FEATURE_NAMES].sort());
  for (const name of FEATURE_NAMES) {
    const { sign, state } = listed.get(name)!;
    assert.equal(`${sign} ${name}`, featureLabel(name));
    const expected = UNSUPPORTED_FEATURES.includes(name)
      ? 'cannot be opened yet'
      : DEFAULT_FEATURES[name]
        ? 'on'
        : 'off';
    assert.equal(state, expected, name);
  }
});

test('unknown gates and gates that cannot be opened are refused', () => {
  assert.equal(withFeatures({ map: false }).map, false);
  assert.equal(withFeatures({ gc: false }).gc, false);
  assert.throws(() => withFeatures({ gc: true }), { code: 'feature-unsupported' });
  assert.throws(() => withFeatures({ maps: true } as never), { code: 'unknown-feature' });
});
