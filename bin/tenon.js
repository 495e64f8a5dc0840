#!/usr/bin/env node
// Starts the command line. In the published package it runs the built program; in a checkout it runs the sources, on the Node that
// the checkout pins when the running one is too old for them. Written so that a Node older than the required one can still read it.
// Modules of Node are loaded when they are needed: each costs a short program a part of its start.

const REQUIRED = 24;

const major = Number(process.versions.node.split('.')[0]);
let fs;

const here = (path) => new URL(path, import.meta.url);

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
  const path = process.getBuiltinModule('node:url').fileURLToPath(here('../dist/cli/main.cjs'));
  const { exports, cache, save } = loadCached(path, words[0] ?? '');
  const code = await exports.main(words, cache);
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
// out, and they are most of a short program's start. The first run of a command makes it, for one build and one Node. What was found
// out about components is kept beside it (src/cli/cache.ts). TENON_CACHE=0 does without; TENON_CACHE_DIR names another folder.

/** Bytes in the folder at most; the files that were used longest ago go first. */
const MOST_BYTES = 256 * 1024 * 1024;
const DAY = 24 * 60 * 60 * 1000;
const OURS = /^(cli|component)-/;

function cacheFolder() {
  const { env, platform } = process;
  if (env.TENON_CACHE === '0') return undefined;
  if (env.TENON_CACHE_DIR) return env.TENON_CACHE_DIR;
  const base = env.XDG_CACHE_HOME || (platform === 'win32' ? env.LOCALAPPDATA : env.HOME && `${env.HOME}/.cache`);
  return base ? `${base}/tenon` : undefined;
}

/** Files that only the user can write, and that are whole or not there. */
class Cache {
  constructor(folder, id) {
    this.folder = folder;
    /** What the files depend on besides their names: this build, on this Node. */
    this.id = id;
    /** Whether a component was found. */
    this.found = false;
    this.wrote = false;
  }

  /** Whether nobody else can have written what is in the folder. */
  #trusted() {
    const { uid, mode } = fs.statSync(this.folder);
    return !process.getuid || (uid === process.getuid() && (mode & 0o022) === 0);
  }

  /**
   * A file, or undefined. Files hold their contents twice: to compare the halves finds what a disk or a program has damaged, at a tenth of
   * what a checksum in JavaScript costs, and without Node's crypto, whose loading alone costs more than all of the start.
   */
  read(name) {
    try {
      if (!this.#trusted()) return undefined;
      const path = `${this.folder}/${name}`;
      const file = fs.openSync(path, 'r');
      try {
        const { size, mtimeMs } = fs.fstatSync(file);
        const both = Buffer.allocUnsafeSlow(size);
        for (let at = 0; at < size; ) {
          const count = fs.readSync(file, both, at, size - at, at);
          if (count === 0) return undefined;
          at += count;
        }
        const half = size / 2;
        if (half === 0 || !Number.isInteger(half) || !both.subarray(0, half).equals(both.subarray(half)))
          return undefined;
        if (Date.now() - mtimeMs > DAY) fs.futimesSync(file, new Date(), new Date());
        this.found ||= name.startsWith('component-');
        return both.subarray(0, half);
      } finally {
        fs.closeSync(file);
      }
    } catch {
      return undefined;
    }
  }

  /** Writes a file whole, whoever else writes it at the same time. */
  write(name, data) {
    const temporary = `${this.folder}/${name}.${process.pid}.tmp`;
    try {
      if (data.length > MOST_BYTES / 8) return;
      fs.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      if (!this.#trusted()) return;
      fs.writeFileSync(temporary, Buffer.concat([data, data]), { mode: 0o600, flag: 'wx' });
      fs.renameSync(temporary, `${this.folder}/${name}`);
      this.wrote = true;
    } catch {
      // No cache, then: the next start is as slow as this one.
      try {
        fs.unlinkSync(temporary);
      } catch {
        // It was not even begun.
      }
    }
  }

  /** Keeps the folder small, after something was written. */
  tidy() {
    if (!this.wrote) return;
    try {
      const files = [];
      for (const name of fs.readdirSync(this.folder)) {
        if (!OURS.test(name)) continue;
        const path = `${this.folder}/${name}`;
        const { size, mtimeMs } = fs.statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
        files.push({ path, size, mtimeMs });
      }
      files.sort((a, b) => b.mtimeMs - a.mtimeMs);
      let total = 0;
      for (const { path, size, mtimeMs } of files) {
        total += size;
        const left = path.endsWith('.tmp') && Date.now() - mtimeMs > DAY;
        if (total > MOST_BYTES || left) fs.rmSync(path, { force: true });
      }
    } catch {
      // The next program that writes tries again.
    }
  }
}

/** Loads a bundle in CommonJS form for a command; gives its exports, its cache, and what to call once it has done its work. */
function loadCached(path, command) {
  const { readFileSync, statSync } = fs;
  // The bundle is one function; it is ASCII, since esbuild escapes the rest.
  const source = readFileSync(path, 'latin1');
  const { size, mtimeMs } = statSync(path);
  const folder = cacheFolder();
  const id = `${process.version}-${process.arch}-${size}-${Math.trunc(mtimeMs)}`;
  const cache = folder && new Cache(folder, id);
  // What runs when a component is found in the cache is not what runs when it is not: the code is kept once more then.
  const cold = `cli-${/^[a-z]+$/.test(command) ? command : ''}-${id}`;
  const warm = `${cold}-warm`;
  const warmData = cache?.read(warm);
  const cachedData = warmData ?? cache?.read(cold);
  const { Script } = process.getBuiltinModule('node:vm');
  const script = new Script(source, { filename: path, ...(cachedData ? { cachedData } : {}) });
  const module = { exports: {} };
  // The bundle asks for nothing but Node's own modules; `createRequire` would load more of Node than it needs.
  script.runInThisContext()((id) => process.getBuiltinModule(id), module, module.exports, path);
  const save = () => {
    if (!cache) return;
    const usable = cachedData && !script.cachedDataRejected;
    if (cache.found && !(usable && warmData)) cache.write(warm, script.createCachedData());
    else if (!usable) cache.write(cold, script.createCachedData());
    cache.tidy();
  };
  return { exports: module.exports, cache, save };
}

if (major >= REQUIRED) {
  await start();
} else {
  await startElsewhere();
}
