import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { interfacesOf } from '../../../test/support/wit-names.ts';
import { toCamel, toPascal } from '../../abi/js/names.ts';
import { ComponentError, UsageError } from '../../error/error.ts';
import { Trap } from '../../error/trap.ts';
import type { Host } from '../../host/host.ts';
import { nodeHost } from '../../host/node/host.ts';
import { bytesSource, memorySink } from '../../host/streams.ts';
import type { WasiOptions } from '../open-grant.ts';
import type { makeClocks } from './clocks.ts';
import type { makeEnvironment } from './environment.ts';
import { ExitError, exitOf, type makeExit } from './exit.ts';
import { Pollable, poll } from './poll.ts';
import type { makeRandom } from './random.ts';
import type { makeStdio } from './stdio.ts';
import { createWasi } from './wasi.ts';

const shared = process.env['TENON_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
const wit = join(shared, 'wit/wasi-0.2.12');

type Imports = ReturnType<typeof makeClocks> &
  ReturnType<typeof makeRandom> &
  ReturnType<typeof makeStdio> & {
    'wasi:cli/environment': ReturnType<typeof makeEnvironment>;
    'wasi:cli/exit': ReturnType<typeof makeExit>;
  } & Disposable;

function make(options: Omit<WasiOptions, 'host'> = {}, host: Host = nodeHost()): Imports {
  return createWasi({ host, ...options }) as unknown as Imports;
}

function traps(body: () => unknown, message: RegExp): void {
  assert.throws(body, (error) => error instanceof Trap && error.code === 'host-error' && message.test(error.message));
}

test('every function of the WIT packages is there', { skip: existsSync(wit) ? false : `${wit} is absent` }, () => {
  const imports = make() as unknown as Record<string, Record<string, { prototype: object } | undefined>>;
  let functions = 0;
  for (const name of ['cli', 'clocks', 'filesystem', 'http', 'io', 'random', 'sockets']) {
    for (const file of readdirSync(join(wit, name))) {
      for (const [iface, content] of interfacesOf(readFileSync(join(wit, name, file), 'utf8'))) {
        if (iface === 'run' || iface === 'incoming-handler') continue;
        const offered = imports[`wasi:${name}/${iface}`];
        assert.ok(offered !== undefined, `wasi:${name}/${iface}`);
        for (const each of content.functions) {
          functions++;
          assert.equal(typeof offered[toCamel(each)], 'function', `wasi:${name}/${iface}#${each}`);
        }
        for (const [resource, methods] of content.resources) {
          const offeredClass: { prototype: object } | undefined = offered[toPascal(resource)];
          assert.equal(typeof offeredClass, 'function', `wasi:${name}/${iface}#${resource}`);
          for (const method of methods) {
            functions++;
            const own = offeredClass as unknown as Record<string, unknown>;
            const prototype = offeredClass?.prototype as Record<string, unknown>;
            const found = prototype[toCamel(method)] ?? own[toCamel(method)];
            assert.equal(typeof found, 'function', `wasi:${name}/${iface}#${resource}.${method}`);
          }
        }
      }
    }
  }
  assert.equal(functions, 174);
});

test('without a grant there is nothing', () => {
  using imports = make();
  assert.deepEqual(imports['wasi:cli/environment'].getArguments(), []);
  assert.deepEqual(imports['wasi:cli/environment'].getEnvironment(), []);
  assert.equal(imports['wasi:cli/environment'].initialCwd(), undefined);
  const files = imports as unknown as Record<string, { getDirectories(): unknown[] }>;
  assert.deepEqual(files['wasi:filesystem/preopens']?.getDirectories(), []);
  const stdin = imports['wasi:cli/stdin'].getStdin();
  assert.throws(() => stdin.read(1n), closed);
  const stdout = imports['wasi:cli/stdout'].getStdout();
  assert.equal(stdout.checkWrite(), 65_536n);
  stdout.write(new Uint8Array(10));
  assert.equal(imports['wasi:cli/terminal-stdin'].getTerminalStdin(), undefined);
  // One object serves every 0.2.x; only what a draft has otherwise than the next one stands under its version.
  assert.deepEqual(
    Object.keys(imports).filter((key) => key.includes('@')),
    ['store', 'atomics', 'batch'].map((name) => `wasi:keyvalue/${name}@0.2.0-draft`),
  );
});

function closed(error: unknown): boolean {
  return error instanceof ComponentError && (error.payload as { tag: string }).tag === 'closed';
}

test('arguments, environment and streams are what was granted', () => {
  const out = memorySink();
  using imports = make({
    grant: { args: ['p', 'x'], env: { A: '1' } },
    stdin: bytesSource(Buffer.from('input')),
    stdout: out,
  });
  assert.deepEqual(imports['wasi:cli/environment'].getArguments(), ['p', 'x']);
  assert.deepEqual(imports['wasi:cli/environment'].getEnvironment(), [['A', '1']]);
  const first = imports['wasi:cli/stdin'].getStdin();
  assert.deepEqual(first.read(2n), Uint8Array.from(Buffer.from('in')));
  first[Symbol.dispose]();
  assert.deepEqual(imports['wasi:cli/stdin'].getStdin().read(9n), Uint8Array.from(Buffer.from('put')));
  imports['wasi:cli/stdout'].getStdout().blockingWriteAndFlush(Buffer.from('output'));
  assert.equal(out.text(), 'output');
});

test('an exit is told apart from a failure', () => {
  const { exit, exitWithCode } = make()['wasi:cli/exit'];
  const code = (body: () => unknown): number | undefined => {
    try {
      body();
    } catch (error) {
      return exitOf(new Error('outer', { cause: error }))?.exitCode;
    }
    return undefined;
  };
  assert.equal(
    code(() => exit({ tag: 'ok' })),
    0,
  );
  assert.equal(
    code(() => exit({ tag: 'err' })),
    1,
  );
  assert.equal(
    code(() => exitWithCode(42)),
    42,
  );
  assert.equal(exitOf(new Error('no exit')), undefined);
  assert.ok(exitOf(new ExitError(3)) instanceof ExitError);
});

test('clocks tell the time and wait', async () => {
  const imports = make();
  const clock = imports['wasi:clocks/monotonic-clock'];
  const start = clock.now();
  const soon = clock.subscribeDuration(20_000_000n);
  const late = clock.subscribeInstant(2n ** 64n - 1n);
  assert.equal(soon.ready(), false);
  assert.deepEqual(await poll([late, soon]), Uint32Array.of(1));
  assert.ok(clock.now() - start >= 20_000_000n);
  assert.equal(soon.block(), undefined);
  assert.deepEqual(
    poll([late, soon, clock.subscribeInstant(0n), clock.subscribeDuration(0n)]),
    Uint32Array.of(1, 2, 3),
  );
  assert.equal(clock.subscribeDuration(2n ** 64n - 1n).ready(), false);
  const wall = imports['wasi:clocks/wall-clock'].now();
  assert.ok(Math.abs(Number(wall.seconds) - Date.now() / 1000) < 5 && wall.nanoseconds < 1e9);
  assert.deepEqual(imports['wasi:clocks/timezone'].display(wall), {
    utcOffset: 0,
    name: 'UTC',
    inDaylightSavingTime: false,
  });
});

test('what a guest may not ask for is a trap', () => {
  traps(() => poll([]), /empty list/);
  const clock = make()['wasi:clocks/monotonic-clock'];
  traps(() => poll(new Array(70_000).fill(clock.subscribeDuration(0n))), /more than/);
  traps(() => make()['wasi:random/random'].getRandomBytes(2n ** 40n), /at once/);
  const bare = make({ grant: { clocks: 'none', random: 'none' } });
  traps(() => bare['wasi:clocks/monotonic-clock'].now(), /no clock/);
  traps(() => bare['wasi:clocks/wall-clock'].now(), /no clock/);
  traps(() => bare['wasi:random/insecure-seed'].insecureSeed(), /no random/);
});

test('random bytes are many and differ', () => {
  const imports = make();
  const bytes = imports['wasi:random/random'].getRandomBytes(100_000n);
  assert.equal(bytes.length, 100_000);
  assert.notDeepEqual(bytes, imports['wasi:random/insecure'].getInsecureRandomBytes(100_000n));
  assert.notEqual(imports['wasi:random/random'].getRandomU64(), imports['wasi:random/random'].getRandomU64());
  const [a, b] = imports['wasi:random/insecure-seed'].insecureSeed();
  assert.ok(a < 2n ** 64n && b < 2n ** 64n && a !== b);
});

test('a grant that cannot be used leaves nothing open', {
  skip: process.platform === 'linux' ? false : 'needs /proc',
}, () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  assert.throws(
    () => make({ grant: { dirs: [{ host: '/tmp' }, { host: '/missing' }] } }),
    (error) => error instanceof UsageError && error.code === 'no-directory',
  );
  assert.equal(open(), before);
  const imports = make({ grant: { dirs: [{ host: '/tmp' }] } });
  assert.ok(open() > before);
  imports[Symbol.dispose]();
  assert.equal(open(), before);
});

test('a pollable may be dropped twice without harm', () => {
  let dropped = 0;
  const pollable = new Pollable({ ready: () => true, subscribe: () => () => {} }, () => {
    dropped++;
  });
  pollable[Symbol.dispose]();
  pollable[Symbol.dispose]();
  assert.equal(dropped, 1);
});
