/**
 * `tenon serve` under load that lasts, and with a large body, beside a bare `node:http`:
 *
 *   node scripts/serve-load.ts [--seconds 60] [--echo 1024] [-- FLAGS OF tenon serve]
 *
 * What is published is measured: it is built first. One request in ten traps for so many seconds: none that should succeed is lost,
 * and memory stays. A body of so many mebibytes is echoed: at most 60 MB more memory than the bare server takes for it. Needs the
 * component rust-http2.wasm of the shared corpus. Fails where a bound does not hold.
 */
import { parseArgs } from 'node:util';
import { echo, type LoadOutcome, mixedLoad } from '../test/support/serve-load.ts';
import { type ServerProcess, serveTenon, startServer } from '../test/support/server-process.ts';
import { SHARED } from '../test/support/shared.ts';
import { inRoot, runScript } from './project.ts';

const MOST_MORE = 60;
/** Mebibytes that the last quarter may have more than the second. */
const FLAT = 40;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, echo: { type: 'string', default: '1024' } },
});
const file = `${SHARED}/corpus/rust-http2.wasm`;
let failed = false;

const built = await runScript('scripts/build.ts');
if (built.code !== 0) throw new Error(`nothing was built: ${built.output}`);
process.env['TENON_BUILT'] = '1';

function say(what: string, holds: boolean): void {
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  failed ||= !holds;
}

/** Mebibytes at the highest, and how fast. */
async function echoPeak(name: string, words: Promise<ServerProcess>): Promise<number> {
  const server = await words;
  const bytes = Number(values.echo) * 1024 * 1024;
  const milliseconds = await echo(server.url, bytes);
  const peak = server.peak() ?? Number.NaN;
  console.log(`${name}: ${Math.round(peak)} MB at most, ${Math.round(bytes / 1000 / milliseconds)} MB/s`);
  await server.stop();
  return peak;
}

/** The median of what the process has while `load` runs: it goes up and down by tens of megabytes, as the collector comes. */
async function medianDuring<T>(
  server: ServerProcess,
  load: Promise<T>,
): Promise<{ readonly outcome: T; readonly memory: number }> {
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(server.resident() ?? Number.NaN), 100);
  const outcome = await load;
  clearInterval(timer);
  return { outcome, memory: samples.sort((x, y) => x - y)[samples.length >> 1] ?? Number.NaN };
}

const server = await serveTenon([...positionals, file]);
const quarters: { readonly outcome: LoadOutcome; readonly memory: number }[] = [];
for (let i = 0; i < 4; i++)
  quarters.push(await medianDuring(server, mixedLoad(server.url, Number(values.seconds) / 4)));
const lost = quarters.flatMap(({ outcome }) => outcome.lost);
const sum = (of: 'answered' | 'trapped'): number => quarters.reduce((all, { outcome }) => all + outcome[of], 0);
say(
  `${sum('answered')} answered, ${sum('trapped')} trapped, ${lost.length} lost`,
  lost.length === 0 && sum('answered') > 0,
);
for (const each of lost) console.log(`  ${each}`);
const [, second, , last] = quarters.map(({ memory }) => memory);
say(
  `memory: ${quarters.map(({ memory }) => Math.round(memory)).join(', ')} MB in each quarter`,
  last! - second! < FLAT,
);
await server.stop();

const bare = await echoPeak('node:http, bare', startServer([inRoot('bench/http/bare.ts')]));
const tenon = await echoPeak('tenon serve', serveTenon([...positionals, file]));
say(
  `an echo of ${values.echo} MiB takes ${Math.round(tenon - bare)} MB more than bare, at most ${MOST_MORE}`,
  tenon - bare <= MOST_MORE,
);
process.exitCode = failed ? 1 : 0;
