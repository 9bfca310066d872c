/**
 * Builds dist/: one CommonJS bundle for each command class, oclif itself once, the live view, a server's workers, and
 * the manifest that help is written from; with --lib also the core as a library with its types. With --if-stale it
 * does nothing when no source is newer.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';
import { build } from 'esbuild';
import { slimOclif } from './slim-oclif.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
// Built beside, and then swapped in: whoever runs a command meanwhile finds the old one or the new one.
const fresh = `${dist}.${process.pid}.tmp`;

if (process.argv.includes('--if-stale') && !isStale()) process.exit(0);
const begun = new Date();

const commandsDir = join(root, 'src', 'commands');
const sources = filesBelow(commandsDir).filter((file) => file.endsWith('.ts'));
const pkg = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

process.once('exit', () => rmSync(fresh, { recursive: true, force: true }));

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  logLevel: 'warning',
  absWorkingDir: root,
  define: { 'process.env.TSMON_VERSION': JSON.stringify(pkg.version) },
  outExtension: { '.js': '.cjs' },
};

// What the launcher compiles as a script is a function; required, the same file is a module. The launcher need not put
// a function around the text then, which would copy it.
const asFunction = {
  banner: {
    js: '((run)=>typeof module==="undefined"?run:run(exports,require,module,__filename,__dirname))(function(exports,require,module,__filename,__dirname){',
  },
  footer: { js: '})' },
};

// Our modules and Node's do nothing by being loaded: those of which nothing is used are left out.
const pure = {
  name: 'pure-modules',
  setup(b) {
    b.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
    b.onResolve({ filter: /^\.\.?\/.*\.tsx?$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      sideEffects: false,
    }));
  },
};

// Each command's bundle exports the class (for oclif) and `start` (for the launcher).
const entries = {
  name: 'command-entry',
  setup(b) {
    b.onResolve({ filter: /^entry:/ }, (args) => ({
      path: args.path.slice('entry:'.length),
      namespace: 'entry',
    }));
    b.onLoad({ filter: /.*/, namespace: 'entry' }, (args) => ({
      resolveDir: root,
      contents: `
        import CommandClass from ${JSON.stringify(args.path)};
        import { execute } from './src/cli/execute.ts';
        export default CommandClass;
        export const start = (argv, id, version, root) => execute(CommandClass, argv, id, version, root);`,
    }));
  },
};

// ink asks for its developer tools in development only; without them there is nothing to resolve.
const withoutDevtools = {
  name: 'ink-without-devtools',
  setup(b) {
    b.onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'devtools', namespace: 'devtools' }));
    b.onLoad({ filter: /.*/, namespace: 'devtools' }, () => ({ contents: 'export default {};' }));
  },
};

// What few runs of a command come to use are bundles of their own, which bin/tsmon.cjs loads as `late:NAME` when the first
// of their exports is asked for: packages, and the module through which one is used in parts.
const LATE = {
  chalk: 'chalk',
  fzstd: 'fzstd',
  otlp: './src/core/otlp/index.ts',
  re2js: 're2js',
  yaml: './src/core/yaml/parser.ts',
};
const late = {
  name: 'late-bundles',
  setup(b) {
    const lateAs = (path) => {
      const name = Object.keys(LATE).find((name) => LATE[name] === path);
      return name === undefined ? undefined : { path: name, namespace: 'late' };
    };
    b.onResolve({ filter: /^late:/ }, ({ path }) => ({ path, external: true }));
    b.onResolve({ filter: /^[^.]/ }, ({ path }) => lateAs(path));
    b.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir }) =>
      lateAs(`./${relative(root, join(resolveDir, path))}`),
    );
    b.onLoad({ filter: /.*/, namespace: 'late' }, async ({ path: name }) => ({
      contents: `for (const name of ${JSON.stringify(await exportsOf(LATE[name]))})
        Object.defineProperty(exports, name, { enumerable: true, get: () => require('late:${name}')[name] });`,
    }));
  },
};

/** The names that a package, or a module of ours, exports. */
async function exportsOf(module) {
  if (!module.startsWith('.')) return Object.keys(await import(module));
  const { metafile } = await build({
    ...shared,
    format: 'esm',
    entryPoints: [module],
    outfile: 'names.js',
    write: false,
    metafile: true,
    plugins: [yamlModules],
  });
  return Object.values(metafile.outputs)[0].exports;
}

// Of the YAML package its ES modules, from which what nothing uses can be left out; Node is given CommonJS.
const yamlModules = {
  name: 'yaml-modules',
  setup(b) {
    b.onResolve({ filter: /^yaml$/ }, () => ({
      path: join(root, 'node_modules', 'yaml', 'browser', 'dist', 'index.js'),
      sideEffects: false,
    }));
  },
};

await Promise.all([
  build({
    ...shared,
    entryPoints: Object.entries(LATE).map(([out, module]) => ({ in: module, out })),
    outdir: join(fresh, 'late'),
    plugins: [yamlModules],
    ...asFunction,
  }),
  // The live view: modules, because ink waits at its top level, which CommonJS cannot.
  build({
    ...shared,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    define: {
      ...shared.define,
      'process.env.NODE_ENV': '"production"',
      'process.env.DEV': '"false"',
    },
    // What CommonJS packages inside ask for at run time are Node's own modules.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    entryPoints: ['src/cli/live/live.tsx', 'src/cli/live/query-worker.ts'],
    outdir: join(fresh, 'live'),
    jsx: 'automatic',
    plugins: [withoutDevtools],
  }),
  build({
    ...shared,
    entryPoints: sources.map((file) => ({
      in: `entry:${file}`,
      out: bundleName(file),
    })),
    outdir: join(fresh, 'commands'),
    external: ['@oclif/core'],
    plugins: [entries, late, yamlModules, pure],
    ...asFunction,
  }),
  // The browser's part of a server; its page is as it is written.
  build({
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
    absWorkingDir: root,
    entryPoints: [{ in: 'src/web/main.ts', out: 'app' }],
    outdir: join(fresh, 'web', 'assets'),
  }),
  // Threads of a server, each an entry of its own.
  build({
    ...shared,
    entryPoints: [
      { in: 'src/core/tsdb/db/task-worker.ts', out: 'database-tasks' },
      { in: 'src/core/server/workers/query-worker.ts', out: 'queries' },
      { in: 'src/core/server/web/password-worker.ts', out: 'passwords' },
    ],
    outdir: join(fresh, 'workers'),
  }),
  build({
    ...shared,
    stdin: {
      resolveDir: root,
      contents: `
        export { Command } from '@oclif/core/command';
        export * as Flags from '@oclif/core/flags';
        export * as Args from '@oclif/core/args';`,
    },
    outfile: join(fresh, 'oclif.cjs'),
    // Data goes out through src/cli/output.ts, which sees for itself when the reader is gone.
    define: { ...shared.define, 'process.stdout.on': 'Function.prototype' },
    plugins: [slimOclif],
    ...asFunction,
  }),
]);

cpSync(join(root, 'src', 'web', 'index.html'), join(fresh, 'web', 'index.html'));
writeFileSync(join(fresh, 'live', 'load.cjs'), "module.exports = () => import('./live.mjs');\n");

if (process.argv.includes('--lib')) {
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
      '-p',
      'tsconfig.lib.json',
      '--outDir',
      join(fresh, 'core'),
    ],
    { cwd: root, stdio: 'inherit' },
  );
}

const hash = createHash('sha256');
for (const file of filesBelow(fresh).sort()) hash.update(readFileSync(file));
writeFileSync(
  join(fresh, 'build.json'),
  JSON.stringify({
    version: pkg.version,
    stamp: hash.digest('hex').slice(0, 16),
    commands: sources.map(commandId).sort(),
    bundles: Object.fromEntries(sources.map((file) => [commandId(file), `commands/${bundleName(file)}`])),
  }),
);
// What is changed while this runs is newer than what it makes.
utimesSync(join(fresh, 'build.json'), begun, begun);
const old = `${dist}.${process.pid}.old`;
if (existsSync(dist)) renameSync(dist, old);
renameSync(fresh, dist);
rmSync(old, { recursive: true, force: true });

// What help, man pages and completion say is read from the classes once, here, and not at every `--help`.
const plugin = new Plugin({ root, ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
const manifest = join(root, 'oclif.manifest.json');
writeFileSync(`${manifest}.${process.pid}.tmp`, JSON.stringify(plugin.manifest));
renameSync(`${manifest}.${process.pid}.tmp`, manifest);

/** `src/commands/tsdb/append.ts` is `tsdb:append`, `src/commands/scrape/index.ts` is `scrape`. */
function commandId(file) {
  const words = relative(commandsDir, file).replace(/\.ts$/, '').split(sep);
  if (words.at(-1) === 'index') words.pop();
  return words.join(':');
}

function bundleName(file) {
  return relative(commandsDir, file).replace(/\.ts$/, '').split(sep).join('/');
}

function filesBelow(dir) {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function isStale() {
  const stamp = join(dist, 'build.json');
  if (!existsSync(stamp)) return true;
  const built = statSync(stamp).mtimeMs;
  return ['src', 'scripts']
    .flatMap((dir) => filesBelow(join(root, dir)))
    .concat(join(root, 'package.json'), join(root, 'package-lock.json'))
    .some((file) => statSync(file).mtimeMs > built);
}
