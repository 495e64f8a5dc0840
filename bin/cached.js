// Runs the built command line from V8's code cache, functions that compiled on first call included; Node's own compile cache leaves
// those out, and they are most of a short program's start. The cache is made by the first run, for one build and one Node, in a
// folder that only the user can write. TENON_CACHE=0 does without.

const { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = process.getBuiltinModule('node:fs');
const { createRequire } = process.getBuiltinModule('node:module');
const { Script } = process.getBuiltinModule('node:vm');

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
    const { uid, mode } = statSync(folder);
    if (process.getuid && (uid !== process.getuid() || (mode & 0o022) !== 0)) return undefined;
    return readFileSync(`${folder}/${name}`);
  } catch {
    return undefined;
  }
}

function write(folder, name, data) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (process.getuid) chmodSync(folder, 0o700);
    const temporary = `${folder}/${name}.${process.pid}`;
    writeFileSync(temporary, data, { mode: 0o600 });
    renameSync(temporary, `${folder}/${name}`);
  } catch {
    // No cache, then: the next start is as slow as this one.
  }
}

/** Loads a bundle in CommonJS form; gives its exports, and what to call once it has done its work. */
export function loadCached(path) {
  const source = readFileSync(path, 'utf8');
  const { size, mtimeMs } = statSync(path);
  const folder = cacheFolder();
  const name = `cli-${process.version}-${process.arch}-${size}-${Math.trunc(mtimeMs)}`;
  const cachedData = folder && read(folder, name);
  const script = new Script(`(function (require, module, exports, __filename) {${source}\n})`, {
    filename: path,
    ...(cachedData ? { cachedData } : {}),
  });
  const module = { exports: {} };
  script.runInThisContext()(createRequire(path), module, module.exports, path);
  const save = () => {
    if (folder && (!cachedData || script.cachedDataRejected)) write(folder, name, script.createCachedData());
  };
  return { exports: module.exports, save };
}
