/**
 * Leaves out of oclif's bundle what a command that was found by the launcher never asks for, and what takes a third of
 * its start: the plugin loader, help (the launcher takes the whole of oclif for that), spinners, debugging output.
 */
import { join } from 'node:path';

const NOTHING = '';

/** oclif's own modules by their path below lib/, and what stands in for them. */
const OWN = {
  // Only the static `Command.run` makes use of it, which the launcher never calls.
  'config/index.js': 'exports.Config = undefined;',
  // Of flags, only `Flags.help()` has use for it, which no command has.
  'help/index.js': NOTHING,
  'errors/handle.js': NOTHING,
  'logger.js': `
    const silent = () => {};
    const logger = { child: () => logger, debug: silent, error: silent, info: silent, trace: silent, warn: silent, namespace: 'oclif' };
    exports.getLogger = () => logger;
    exports.makeDebug = () => silent;
    exports.setLogger = exports.clearLoggers = silent;`,
  // Asking how wide the terminal is makes the streams of stdout and stderr; see src/cli/terminal.ts.
  'screen.js': 'exports.stdtermwidth = exports.errtermwidth = 80;',
  'ux/action/simple.js': 'exports.default = class { stop() {} };',
  'ux/action/spinner.js': 'exports.default = class { stop() {} };',
  // Faults are worded, and coloured, in src/cli/command.ts. Asking what the terminal can do makes the streams, too.
  'ux/theme.js': 'exports.colorize = (style, text) => text;',
  'ux/index.js': `
    exports.colorize = (style, text) => text;
    exports.ux = { action: { stop() {} }, colorize: exports.colorize };`,
};

const PACKAGES = {
  // Templates are for help.
  ejs: NOTHING,
  // How oclif would print a fault.
  'clean-stack': 'module.exports = (stack) => stack;',
  'indent-string': 'module.exports = (text) => text;',
  'wrap-ansi': 'module.exports = (text) => text;',
};

/** Node's modules that are loaded when something of them is called. */
const LAZY = ['node:readline', 'node:fs/promises'];

export const slimOclif = {
  name: 'slim-oclif',
  setup(b) {
    const lib = join('node_modules', '@oclif', 'core', 'lib');
    b.onResolve({ filter: /^\./ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === 'ours' || !importer.includes(lib)) return undefined;
      const found = await b.resolve(path, { importer, resolveDir, kind, pluginData: 'ours' });
      const own = found.path.slice(found.path.indexOf(lib) + lib.length + 1).replaceAll('\\', '/');
      return own in OWN ? { path: own, namespace: 'own' } : undefined;
    });
    b.onResolve({ filter: /^[a-z:/-]+$/ }, ({ path }) => {
      if (path in PACKAGES) return { path, namespace: 'package' };
      return LAZY.includes(path) ? { path, namespace: 'lazy' } : undefined;
    });
    b.onLoad({ filter: /.*/, namespace: 'own' }, ({ path }) => ({
      contents: `exports.__esModule = true;${OWN[path]}`,
    }));
    b.onLoad({ filter: /.*/, namespace: 'package' }, ({ path }) => ({ contents: PACKAGES[path] }));
    b.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => process.getBuiltinModule('${path}')[name] });`,
    }));
  },
};
