#!/usr/bin/env node
// Starts the command line. In the published package it runs the built program; in a checkout it runs the sources, on the Node that
// the checkout pins when the running one is too old for them. Written so that a Node older than the required one can still read it.
// Modules of Node are loaded when they are needed: each costs a short program a part of its start.

const REQUIRED = 24;

const major = Number(process.versions.node.split('.')[0]);
let fs;

const here = (path) => new URL(path, import.meta.url);

if (major >= REQUIRED) {
  await start();
} else {
  await startElsewhere();
}

async function start() {
  fs = process.getBuiltinModule('node:fs');
  const { existsSync } = fs;
  const words = process.argv.slice(2);
  const streams = watchStreams();
  const source = here('../src/cli/main.ts');
  if (existsSync(source) && process.env.TENON_BUILT !== '1') {
    process.getBuiltinModule('node:module').enableCompileCache?.();
    const { main } = await import(source.href);
    await exit(await main(words), streams);
  }
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

// The built program runs from V8's code cache, functions that compiled on first call included; Node's own compile cache leaves those
// out, and they are most of a short program's start. The first run makes it, for one build and one Node, in a folder that only the
// user can write. TENON_CACHE=0 does without.

function cacheFolder() {
  if (process.env.TENON_CACHE === '0') return undefined;
  const base =
    process.env.XDG_CACHE_HOME ||
    (process.platform === 'win32' ? process.env.LOCALAPPDATA : process.env.HOME && `${process.env.HOME}/.cache`);
  return base ? `${base}/tenon` : undefined;
}

/** The cache of this build on this Node, if it is ours to trust. */
function read(folder, name) {
  try {
    const { uid, mode } = fs.statSync(folder);
    if (process.getuid && (uid !== process.getuid() || (mode & 0o022) !== 0)) return undefined;
    return fs.readFileSync(`${folder}/${name}`);
  } catch {
    return undefined;
  }
}

function write(folder, name, data) {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (process.getuid) fs.chmodSync(folder, 0o700);
    const temporary = `${folder}/${name}.${process.pid}`;
    fs.writeFileSync(temporary, data, { mode: 0o600 });
    fs.renameSync(temporary, `${folder}/${name}`);
  } catch {
    // No cache, then: the next start is as slow as this one.
  }
}

/** Loads a bundle in CommonJS form; gives its exports, and what to call once it has done its work. */
function loadCached(path) {
  const { readFileSync, statSync } = fs;
  // The bundle is ASCII: esbuild escapes the rest.
  const source = readFileSync(path, 'latin1');
  const { size, mtimeMs } = statSync(path);
  const folder = cacheFolder();
  const name = `cli-${process.version}-${process.arch}-${size}-${Math.trunc(mtimeMs)}`;
  const cachedData = folder && read(folder, name);
  const { Script } = process.getBuiltinModule('node:vm');
  const script = new Script(`(function (require, module, exports, __filename) {${source}\n})`, {
    filename: path,
    ...(cachedData ? { cachedData } : {}),
  });
  const module = { exports: {} };
  script.runInThisContext()(process.getBuiltinModule('node:module').createRequire(path), module, module.exports, path);
  const save = () => {
    if (folder && (!cachedData || script.cachedDataRejected)) write(folder, name, script.createCachedData());
  };
  return { exports: module.exports, save };
}
