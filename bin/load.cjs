'use strict';
/**
 * Loads a bundle of dist/ through a code cache: after the first run of a command, V8's compiled form of the
 * functions it used is kept in the user's cache folder, so that the next run compiles nothing. A cache that is
 * missing, stale, unreadable or unwritable only costs time, never a failure.
 */
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

/** Returns a function that loads `dist/<name>.cjs` and gives its exports. */
function loader(dist, build) {
  const loaded = new Map();
  const cacheDir = path.join(
    process.env.XDG_CACHE_HOME || path.join(process.env.HOME || require('node:os').homedir(), '.cache'),
    'tsmon',
    `${build.stamp}-${process.version}-${process.arch}`,
  );
  const load = (name) => {
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const file = path.join(dist, `${name}.cjs`);
    const module = { exports: {} };
    loaded.set(name, module);
    const cacheFile = path.join(cacheDir, `${name.replaceAll('/', '-')}.bin`);
    const cachedData = read(cacheFile);
    const script = new vm.Script(
      `(function (exports, require, module, __filename, __dirname) {${source(file)}\n})`,
      {
        filename: file,
        cachedData,
        importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      },
    );
    const requireFrom = (id) => {
      // The bundles leave oclif out, so that it exists once and not in every command.
      if (id === '@oclif/core') return load('oclif');
      // Everything else that a bundle asks for is Node's own.
      return id.startsWith('late:') ? load(id.replace(':', '/')) : require(id);
    };
    script.runInThisContext()(module.exports, requireFrom, module, file, path.dirname(file));
    if (cachedData === undefined || script.cachedDataRejected) {
      const keep = () => {
        process.off('exit', keep).off('settled', keep);
        store(cacheFile, script);
      };
      process.once('exit', keep).once('settled', keep);
    }
    return module.exports;
  };
  return load;
}

/** The bundles are ASCII (esbuild's default), and Latin-1 is the cheapest decoder for that. */
function source(file) {
  return fs.readFileSync(file, 'latin1');
}

function read(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/**
 * At exit, when the functions that this command uses have been compiled, or when a server says that it has settled: it
 * may be killed. Atomic, and silent about failure.
 */
function store(file, script) {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}.tmp`;
    fs.writeFileSync(temporary, script.createCachedData());
    fs.renameSync(temporary, file);
  } catch {
    // A read-only home or a full disk: the next run compiles again.
  }
}

module.exports = { loader };
