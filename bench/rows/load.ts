/** Components are loaded and instantiated, from bytes that the engine has not seen: it keeps what it compiled, by the bytes. */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { decodeComponent } from '../../src/binary/decode.ts';
import { decodeModule } from '../../src/core/decode.ts';
import { coreRanges, sharedFile } from '../guest.ts';
import { mediumComponent, mediumImports } from '../guests/medium.ts';
import { type Contender, type Effort, once } from '../measure.ts';
import { jcoPresent, transpiled } from '../peers/jco.ts';
import { loadTenon } from '../peers/tenon.ts';
import { temporaryFile, wasmtime, wasmtimeVersion } from '../peers/wasmtime.ts';
import { atMost, fasterThanJco, JCO, JCO_BEST, type Row, type Settings, TENON, times } from '../row.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const COMPILE = 'WebAssembly.compile of its modules';
const WASMTIME_COMPILE = 'wasmtime compile, a process';

/** Milliseconds between runs: what the engine still does for the one before, on threads of its own, is not the next one's. */
const PAUSE = 30;
/** Of the number that makes a copy unique. */
const DIGITS = 4;

function effort(quick: boolean): Effort {
  return quick ? { warmUp: 4, rounds: 8, budget: 0 } : { warmUp: 20, rounds: 40, budget: 0 };
}

/** One run with bytes of its own. */
function loading(fresh: () => Bytes, run: (bytes: Bytes) => unknown): Contender['sample'] {
  return async () => {
    const bytes = fresh();
    await setTimeout(PAUSE);
    return once(() => run(bytes));
  };
}

function compileAll(bytes: Bytes): Promise<unknown> {
  return Promise.all(
    coreRanges(decodeComponent(bytes)).map(({ start, end }) => WebAssembly.compile(bytes.subarray(start, end))),
  );
}

/** Copies of a component whose modules the engine has not seen: a custom section's name has another end in each. */
function copiesOf(original: Bytes): () => Bytes {
  const names = coreRanges(decodeComponent(original)).map(({ start, end }) => {
    const section = decodeModule(original, start, end).sections.findLast(({ id }) => id === 0);
    if (section === undefined) throw new Error('a module without a custom section cannot be made unique');
    // What the decoder calls its start is what follows the name.
    return section.start - DIGITS;
  });
  let copies = 0;
  return () => {
    const bytes = original.slice();
    const name = Buffer.from(String(copies++).padStart(DIGITS, '0'));
    for (const at of names) bytes.set(name, at);
    return bytes;
  };
}

/** What jco needs from bytes to an instance: its transpiled modules cannot be made beforehand either. */
function jcoLoading(fresh: () => Bytes, best: boolean): Contender['sample'] {
  return loading(fresh, async (bytes) => {
    const { instantiate, core } = await transpiled(bytes, best);
    return instantiate(core, mediumImports());
  });
}

async function medium(settings: Settings): Promise<readonly Contender[]> {
  const { Component } = await loadTenon(settings.form);
  const fresh = copiesOf(mediumComponent());
  const tenon = async (bytes: Bytes): Promise<unknown> => (await Component.load(bytes)).instantiate(mediumImports());
  const contenders: Contender[] = [
    { name: TENON, sample: loading(fresh, tenon) },
    { name: COMPILE, sample: loading(fresh, compileAll) },
  ];
  if (settings.peers && jcoPresent) {
    contenders.push({ name: JCO, every: 2, sample: jcoLoading(fresh, false) });
    contenders.push({ name: JCO_BEST, every: 8, sample: jcoLoading(fresh, true) });
  }
  if (settings.peers && wasmtimeVersion !== undefined) contenders.push(wasmtimeCompile(fresh));
  return contenders;
}

function wasmtimeCompile(fresh: () => Bytes): Contender {
  return {
    name: WASMTIME_COMPILE,
    every: 4,
    sample: () => {
      const file = temporaryFile(fresh(), '.wasm');
      return wasmtime(['compile', file, '-o', `${file}.cwasm`]);
    },
  };
}

async function large(settings: Settings): Promise<readonly Contender[]> {
  const { Component } = await loadTenon(settings.form);
  const fresh = copiesOf(new Uint8Array(readFileSync(sharedFile('corpus/py-cmd.wasm'))));
  const ranges = coreRanges(decodeComponent(fresh()));
  const contenders: Contender[] = [
    { name: TENON, sample: loading(fresh, (bytes) => Component.load(bytes)) },
    {
      name: COMPILE,
      sample: loading(fresh, (bytes) =>
        Promise.all(ranges.map(({ start, end }) => WebAssembly.compile(bytes.subarray(start, end)))),
      ),
    },
  ];
  if (settings.peers && jcoPresent) {
    contenders.push({ name: JCO, every: 8, sample: loading(fresh, (bytes) => transpiled(bytes, false)) });
  }
  return contenders;
}

export const loadRows: readonly Row[] = [
  {
    name: 'load and instantiate, 14 kB component, unique bytes',
    unit: 'ms',
    claims: [atMost(2, 'ms'), fasterThanJco(7)],
    effort,
    contenders: medium,
  },
  {
    name: 'load, large component (py-cmd, 18 MB), unique bytes',
    unit: 'ms',
    claims: [times(1.3, COMPILE), fasterThanJco(5)],
    effort,
    contenders: large,
  },
];
