#!/usr/bin/env node
// Starts the command line. In the published package it runs the built program; in a checkout it runs the sources, on the Node that
// the checkout pins when the running one is too old for them. Written so that a Node older than the required one can still read it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const REQUIRED = 24;

const major = Number(process.versions.node.split('.')[0]);
const here = (path) => new URL(path, import.meta.url);
const source = here('../src/cli/main.ts');
const inCheckout = existsSync(source);

if (major >= REQUIRED) {
  module.enableCompileCache?.();
  const { main } = await import(inCheckout ? source.href : here('../dist/cli/main.js').href);
  await exit(await main(process.argv.slice(2)));
} else {
  const pinned = inCheckout ? pinnedNode() : undefined;
  if (pinned === undefined) {
    console.error(`tenon needs Node ${REQUIRED} or newer; this is ${process.version} (${process.execPath}).`);
    console.error(
      inCheckout
        ? 'This checkout has no pinned Node: run `npm install` in it, without --omit=optional.'
        : 'Install a newer Node, or run tenon with one: path/to/node node_modules/.bin/tenon',
    );
    process.exitCode = 1;
  } else {
    runOn(pinned);
  }
}

/** Ends at once, whatever the program left open, but not before its output is out (pipes are asynchronous on some platforms). */
async function exit(code) {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve));
  }
  process.exit(code);
}

function pinnedNode() {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const names = [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`];
  const found = names.map((name) => here(`../node_modules/${name}/bin/node${suffix}`)).find((url) => existsSync(url));
  return found && fileURLToPath(found);
}

/** Runs this file again on `node`: same streams, same signals, same exit. */
function runOn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`tenon could not start the pinned Node: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exit(code);
    }
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
