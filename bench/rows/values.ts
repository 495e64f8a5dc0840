/** A host and a guest give each other strings, lists and records: the guest gives back what it was given. */
import { deepStrictEqual } from 'node:assert';
import { bytesGlue } from '../glue/bytes.ts';
import { referenceGlue } from '../glue/reference.ts';
import { coreModules, guest, instance, sharedGuest } from '../guest.ts';
import { type Contender, type Effort, loop, timed } from '../measure.ts';
import { jcoContenders } from '../peers/jco-contenders.ts';
import { type AnyFunction, tenonExports } from '../peers/tenon.ts';
import { type Claim, fasterThanJco, type Row, type Settings, TENON, times } from '../row.ts';

const GLUE = 'reference glue';

interface Echo {
  /** The component and the name of its export. */
  readonly component: () => Uint8Array<ArrayBuffer>;
  readonly name: string;
  readonly glue: () => Promise<AnyFunction>;
  /** What is passed, in turns. */
  readonly inputs: () => readonly unknown[];
  /** Code that uses the result `r`. */
  readonly use: string;
}

const USE_STRING = 'x += r.length + r.charCodeAt(r.length - 1);';
const USE_NUMBERS = 'x += r.length + r[r.length - 1];';
const USE_RECORDS = 'x += r.length + r[r.length - 1][0];';

/** For what allocates much: long enough that a measurement has its share of the collector's work. */
function long(quick: boolean): Effort {
  return quick ? { warmUp: 4, rounds: 9, budget: 20 } : { warmUp: 8, rounds: 31, budget: 40 };
}

/** Contenders that give the same value back, which is tested first. */
async function echoes(settings: Settings, echo: Echo): Promise<readonly Contender[]> {
  const component = echo.component();
  const { use } = echo;
  const inputs = echo.inputs();
  const sample = (f: AnyFunction): (() => number) => {
    const plain = (value: unknown): unknown => (ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value);
    for (const input of inputs) deepStrictEqual(plain(f(input)), plain(input));
    return timed(
      loop({ f, inputs, mask: inputs.length - 1 }, `const r = f(inputs[i & mask]); ${use}`),
      settings.effort,
    );
  };
  return [
    { name: TENON, sample: sample((await tenonExports(settings.form, component))[echo.name]!) },
    { name: GLUE, sample: sample(await echo.glue()) },
    ...(await jcoContenders(settings, component, (exports) => sample(exports[echo.name]!))),
  ];
}

function stringRow(name: string, pattern: string, size: number, jco: readonly Claim[]): Row {
  const echo: Echo = {
    component: () => sharedGuest('bench'),
    name: 'echoString',
    glue: async () => (await referenceGlue()).echoString,
    inputs: () => strings(pattern, size),
    use: USE_STRING,
  };
  return {
    name,
    unit: 'ns',
    claims: [times(1.3, GLUE), ...jco],
    ...(size > 100_000 ? { effort: long } : {}),
    contenders: (settings) => echoes(settings, echo),
  };
}

/** Four strings of `size` bytes each: a pattern, from another place each time. */
function strings(pattern: string, size: number): readonly string[] {
  return [0, 1, 2, 3].map((turn) => {
    const characters = [...pattern];
    const turned = [...characters.slice(turn), ...characters.slice(0, turn)];
    const whole = turned.join('').repeat(Math.floor(size / Buffer.byteLength(pattern)));
    let left = size - Buffer.byteLength(whole);
    let end = '';
    for (const character of turned) {
      if (Buffer.byteLength(character) > left) break;
      end += character;
      left -= Buffer.byteLength(character);
    }
    return whole + end + 'x'.repeat(left);
  });
}

const ASCII = 'The quick brown fox jumps over the lazy dog. ';
const MIXED = 'Привет, мир! Grüße aus Köln, 日本語言葉 🙂 ok ';

function bytesRow(name: string, size: number): Row {
  const echo: Echo = {
    component: () => guest('bytes'),
    name: 'echo',
    glue: async () => bytesGlue(instance(coreModules(guest('bytes'))[0]!)).echo,
    inputs: () => [Uint8Array.from({ length: size }, (_, i) => i * 7)],
    use: USE_NUMBERS,
  };
  return {
    name,
    unit: 'ns',
    claims: [times(1.1, GLUE), fasterThanJco(2)],
    effort: long,
    contenders: (settings) => echoes(settings, echo),
  };
}

function listRow(name: string, input: readonly number[] | Uint32Array, bound: number, jco: number): Row {
  const echo: Echo = {
    component: () => sharedGuest('bench'),
    name: 'echoList',
    glue: async () => (await referenceGlue()).echoListU32,
    inputs: () => [input],
    use: USE_NUMBERS,
  };
  return {
    name,
    unit: 'ns',
    claims: [times(bound, GLUE), fasterThanJco(jco)],
    effort: long,
    contenders: (settings) => echoes(settings, echo),
  };
}

const NUMBERS = Array.from({ length: 10_000 }, (_, i) => (i * 2_654_435_761) % 1_000_003);
const RECORDS = Array.from({ length: 100 }, (_, i) => [
  i,
  `record number ${i}`.padEnd(16 + (i % 5)),
  i / 4,
  i % 2 === 1,
]);

export const valueRows: readonly Row[] = [
  stringRow('string of 16 B', ASCII, 16, [fasterThanJco(8)]),
  stringRow('string of 1 kB, ASCII', ASCII, 1024, [fasterThanJco(8)]),
  stringRow('string of 1 kB, not ASCII', MIXED, 1024, []),
  stringRow('string of 1 MB', ASCII, 1_000_000, []),
  bytesRow('list<u8> of 64 kB', 65_536),
  bytesRow('list<u8> of 1 MB', 1_048_576),
  listRow('list<u32> of 10,000, typed array', Uint32Array.from(NUMBERS), 1.2, 1),
  listRow('list<u32> of 10,000, plain array', NUMBERS, 1.5, 10),
  {
    name: 'list of 100 records',
    unit: 'ns',
    claims: [times(1.5, GLUE), fasterThanJco(10)],
    contenders: (settings) =>
      echoes(settings, {
        component: () => sharedGuest('bench'),
        name: 'echoRecs',
        glue: async () => (await referenceGlue()).echoRecords,
        inputs: () => [RECORDS],
        use: USE_RECORDS,
      }),
  },
];
