#!/usr/bin/env node
'use strict';
/**
 * The launcher. Start-up is most of the cost of a small command, so this file does little: `--version` is answered
 * from here, a known command is loaded from its own bundle through V8's code cache, and only help, unknown commands
 * and the like pay for the whole of oclif. It is one file, since Node takes half a millisecond to find another. See
 * docs/decisions/start-up.md.
 */
const path = require('node:path');
const fs = require('node:fs');
const vm = require('node:vm');

const root = path.join(__dirname, '..');
const dist = path.join(root, 'dist');

/** So many runs of a command add what they used to its cache: the first may have had nothing to do. */
const LEARNING_RUNS = 4;

/** Modules of Node that take a while to load, half a millisecond to five, and are needed by few runs. */
const HEAVY = new Set([
  'node:crypto',
  'node:dns',
  'node:fs/promises',
  'node:http2',
  'node:https',
  'node:net',
  'node:tls',
  'node:worker_threads',
]);

/** Wrong usage, or input that cannot be read, as in src/cli/command.ts. */
const EXIT_USAGE = 2;

main(process.argv.slice(2));

function main(argv) {
  const build = readBuild();
  if (build === undefined) {
    process.stderr.write('tsmon: dist/ is missing: run "npm run build" first\n');
    process.exitCode = EXIT_USAGE;
    return;
  }
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(
      `tsmon ${build.version} (node ${process.version}, ${process.platform}-${process.arch})\n`,
    );
    return;
  }
  if (argv[0] === 'promtool') {
    if (asksFor('--version', argv)) {
      process.stdout.write(`promtool, version ${build.version} (tsmon)\n`);
      return;
    }
    // As promtool, which says what there is.
    argv = argv.length === 1 ? ['promtool', '--help'] : withFlagsBehind(argv);
  }
  const found = findCommand(build.commands, argv);
  if (found === undefined || asksFor('--help', found.argv) || asksFor('-h', found.argv)) {
    require('./help.cjs').main(argv, root, build.commands);
    return;
  }
  loader(build)(build.bundles[found.id]).start(found.argv, found.id, build.version, root);
}

/** What the build says of itself: version, a stamp that changes with every build, and the command ids. */
function readBuild() {
  try {
    return JSON.parse(fs.readFileSync(path.join(dist, 'build.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The longest run of leading words that names a command: `tsdb append --to d` is `tsdb:append`. */
function findCommand(commands, argv) {
  let words = 0;
  while (words < argv.length && words < 4 && /^[a-z_][a-z_-]*$/.test(argv[words])) words++;
  for (; words > 0; words--) {
    const id = argv.slice(0, words).join(':');
    if (commands.includes(id)) return { id, argv: argv.slice(words) };
  }
  return undefined;
}

/** promtool takes its global flags in front of the command, too. */
function withFlagsBehind([promtool, ...rest]) {
  const flags = rest.slice(
    0,
    Math.max(
      0,
      rest.findIndex((arg) => !arg.startsWith('--')),
    ),
  );
  return [promtool, ...rest.slice(flags.length), ...flags];
}

/** oclif's own rule: a flag for help is one anywhere before `--`. */
function asksFor(flag, argv) {
  const at = argv.indexOf(flag);
  const end = argv.indexOf('--');
  return at >= 0 && (end < 0 || at < end);
}

/**
 * Returns a function that loads `dist/<name>.cjs` through a code cache, and gives its exports: after the first runs of a
 * command, V8's compiled form of the functions they used is kept in the user's cache folder, so that the next run
 * compiles nothing. A cache that is missing, stale, unreadable or unwritable only costs time, never a failure.
 */
function loader(build) {
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
    const { cachedData, runs } = readCache(cacheFile);
    // The bundles are ASCII (esbuild's default), and Latin-1 is the cheapest decoder for that.
    const script = new vm.Script(fs.readFileSync(file, 'latin1'), {
      filename: file,
      cachedData,
      importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    const requireFrom = (id) => {
      // The bundles leave oclif out, so that it exists once and not in every command.
      if (id === '@oclif/core') return load('oclif');
      // Everything else that a bundle asks for is Node's own.
      if (HEAVY.has(id)) return whenUsed(id);
      return id.startsWith('late:') ? load(id.replace(':', '/')) : require(id);
    };
    script.runInThisContext()(module.exports, requireFrom, module, file, path.dirname(file));
    const learned = script.cachedDataRejected === false ? runs : 0;
    if (learned < LEARNING_RUNS) storeLater(cacheFile, script, learned + 1);
    return module.exports;
  };
  return load;
}

/** The module, loaded when one of its exports is asked for: bundles do that where they use it. */
function whenUsed(id) {
  return new Proxy({}, { get: (_, name) => require(id)[name] });
}

/** V8's data, and in one byte behind it how many runs it has seen. */
function readCache(file) {
  try {
    const bytes = fs.readFileSync(file);
    return { cachedData: bytes.subarray(0, -1), runs: bytes[bytes.length - 1] };
  } catch {
    return { cachedData: undefined, runs: 0 };
  }
}

/**
 * At exit, when the functions that this command uses have been compiled, or when a server says that it has settled: it
 * may be killed, and every start of it uses the same. What was refused has not seen what the next run will use.
 */
function storeLater(file, script, runs) {
  const keep = (seen) => {
    process.off('exit', atExit).off('settled', atRest);
    if (process.exitCode !== EXIT_USAGE) store(file, script, seen);
  };
  const atExit = () => keep(runs);
  const atRest = () => keep(LEARNING_RUNS);
  process.once('exit', atExit).once('settled', atRest);
}

/** Atomic, and silent about failure. */
function store(file, script, runs) {
  try {
    const folder = path.dirname(file);
    const isNew = fs.mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
    const temporary = `${file}.${process.pid}.tmp`;
    fs.writeFileSync(temporary, Buffer.concat([script.createCachedData(), Buffer.of(runs)]));
    fs.renameSync(temporary, file);
    if (isNew) forgetOthers(path.dirname(folder));
  } catch {
    // A read-only home or a full disk: the next run compiles again.
  }
}

/** What other builds have left, and not written to for a week. */
function forgetOthers(folder) {
  const weekAgo = Date.now() - 7 * 86_400_000;
  for (const name of fs.readdirSync(folder)) {
    const other = path.join(folder, name);
    if (fs.statSync(other).mtimeMs < weekAgo) fs.rmSync(other, { recursive: true, force: true });
  }
}
