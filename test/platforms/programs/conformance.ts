/**
 * Runs the reference suite with components that were built ahead of time, and prints how many directives passed. Written for every
 * platform: `prepare.ts` has put the scripts and the built components beside it.
 */
import { fuse } from 'tenon/fuse';
import { runScript } from 'tenon/wast';

interface Manifest {
  /** Scripts, as they are read. */
  readonly scripts: readonly string[];
  /** Folders of built components, by the digest of the component. */
  readonly built: Readonly<Record<string, string>>;
}

async function read(path: string): Promise<string> {
  const url = new URL(path, import.meta.url);
  if (url.protocol !== 'file:') return (await fetch(url)).text();
  const { readFile } = await import('node:fs/promises');
  return readFile(url, 'utf8');
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const manifest = JSON.parse(await read('./suite/manifest.json')) as Manifest;
let passed = 0;
let total = 0;
let started = 0;

for (const script of manifest.scripts) {
  const report = await runScript(await read(`./suite/${script}`), {
    file: script,
    async start(_component, imports, { trapOnDeadlock = false }, bytes) {
      const folder = manifest.built[await digest(bytes)];
      if (folder === undefined) throw new Error('this component was not built');
      started++;
      const { instantiate } = await import(`./suite/${folder}/component.js`);
      return instantiate(imports, { fuse, trapOnDeadlock });
    },
  });
  passed += report.passed;
  total += report.total;
  for (const { line, directive, reason } of report.failures) console.log(`${script}:${line}: ${directive}: ${reason}`);
}
console.log(`${passed} of ${total} directives passed; ${started} instances were made`);
