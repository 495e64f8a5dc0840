#!/usr/bin/env node
// Starts the command line. In the published package it runs the built program; in a checkout it runs the sources, on the Node that
// the checkout pins when the running one is too old for them. Written so that a Node older than the required one can still read it.
// Modules of Node are loaded when they are needed: each costs a short program a part of its start.

const REQUIRED = 24;

const major = Number(process.versions.node.split('.')[0]);
const here = (path) => new URL(path, import.meta.url);

if (major >= REQUIRED) {
  await start();
} else {
  await startElsewhere();
}

async function start() {
  const { existsSync } = process.getBuiltinModule('node:fs');
  const words = process.argv.slice(2);
  const streams = watchStreams();
  const source = here('../src/cli/main.ts');
  if (existsSync(source) && process.env.TENON_BUILT !== '1') {
    process.getBuiltinModule('node:module').enableCompileCache?.();
    const { main } = await import(source.href);
    await exit(await main(words), streams);
  }
  const { loadCached } = await import('./cached.js');
  const { exports, save } = loadCached(
    process.getBuiltinModule('node:url').fileURLToPath(here('../dist/cli/main.cjs')),
  );
  const code = await exports.main(words);
  save();
  await exit(code, streams);
}

/** The streams of the process that somebody has asked for: asking opens them, which a program that does not print need not pay. */
function watchStreams() {
  const used = [];
  for (const name of ['stdout', 'stderr']) {
    const { get } = Object.getOwnPropertyDescriptor(process, name);
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get() {
        const stream = get.call(process);
        if (!used.includes(stream)) used.push(stream);
        return stream;
      },
    });
  }
  return used;
}

/** Ends at once, whatever the program left open, but not before its output is out (pipes are asynchronous on some platforms). */
async function exit(code, streams) {
  for (const stream of streams) {
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve));
  }
  process.exit(code);
}

/** On a Node that is too old: runs this file again on the pinned one, where there is one. */
async function startElsewhere() {
  const { existsSync } = await import('node:fs');
  const inCheckout = existsSync(here('../src/cli/main.ts'));
  const pinned = inCheckout ? await pinnedNode(existsSync) : undefined;
  if (pinned !== undefined) {
    await runOn(pinned);
    return;
  }
  console.error(`tenon needs Node ${REQUIRED} or newer; this is ${process.version} (${process.execPath}).`);
  console.error(
    inCheckout
      ? 'This checkout has no pinned Node: run `npm install` in it, without --omit=optional.'
      : 'Install a newer Node, or run tenon with one: path/to/node node_modules/.bin/tenon',
  );
  process.exitCode = 1;
}

async function pinnedNode(existsSync) {
  const { fileURLToPath } = await import('node:url');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const names = [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`];
  const found = names.map((name) => here(`../node_modules/${name}/bin/node${suffix}`)).find((url) => existsSync(url));
  return found && fileURLToPath(found);
}

/** Runs this file again on `node`: same streams, same signals, same exit. */
async function runOn(node) {
  const { spawn } = await import('node:child_process');
  const { fileURLToPath } = await import('node:url');
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`tenon could not start the pinned Node: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.removeAllListeners();
    if (signal === null) process.exit(code ?? 1);
    process.kill(process.pid, signal);
  });
}
