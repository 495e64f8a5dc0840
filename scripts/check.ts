/**
 * `npm run check`: everything that a change must pass besides the integration tests, two steps at a time, in about a minute.
 * Arguments: names of steps to run only those.
 */
import { type Finished, run, runScript, tool } from './project.ts';

interface Step {
  readonly name: string;
  /** What to do when it fails. */
  readonly help: string;
  readonly run: () => Promise<Finished>;
}

const STEPS: readonly Step[] = [
  {
    name: 'format and lint',
    help: '`npm run format` mends what can be mended by itself',
    run: () => run(tool('biome'), ['ci', '--colors=off', '--max-diagnostics=50', '.']),
  },
  {
    name: 'types',
    help: 'every TypeScript file, with the types of Node',
    run: () => run(tool('tsc'), ['-p', '.']),
  },
  {
    name: 'web types',
    help: 'src without src/host, src/cli and tests must do with the types of the web: no Buffer, process or node:',
    run: () => run(tool('tsc'), ['-p', 'tsconfig.web.json']),
  },
  {
    name: 'layers',
    help: 'the order of the rooms is in scripts/layers.ts, the reasons in ARCHITECTURE.md',
    run: () => runScript('scripts/check-layers.ts'),
  },
  {
    name: 'docs',
    help: 'examples in README.md, docs/ and @example comments must run; CONTRIBUTING.md says how they are marked',
    run: () => runScript('scripts/check-docs.ts'),
  },
  {
    name: 'sizes',
    help: 'limits of files and of the package are in scripts/check-sizes.ts',
    run: () => runScript('scripts/check-sizes.ts'),
  },
  {
    name: 'unit tests',
    help: '`npm test -- PART-OF-A-FILE-NAME` runs some of them',
    run: () => runScript('scripts/test.ts', ['src/', 'scripts/']),
  },
];

const wanted = process.argv.slice(2);
const steps = wanted.length === 0 ? STEPS : STEPS.filter((step) => wanted.includes(step.name));
if (steps.length === 0) {
  console.error(`No such step; there are: ${STEPS.map((step) => `'${step.name}'`).join(', ')}`);
  process.exitCode = 1;
}

const start = performance.now();
const queue = [...steps];
const failed: string[] = [];
await Promise.all([work(), work()]);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
if (failed.length > 0) {
  console.log(`\ncheck failed after ${seconds} s: ${failed.join(', ')}`);
  process.exitCode = 1;
} else {
  console.log(`\ncheck passed in ${seconds} s`);
}

async function work(): Promise<void> {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    const from = performance.now();
    const { code, output } = await step.run();
    const time = `${((performance.now() - from) / 1000).toFixed(1)} s`;
    if (code === 0) {
      const last = output.trimEnd().split('\n').at(-1) ?? '';
      console.log(`ok     ${step.name} (${time}) ${last}`);
    } else {
      failed.push(step.name);
      console.log(`FAILED ${step.name} (${time})\n${output.trimEnd()}\n  -> ${step.help}`);
    }
  }
}
