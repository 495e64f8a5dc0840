import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Audit } from './audit.ts';
import { checkGrant } from './grant.ts';

test('the smallest grant keeps stores that were used, read-only where nothing was written', () => {
  const grant = checkGrant({
    config: { mode: 'fast' },
    keyvalue: {
      read: { sqlite: '/a/read.db', quota: { keys: 5 } },
      written: { sqlite: '/a/written.db', quota: { keys: 5 } },
      memory: 'memory',
      unused: 'memory',
    },
    logging: 'warn',
  });
  const audit = new Audit(grant);
  const store = (name: string, write: boolean, allowed = true): void =>
    audit.note({ kind: 'store', name, write, allowed });
  store('read', false);
  store('written', true);
  store('memory', true);
  store('denied', true, false);
  audit.note({ kind: 'config' });
  const { config, keyvalue, logging } = audit.smallest((path) => path.replace('/a/', ''));
  assert.deepEqual(config, { mode: 'fast' });
  assert.deepEqual(keyvalue, {
    read: { sqlite: 'read.db', readonly: true },
    written: { sqlite: 'written.db', quota: { keys: 5 } },
    memory: 'memory',
  });
  assert.equal(logging, 'warn');
  assert.deepEqual(
    audit.report().map(({ what, allowed, grant: flag }) => [what, allowed, flag]),
    [
      ['read the key-value store "read"', true, '--keyvalue read=sqlite:/a/read.db:ro'],
      ['write the key-value store "written"', true, '--keyvalue written=sqlite:/a/written.db'],
      ['write the key-value store "memory"', true, '--keyvalue memory=memory'],
      ['write the key-value store "denied"', false, '--keyvalue denied=memory'],
      ['the configuration', true, '--config NAME=VALUE'],
    ],
  );
});
