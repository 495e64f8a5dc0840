/** Configuration, logs and key-value stores as a program meets them. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { SHARED } from '../../../test/support/shared.ts';
import { interfacesOf } from '../../../test/support/wit-names.ts';
import { toCamel, toPascal } from '../../abi/js/names.ts';
import { ComponentError, UsageError } from '../../error/error.ts';
import type { Use } from '../../grants/audit.ts';
import type { GrantInput } from '../../grants/grant.ts';
import type { Denial } from '../../grants/network-policy.ts';
import { nodeHost } from '../../host/node/host.ts';
import { memorySink } from '../../host/streams.ts';
import { createWasi as createWebWasi } from '../../wasi-web.ts';
import type { WasiOptions } from '../open-grant.ts';
import { createWasi } from '../p2/wasi.ts';
import type { makeConfig } from './config.ts';
import type { Bucket, Cas, makeKeyValue } from './keyvalue.ts';
import type { LogEntry, makeLogging } from './logging.ts';

type Imports = ReturnType<typeof makeConfig> &
  ReturnType<typeof makeKeyValue> &
  ReturnType<typeof makeLogging> &
  Disposable;

function make(grant: GrantInput, options: Omit<WasiOptions, 'host' | 'grant'> = {}): Imports {
  return createWasi({ host: nodeHost(), grant, ...options }) as unknown as Imports;
}

const folder = mkdtempSync(join(tmpdir(), 'tenon-drafts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();

/** That a guest is answered by an error. */
async function errs(operation: () => unknown, payload: unknown): Promise<void> {
  await assert.rejects(
    async () => operation(),
    (error) => {
      assert.ok(error instanceof ComponentError, String(error));
      if (payload instanceof RegExp) assert.match(String((error.payload as { val: unknown }).val), payload);
      else assert.deepEqual(error.payload, payload);
      return true;
    },
  );
}

const DENIED = { tag: 'access-denied' };
const drafts = join(SHARED, 'wit/drafts');

test('every function of the drafts is there', { skip: existsSync(drafts) ? false : `${drafts} is absent` }, () => {
  using wasi = make({});
  const offered = wasi as unknown as Record<string, Record<string, { prototype: Record<string, unknown> }>>;
  let functions = 0;
  for (const name of ['config', 'keyvalue', 'logging'])
    for (const file of readdirSync(join(drafts, name)))
      for (const [iface, content] of interfacesOf(readFileSync(join(drafts, name, file), 'utf8'))) {
        // What programs export for those who watch.
        if (iface === 'watcher') continue;
        const found = offered[`wasi:${name}/${iface}`]!;
        for (const each of content.functions) {
          functions++;
          assert.equal(typeof found[toCamel(each)], 'function', each);
        }
        for (const [resource, methods] of content.resources)
          for (const method of methods) {
            functions++;
            const made = found[toPascal(resource)]! as unknown as { prototype: object };
            assert.ok(toCamel(method) in made.prototype || toCamel(method) in made, `${resource}.${method}`);
          }
      }
  assert.ok(functions >= 16, `${functions}`);
});

test('configuration: what is granted, and nothing of the host', () => {
  using none = make({});
  assert.deepEqual(none['wasi:config/store'].getAll(), []);
  for (const key of ['', 'PATH', '__proto__', 'constructor'])
    assert.equal(none['wasi:config/store'].get(key), undefined);
  const uses: Use[] = [];
  using some = make({ config: { mode: 'fast', empty: '' } }, { onUse: (use) => uses.push(use) });
  const store = some['wasi:config/store'];
  assert.equal(store.get('mode'), 'fast');
  assert.equal(store.get('empty'), '');
  assert.equal(store.get('other'), undefined);
  assert.deepEqual(store.getAll(), [
    ['mode', 'fast'],
    ['empty', ''],
  ]);
  assert.deepEqual(uses[0], { kind: 'config' });
});

describe('logs', () => {
  test('lines on standard error, from a level on', () => {
    const [stderr, all] = [memorySink(), memorySink()];
    using wasi = make({ logging: 'warn' }, { stderr });
    using loud = make({}, { stderr: all });
    using silent = make({ logging: 'none' }, { stderr: all });
    for (const { log } of [wasi['wasi:logging/logging'], loud['wasi:logging/logging']])
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'critical'] as const)
        void log(level, 'app', `at ${level}`);
    void silent['wasi:logging/logging'].log('critical', '', 'nobody hears this');
    assert.equal(text(stderr.bytes()), '[warn] app: at warn\n[error] app: at error\n[critical] app: at critical\n');
    assert.match(text(all.bytes())!, /^\[trace\] app: at trace\n[\s\S]*\[critical\] app: at critical\n$/);
    assert.doesNotMatch(text(all.bytes())!, /nobody/);
  });

  test('a program forges no line, and changes no terminal', () => {
    const stderr = memorySink();
    using wasi = make({}, { stderr });
    const { log } = wasi['wasi:logging/logging'];
    void log('info', '', 'one\n[error] app: two\r\nthree');
    void log('info', 'a\nb', '\u001b[2Jx\u0007\u202ey\ttab');
    void log('info', 'long', 'x'.repeat(100_000));
    const lines = text(stderr.bytes())!.split('\n');
    assert.deepEqual(lines.slice(0, 4), [
      '[info]: one',
      '    [error] app: two',
      '    three',
      '[info] a     b: \\u{1b}[2Jx\\u{7}\\u{202e}y\ttab',
    ]);
    assert.equal(lines[4]!.length, '[info] long: '.length + 65_536 + '… (34464 more)'.length);
  });

  test('a host may take them', () => {
    const said: LogEntry[] = [];
    using wasi = make({}, { onLog: (entry) => said.push(entry) });
    void wasi['wasi:logging/logging'].log('debug', 'app', 'a\nb');
    assert.deepEqual(said, [{ level: 'debug', context: 'app', message: 'a\nb' }]);
  });

  test('they wait for their reader', async () => {
    const written: string[] = [];
    let open: (() => void) | undefined;
    const stderr = {
      terminal: false,
      ready: () => open === undefined,
      subscribe(done: () => void) {
        open = done;
        return () => {};
      },
      check: () => {},
      write: (chunk: Uint8Array) => void written.push(text(chunk)!),
      close: () => {},
    };
    using wasi = make({}, { stderr });
    const { log } = wasi['wasi:logging/logging'];
    assert.equal(log('info', '', 'one'), undefined);
    open = () => {};
    const later = log('info', '', 'two');
    assert.ok(later instanceof Promise);
    const done = open;
    open = undefined;
    done();
    await later;
    assert.deepEqual(written, ['[info]: one\n', '[info]: two\n']);
  });
});

let files = 0;
for (const [kind, place] of [
  ['memory', () => 'memory' as const],
  ['SQLite', () => ({ sqlite: join(folder, `${files++}.db`) })],
] as const) {
  describe(`key-value stores in ${kind}`, () => {
    test('values come, change and go', async () => {
      using wasi = make({ keyvalue: { default: place(), other: place() } });
      const { open } = wasi['wasi:keyvalue/store'];
      const bucket = open('default');
      assert.equal(await bucket.get('a'), undefined);
      assert.equal(await bucket.exists('a'), false);
      await bucket.set('a', bytes('1'));
      await bucket.set('a', bytes('2'));
      await bucket.set('empty', new Uint8Array(0));
      assert.equal(text(await bucket.get('a')), '2');
      assert.equal(text(await open('default').get('a')), '2');
      assert.equal(text(await bucket.get('empty')), '');
      assert.equal(await bucket.exists('empty'), true);
      assert.equal(await open('other').get('a'), undefined);
      await bucket.delete('a');
      await bucket.delete('never');
      assert.equal(await bucket.get('a'), undefined);
      await errs(() => open('none'), DENIED);
    });

    test('any key is one: empty, NUL, outside the BMP, names of objects', async () => {
      using wasi = make({ keyvalue: { default: place() } });
      const bucket = wasi['wasi:keyvalue/store'].open('default');
      const keys = ['', '\0', 'a\0b', 'a', '\u{1f600}', '\uffff', '__proto__', 'constructor', "'; DROP TABLE x; --"];
      for (const key of keys) await bucket.set(key, bytes(key));
      for (const key of keys) assert.equal(text(await bucket.get(key)), key);
      const listed = await bucket.listKeys(undefined);
      assert.deepEqual([...listed.keys].sort(), [...keys].sort());
      assert.equal(listed.cursor, undefined);
    });

    test('keys in pages', async () => {
      using wasi = make({ keyvalue: { default: place() } });
      const bucket = wasi['wasi:keyvalue/store'].open('default');
      const all = Array.from({ length: 2500 }, (_, i) => `key ${i}`);
      await wasi['wasi:keyvalue/batch'].setMany(
        bucket,
        all.map((key) => [key, bytes('x')] as const),
      );
      const found: string[] = [];
      const sizes: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await bucket.listKeys(cursor);
        found.push(...page.keys);
        sizes.push(page.keys.length);
        cursor = page.cursor;
      } while (cursor !== undefined);
      assert.deepEqual(sizes, [1000, 1000, 500]);
      assert.deepEqual(found.sort(), all.sort());
      assert.deepEqual((await bucket.listKeys('zzz')).keys, []);
    });

    test('many at once', async () => {
      using wasi = make({ keyvalue: { default: place() } });
      const bucket = wasi['wasi:keyvalue/store'].open('default');
      const { getMany, setMany, deleteMany } = wasi['wasi:keyvalue/batch'];
      await setMany(bucket, [
        ['a', bytes('1')],
        ['b', bytes('2')],
      ]);
      const found = await getMany(bucket, ['b', 'none', 'a', 'b']);
      assert.deepEqual(
        found.map((pair) => (pair === undefined ? undefined : [pair[0], text(pair[1])])),
        [['b', '2'], undefined, ['a', '1'], ['b', '2']],
      );
      await deleteMany(bucket, ['a', 'none']);
      assert.equal(await bucket.exists('a'), false);
      assert.equal(await bucket.exists('b'), true);
    });

    test('numbers are added up', async () => {
      using wasi = make({ keyvalue: { default: place() } });
      const bucket = wasi['wasi:keyvalue/store'].open('default');
      const { increment } = wasi['wasi:keyvalue/atomics'];
      assert.equal(await increment(bucket, 'n', 5n), 5n);
      assert.equal(await increment(bucket, 'n', -7n), -2n);
      assert.equal(text(await bucket.get('n')), '-2');
      const most = 2n ** 63n - 1n;
      assert.equal(await increment(bucket, 'max', most), most);
      await errs(() => increment(bucket, 'max', 1n), /does not fit s64/);
      assert.equal(text(await bucket.get('max')), `${most}`);
      for (const value of ['x', '', '1.5', '0x10', ' 1', '9'.repeat(100)]) {
        await bucket.set('text', bytes(value));
        await errs(() => increment(bucket, 'text', 1n), /no whole number/);
        assert.equal(text(await bucket.get('text')), value);
      }
    });

    test('a swap is made only where nobody wrote meanwhile', async () => {
      using wasi = make({ keyvalue: { default: place() } });
      const bucket = wasi['wasi:keyvalue/store'].open('default');
      const { Cas, swap } = wasi['wasi:keyvalue/atomics'];
      const first = await Cas.new(bucket, 'k');
      const late = await Cas.new(bucket, 'k');
      assert.equal(first.current(), undefined);
      await swap(first, bytes('one'));
      let again: Cas | undefined;
      await assert.rejects(
        async () => swap(late, bytes('lost')),
        (error) => {
          const { tag, val } = (error as ComponentError).payload as { tag: string; val: Cas };
          assert.equal(tag, 'cas-failed');
          again = val;
          return true;
        },
      );
      assert.equal(text(again!.current()), 'one');
      await swap(again!, bytes('two'));
      assert.equal(text(await bucket.get('k')), 'two');
      // The same bytes written anew are another value.
      const seen = await Cas.new(bucket, 'k');
      await bucket.delete('k');
      await bucket.set('k', bytes('two'));
      await assert.rejects(async () => swap(seen, bytes('x')), ComponentError);
      assert.equal(text(await bucket.get('k')), 'two');
    });

    test('a quota, and what is given back', async () => {
      const given = place();
      const store = { ...(given === 'memory' ? {} : given), quota: { bytes: 20, keys: 3 } };
      using wasi = make({ keyvalue: { default: store } });
      const bucket = wasi['wasi:keyvalue/store'].open('default');
      await bucket.set('a', bytes('x'.repeat(10)));
      await errs(() => bucket.set('b', bytes('x'.repeat(10))), /quota of bytes/);
      await bucket.set('b', bytes('x'));
      await bucket.set('c', bytes(''));
      await errs(() => bucket.set('d', bytes('')), /quota of keys/);
      await errs(() => bucket.set('a', bytes('x'.repeat(20))), /quota of bytes/);
      assert.equal(text(await bucket.get('a')), 'x'.repeat(10));
      await bucket.delete('a');
      await bucket.set('d', bytes('x'.repeat(10)));
      const { Cas, swap } = wasi['wasi:keyvalue/atomics'];
      const cas = await Cas.new(bucket, 'e');
      await assert.rejects(
        async () => swap(cas, bytes('x')),
        (error) => (error as ComponentError & { payload: { tag: string } }).payload.tag === 'store-error',
      );
    });

    test('what is asked for at once is bounded, however often one key is named', async () => {
      using wasi = make({ keyvalue: { default: place() } });
      const bucket = wasi['wasi:keyvalue/store'].open('default');
      const { getMany } = wasi['wasi:keyvalue/batch'];
      await bucket.set('k', new Uint8Array(1 << 20));
      assert.equal((await getMany(bucket, Array<string>(64).fill('k'))).length, 64);
      await errs(() => getMany(bucket, Array<string>(100_000).fill('k')), /values of more than 67108864 bytes at once/);
    });

    test('the first draft counts keys, and has numbers without a sign', async () => {
      using all = make({ keyvalue: { '': place() } });
      const bucket = all['wasi:keyvalue/store@0.2.0-draft'].open('');
      const { increment } = all['wasi:keyvalue/atomics@0.2.0-draft'];
      const most = 2n ** 64n - 1n;
      assert.equal(await increment(bucket, 'n', most), most);
      await errs(() => increment(bucket, 'n', 1n), /does not fit u64/);
      const { setMany } = all['wasi:keyvalue/batch@0.2.0-draft'];
      await setMany(
        bucket,
        Array.from({ length: 2000 }, (_, i) => [`k${i}`, bytes('')] as const),
      );
      const sizes: number[] = [];
      let cursor: bigint | undefined;
      do {
        const page = await bucket.listKeys(cursor);
        sizes.push(page.keys.length);
        cursor = page.cursor;
      } while (cursor !== undefined);
      assert.deepEqual(sizes, [1000, 1000, 1]);
      assert.deepEqual(await bucket.listKeys(most), { keys: [], cursor: undefined });
      // Both drafts are the same stores.
      assert.equal(await all['wasi:keyvalue/store'].open('').exists('k7'), true);
    });

    test('keys that are too long are none', async () => {
      using wasi = make({ keyvalue: { default: place() } });
      const bucket: Bucket = wasi['wasi:keyvalue/store'].open('default');
      await errs(() => bucket.set('x'.repeat(8193), bytes('')), /a key of more than 8192 bytes/);
      await errs(() => bucket.set('ü'.repeat(5000), bytes('')), /a key of more than 8192 bytes/);
      assert.equal(await bucket.exists('x'.repeat(1 << 20)), false);
    });
  });
}

test('what is not granted is denied, and said once', async () => {
  const denials: Denial[] = [];
  const sqlite = join(folder, 'read.db');
  {
    using wasi = make({ keyvalue: { users: { sqlite } } });
    await wasi['wasi:keyvalue/store'].open('users').set('a', bytes('1'));
  }
  const uses: Use[] = [];
  const hooks = { onDenied: (denial: Denial) => denials.push(denial), onUse: (use: Use) => uses.push(use) };
  using wasi = make({ keyvalue: { users: { sqlite, readonly: true } } }, hooks);
  const { open } = wasi['wasi:keyvalue/store'];
  for (let i = 0; i < 3; i++) await errs(() => open(''), DENIED);
  const users = open('users');
  assert.equal(text(await users.get('a')), '1');
  await errs(() => users.set('a', bytes('2')), DENIED);
  await errs(() => users.delete('a'), DENIED);
  await errs(() => wasi['wasi:keyvalue/atomics'].increment(users, 'a', 1n), DENIED);
  assert.equal(text(await users.get('a')), '1');
  assert.deepEqual(
    denials.map(({ grant }) => grant),
    ['--keyvalue =memory', `--keyvalue users=sqlite:${sqlite}`],
  );
  assert.deepEqual(uses[0], { kind: 'store', name: '', write: true, allowed: false });
  for (let i = 0; i < 10_000; i++) await errs(() => open(`store ${i}`), DENIED);
  assert.ok(denials.length <= 100);
});

test('a platform without SQLite has stores in memory, and says so', async () => {
  using wasi = createWebWasi({ keyvalue: { a: 'memory' } }) as unknown as Imports;
  const bucket = wasi['wasi:keyvalue/store'].open('a');
  await bucket.set('k', bytes('v'));
  assert.equal(text(await bucket.get('k')), 'v');
  assert.throws(
    () => createWebWasi({ keyvalue: { a: { sqlite: 'a.db' } } }),
    (error) => error instanceof UsageError && error.code === 'no-store' && /no SQLite/.test(error.message),
  );
});

test('what a grant has opened is closed where one of its stores cannot be', () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const refused = (): void =>
    assert.throws(
      () => make({ dirs: [{ host: folder, guest: '/a' }], keyvalue: { a: { sqlite: join(folder, 'no/such.db') } } }),
      UsageError,
    );
  refused();
  if (process.platform !== 'linux') return;
  const before = open();
  for (let i = 0; i < 10; i++) refused();
  assert.equal(open(), before);
});

describe('files of SQLite', () => {
  test('what is written stays, and several stores share a file', async () => {
    const sqlite = join(folder, 'both.db');
    for (let i = 1; i <= 3; i++) {
      using wasi = make({ keyvalue: { a: { sqlite }, b: { sqlite } } });
      const { open } = wasi['wasi:keyvalue/store'];
      assert.equal(await wasi['wasi:keyvalue/atomics'].increment(open('a'), 'runs', 1n), BigInt(i));
      assert.equal(await open('b').exists('runs'), false);
    }
  });

  test('while another process writes a call waits, and the thread does not', async () => {
    const sqlite = join(folder, 'busy.db');
    using wasi = make({ keyvalue: { a: { sqlite } } });
    const bucket = wasi['wasi:keyvalue/store'].open('a');
    await bucket.set('k', bytes('1'));
    const other = new DatabaseSync(sqlite);
    other.exec('BEGIN IMMEDIATE');
    const began = performance.now();
    const writes = bucket.set('k', bytes('2'));
    assert.ok(writes instanceof Promise);
    assert.ok(performance.now() - began < 1000, 'the call came back at once');
    assert.equal(text(await bucket.get('k')), '1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    other.exec('COMMIT');
    other.close();
    await writes;
    assert.equal(text(await bucket.get('k')), '2');
  });

  test('files that are none, folders that are not there', () => {
    const refused = (store: object, found: RegExp): void =>
      assert.throws(
        () => make({ keyvalue: { a: store } }),
        (error) => error instanceof UsageError && error.code === 'no-store' && found.test(String(error.details.found)),
      );
    refused({ sqlite: join(folder, 'no/such/folder.db') }, /unable to open/);
    refused({ sqlite: join(folder, 'absent.db'), readonly: true }, /unable to open/);
    refused({ sqlite: join(import.meta.dirname, 'drafts.test.ts') }, /not a database/);
  });
});
