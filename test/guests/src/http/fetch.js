// A program that asks others over HTTP: `METHOD URL [BODY]`. Prints what it is answered, or why not.
import { getArguments } from 'wasi:cli/environment@0.2.12';
import { getStdout } from 'wasi:cli/stdout@0.2.12';

function print(text) {
  const bytes = new TextEncoder().encode(`${text}\n`);
  const out = getStdout();
  // No more fits into one call.
  for (let at = 0; at < bytes.length; at += 4096) out.blockingWriteAndFlush(bytes.subarray(at, at + 4096));
}

async function ask([method, url, body]) {
  try {
    const answer = await fetch(url, { method, ...(body === undefined ? {} : { body }), redirect: 'manual' });
    print(`${answer.status} ${answer.headers.get('x-answer')}`);
    print(await answer.text());
  } catch (error) {
    print(`failed: ${error}`);
  }
}

export const run = {
  async run() {
    await ask(getArguments().slice(1));
  },
};
