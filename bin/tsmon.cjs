#!/usr/bin/env node
'use strict';
/**
 * The launcher. Start-up is most of the cost of a small command, so this file does little: `--version` is answered
 * from here, a known command is loaded from its own bundle through V8's code cache, and only help, unknown commands
 * and the like pay for the whole of oclif. See docs/decisions/start-up.md.
 */
const path = require('node:path');
const fs = require('node:fs');

const root = path.join(__dirname, '..');
const dist = path.join(root, 'dist');

main(process.argv.slice(2));

function main(argv) {
  const build = readBuild();
  if (build === undefined) {
    process.stderr.write('tsmon: dist/ is missing: run "npm run build" first\n');
    process.exitCode = 2;
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
    argv = withFlagsBehind(argv);
  }
  const found = findCommand(build.commands, argv);
  if (found === undefined || asksFor('--help', found.argv) || asksFor('-h', found.argv)) {
    require('./help.cjs').main(argv, root, build.commands);
    return;
  }
  const load = require('./load.cjs').loader(dist, build);
  load(build.bundles[found.id]).start(found.argv, found.id, build.version, root);
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
