/** What the peer answered to calls of composed guests: files of lines `CALL => RESULT`, written by `record.ts`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HERE } from '../cases.ts';
import type { FlowGuest } from './make.ts';

/** A composition and its calls, each made of a fresh instance. */
export interface Suite {
  /** The first one's imports are the others' exports. */
  readonly guests: readonly [FlowGuest, ...FlowGuest[]];
  readonly calls: readonly string[];
}

/** Where the peer goes on for ever: nothing can come any more. */
export const NEVER = 'never ends';

const DRIVER = [
  'at-once()',
  'concurrent([3, 1, 2, 0])',
  'answers([2, 0, 3, 1])',
  'cancelled()',
  'cancelled-before()',
  'meetings([5, 1, 3])',
  'pressure()',
  'many(1)',
  'many(300)',
  'resources()',
  'streamed-jobs([])',
  'streamed-jobs(["a", "ü"])',
  'streamed-jobs(["a", "b", "c", "d", "e"])',
  'readings(0)',
  'readings(10)',
  'describe(0)',
  'describe(10)',
  'futures()',
  'own-future()',
  'passed(0, "")',
  'passed(1, "grüße")',
  'passed(40, "from hand to hand")',
  'left(10, 0)',
  'left(10, 4)',
  'left(10, 10)',
  'left(0, 0)',
];

const CRITIC = [
  'unwritten()',
  'kept()',
  'kept-dropped()',
  'breaks(0)',
  'breaks(100)',
  'breaks(200000)',
  'ignores(10)',
  'ignores-dropped(10)',
  'leaves(10, 3)',
  'leaves(3, 10)',
  'leaves(3, 0)',
  'leaves(0, 3)',
  'forever()',
  'forever-dropped()',
];

const SIZES = ['0, 1', '1, 1', '10001, 7', '65536, 65536', '65537, 65536', '300000, 100000', '1000000, 4096'];

const PUMP = ['receive', 'send', 'join'].flatMap((name) => SIZES.map((size) => `${name}(${size})`));

/** For a peer that takes seconds to begin. */
const FEW = /\((?:0, 1|10001, 7|65537, 65536)\)/;

export const SUITES: Readonly<Record<string, Suite>> = {
  driver: { guests: ['rust-driver', 'rust-worker'], calls: DRIVER },
  'critic-rust': { guests: ['rust-critic', 'rust-mischief'], calls: CRITIC },
  'critic-c': { guests: ['rust-critic', 'c-mischief'], calls: CRITIC },
  'pump-rust-c': { guests: ['rust-pump', 'rust-source', 'c-sink'], calls: PUMP },
  'pump-c-rust': { guests: ['rust-pump', 'c-source', 'rust-sink'], calls: PUMP },
  'pump-js-c': { guests: ['rust-pump', 'js-source', 'c-sink'], calls: PUMP },
  'pump-py': { guests: ['py-pump', 'js-source', 'c-sink'], calls: PUMP.filter((call) => FEW.test(call)) },
  'pump-rust-js': { guests: ['rust-pump', 'rust-source', 'js-sink'], calls: PUMP },
};

export function recordedFile(suite: string): string {
  return join(HERE, 'expected/flow', `${suite}.txt`);
}

/** Results by call, as the peer answered. */
export function recorded(suite: string): ReadonlyMap<string, string> {
  const file = recordedFile(suite);
  if (!existsSync(file)) throw new Error(`nothing is recorded of ${suite}: run test/guests/flow/record.ts ${suite}`);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(' => ');
      return [line.slice(0, at), line.slice(at + 4)];
    }),
  );
}
