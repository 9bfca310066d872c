/**
 * Turns the manifest's commands into man pages (roff, macro package man(7)): one a command, and tsmon(1) that lists
 * them. What a page says is what the command class says; nothing is written twice.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** File name -> page, from the manifest in `root`. */
export function manPages(root) {
  const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8'));
  const pkg = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const commands = Object.values(manifest.commands)
    .filter((command) => !command.hidden)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const pages = new Map([['tsmon.1', overview(pkg, commands)]]);
  for (const command of commands) pages.set(`${pageName(command.id)}.1`, page(pkg, command, commands));
  return pages;
}

function pageName(id) {
  return `tsmon-${id.replaceAll(':', '-')}`;
}

function overview(pkg, commands) {
  return lines([
    title('TSMON', pkg.version),
    '.SH NAME',
    `tsmon \\- ${roff(lowerFirst(pkg.description))}`,
    '.SH SYNOPSIS',
    '.B tsmon',
    '\\fICOMMAND\\fR [\\fIARGUMENTS\\fR]',
    '.SH COMMANDS',
    ...commands.flatMap((command) => [
      '.TP',
      `.BR ${pageName(command.id)} (1)`,
      roff(expand(command.summary ?? '', command.id)),
    ]),
    '.SH ENVIRONMENT',
    ...entry(
      'TSMON_DATA',
      'The data directory that is read and written where no flag names one (default: data).',
    ),
    ...entry('NO_COLOR', 'Set to anything, it turns colours off.'),
    ...entry(
      'XDG_CACHE_HOME',
      'Where compiled code is kept between runs, to start faster (default: ~/.cache).',
    ),
    ...exitStatus(),
  ]);
}

function page(pkg, command, commands) {
  const id = command.id;
  const flags = Object.values(command.flags)
    .filter((flag) => !flag.hidden)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const args = Object.values(command.args).filter((arg) => !arg.hidden);
  const siblings = commands.filter((other) => other.id !== id && other.id.split(':')[0] === id.split(':')[0]);
  return lines([
    title(pageName(id).toUpperCase(), pkg.version),
    '.SH NAME',
    `${pageName(id)} \\- ${roff(lowerFirst(expand(command.summary ?? '', id)))}`,
    '.SH SYNOPSIS',
    `.B tsmon ${id.replaceAll(':', ' ')}`,
    `[\\fIOPTIONS\\fR]${args.map((arg) => synopsis(arg, command)).join('')}`,
    '.SH DESCRIPTION',
    ...paragraphs(expand(command.description ?? command.summary ?? '', id)),
    ...(args.length === 0
      ? []
      : ['.SH ARGUMENTS', ...args.flatMap((arg) => entry(arg.name.toUpperCase(), arg.description ?? ''))]),
    '.SH OPTIONS',
    ...flags.flatMap((flag) => [...option(flag)]),
    ...(command.examples?.length
      ? ['.SH EXAMPLES', ...command.examples.flatMap((example) => exampleLines(example, id))]
      : []),
    ...exitStatus(),
    '.SH SEE ALSO',
    [{ id: '' }, ...siblings]
      .map((other) => `.BR ${other.id === '' ? 'tsmon' : pageName(other.id)} (1)`)
      .join(' ,\n'),
  ]);
}

function title(name, version) {
  return `.TH "${name}" "1" "" "tsmon ${version}" "tsmon manual"`;
}

function synopsis(arg, command) {
  const name = `\\fI${roff(arg.name.toUpperCase())}\\fR${command.strict === false ? '...' : ''}`;
  return arg.required ? ` ${name}` : ` [${name}]`;
}

function option(flag) {
  const value =
    flag.type === 'boolean' ? '' : `=\\fI${roff(flag.helpValue ?? flag.options?.join('|') ?? 'VALUE')}\\fR`;
  const short = flag.char ? `\\fB\\-${flag.char}\\fR, ` : '';
  const negation = flag.type === 'boolean' && flag.allowNo ? '[no\\-]' : '';
  const notes = [];
  if (flag.options && flag.helpValue) notes.push(`One of ${flag.options.join(', ')}.`);
  if (flag.default !== undefined && flag.type !== 'boolean')
    notes.push(`Default: ${[flag.default].flat().join(', ')}.`);
  if (flag.env) notes.push(`Environment: ${flag.env}.`);
  if (flag.multiple) notes.push('May be given several times.');
  const text = [flag.summary ?? flag.description ?? '', ...notes].map((part) => part.replace(/\.?$/, '.'));
  return ['.TP', `${short}\\fB\\-\\-${negation}${roff(flag.name)}\\fR${value}`, roff(text.join(' '))];
}

function exampleLines(example, id) {
  const { description, command } =
    typeof example === 'string' ? { description: '', command: example } : example;
  return [
    '.PP',
    ...(description ? [roff(description)] : []),
    '.PP',
    '.RS 4',
    '.nf',
    ...roff(expand(command, id)).split('\n'),
    '.fi',
    '.RE',
  ];
}

function exitStatus() {
  return [
    '.SH EXIT STATUS',
    ...entry('0', 'Done.'),
    ...entry('1', 'A check failed, a target failed, or nothing matched where a match was asked for.'),
    ...entry('2', 'Wrong usage, or input that cannot be read.'),
    ...entry('130', 'Interrupted.'),
  ];
}

function entry(name, text) {
  return ['.TP', `.B ${roff(name)}`, roff(text)];
}

function paragraphs(text) {
  return text.split(/\n\s*\n/).flatMap((paragraph) => ['.PP', ...roff(paragraph.trim()).split('\n')]);
}

/** The two templates that command texts use. */
function expand(text, id) {
  return text
    .replaceAll('<%= config.bin %>', 'tsmon')
    .replaceAll('<%= command.id %>', id.replaceAll(':', ' '));
}

/** Backslashes and hyphens as themselves; a dot or quote that starts a line must not start a request. */
function roff(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(['.])/gm, '\\&$1');
}

function lowerFirst(text) {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function lines(parts) {
  return `${parts.join('\n')}\n`;
}
