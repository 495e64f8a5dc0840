// One command for two engines. Commands: `sum KEY` (JSON lines on standard input), `copy DIR FROM TO`, `exit N`, `err`, `trap`;
// else arguments and environment.
import { getArguments, getEnvironment } from 'wasi:cli/environment@0.2.12';
import { exitWithCode } from 'wasi:cli/exit@0.2.12';
import { getStderr } from 'wasi:cli/stderr@0.2.12';
import { getStdin } from 'wasi:cli/stdin@0.2.12';
import { getStdout } from 'wasi:cli/stdout@0.2.12';
import { now } from 'wasi:clocks/monotonic-clock@0.2.12';
import { getDirectories } from 'wasi:filesystem/preopens@0.2.12';
import { getRandomBytes } from 'wasi:random/random@0.2.12';

// StarlingMonkey takes a u64 as a bigint, QuickJS as a number.
const u64 = typeof Response === 'undefined' ? Number : BigInt;

// QuickJS has neither TextEncoder nor TextDecoder.
const encode = (text) => Uint8Array.from(unescape(encodeURIComponent(text)), (c) => c.charCodeAt(0));
const decode = (bytes) => decodeURIComponent(escape(String.fromCharCode(...bytes)));

const print = (text) => getStdout().blockingWriteAndFlush(encode(`${text}\n`));
const complain = (text) => getStderr().blockingWriteAndFlush(encode(`${text}\n`));

function readAll(stream) {
  const bytes = [];
  try {
    for (;;) bytes.push(...stream.blockingRead(u64(4096)));
  } catch (error) {
    const reason = error?.payload ?? error;
    if (reason?.tag !== 'closed') throw error;
  }
  return decode(bytes);
}

function sum(key) {
  const rows = readAll(getStdin()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const groups = new Map();
  for (const row of rows) groups.set(row[key], (groups.get(row[key]) ?? 0) + row.amount);
  for (const [name, amount] of [...groups].sort()) print(`${name}\t${amount}`);
}

function copy(path, from, to) {
  const [dir] = getDirectories().find(([, name]) => name === path) ?? [];
  if (dir === undefined) return complain(`no directory ${path}`);
  const source = dir.openAt({}, from, {}, { read: true });
  const [bytes, end] = source.read(u64(65536), u64(0));
  const target = dir.openAt({}, to, { create: true, truncate: true }, { write: true });
  const written = target.write(bytes, u64(0));
  print(`${written} bytes, end ${end}, type ${source.getType()}`);
  try {
    dir.openAt({}, '../outside', {}, { read: true });
  } catch (error) {
    print(`outside: ${error?.payload ?? error}`);
  }
}

export const run = {
  run() {
    const [command, ...rest] = getArguments().slice(1);
    switch (command) {
      case 'sum':
        return sum(rest[0]);
      case 'copy':
        return copy(...rest);
      case 'exit':
        print('leaving');
        return exitWithCode(Number(rest[0]));
      case 'err':
        complain('asked to fail');
        throw undefined;
      case 'trap':
        return getRandomBytes('many').then();
      default: {
        const start = now();
        print(JSON.stringify({ command, rest, env: getEnvironment(), random: getRandomBytes(u64(9)).length, later: now() >= start }));
      }
    }
  },
};
