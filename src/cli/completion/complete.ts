/**
 * What may come next on a command line, from the manifest of the commands. The shells' scripts (scripts.ts) ask this
 * at every press of the tab key, so that a new command or flag needs nothing in any of them.
 */

export interface CommandManifest {
  commands: Record<string, ManifestCommand>;
  topics?: Record<string, { description?: string }>;
}

export interface ManifestCommand {
  summary?: string;
  hidden?: boolean;
  flags: Record<string, ManifestFlag>;
  args: Record<string, { options?: readonly string[] }>;
}

interface ManifestFlag {
  name: string;
  char?: string;
  type: string;
  summary?: string;
  description?: string;
  hidden?: boolean;
  multiple?: boolean;
  options?: readonly string[];
}

export interface Candidate {
  word: string;
  /** One line for people; empty where the word says it all. */
  description: string;
}

export interface Completion {
  candidates: Candidate[];
  /** Whether the shell should offer file names too. */
  files: boolean;
}

/** `words` is what follows `tsmon`; the last one is being typed and may be empty. */
export function complete(manifest: CommandManifest, words: readonly string[]): Completion {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { id, rest } = findCommand(manifest, before);
  const command: ManifestCommand | undefined = manifest.commands[id];
  const flags = command === undefined ? [] : Object.values(command.flags).filter((flag) => !flag.hidden);

  const awaiting = rest.includes('--') ? undefined : flagThatAwaits(flags, rest.at(-1));
  if (awaiting !== undefined) return valuesOf(awaiting, current, '');
  if (current.startsWith('-') && !rest.includes('--')) {
    const equals = current.indexOf('=');
    if (equals >= 0) {
      const flag = flags.find(({ name }) => `--${name}` === current.slice(0, equals));
      return flag === undefined
        ? { candidates: [], files: false }
        : valuesOf(flag, current.slice(equals + 1), current.slice(0, equals + 1));
    }
    return { candidates: matching(unusedFlags(flags, rest), current), files: false };
  }
  // Below a command with arguments the next word may be one of them, but no longer the name of a subcommand.
  const subcommands = rest.length === 0 ? subcommandsOf(manifest, id) : [];
  const choices = Object.values(command?.args ?? {}).flatMap((arg) => arg.options ?? []);
  const options = choices.map((word) => ({ word, description: '' }));
  return {
    candidates: matching([...subcommands, ...options], current),
    files: command !== undefined && Object.keys(command.args).length > 0 && options.length === 0,
  };
}

/** The longest run of leading words that names a command or a topic, and what comes after it. */
function findCommand(manifest: CommandManifest, words: readonly string[]): { id: string; rest: string[] } {
  const ids = Object.keys(manifest.commands);
  let n = 0;
  while (n < words.length) {
    const id = words.slice(0, n + 1).join(':');
    if (!ids.some((other) => other === id || other.startsWith(`${id}:`))) break;
    n++;
  }
  return { id: words.slice(0, n).join(':'), rest: words.slice(n) };
}

function subcommandsOf(manifest: CommandManifest, id: string): Candidate[] {
  const prefix = id === '' ? '' : `${id}:`;
  const found = new Map<string, string>();
  for (const [other, command] of Object.entries(manifest.commands)) {
    if (!other.startsWith(prefix) || other === id || command.hidden) continue;
    const word = other.slice(prefix.length).split(':')[0];
    const whole = manifest.commands[prefix + word];
    found.set(word, whole?.summary ?? manifest.topics?.[prefix + word]?.description ?? '');
  }
  return [...found].map(([word, description]) => ({ word, description }));
}

function flagThatAwaits(
  flags: readonly ManifestFlag[],
  previous: string | undefined,
): ManifestFlag | undefined {
  return flags.find(
    ({ type, name, char }) =>
      type === 'option' && (previous === `--${name}` || (char !== undefined && previous === `-${char}`)),
  );
}

function valuesOf(flag: ManifestFlag, typed: string, prefix: string): Completion {
  if (flag.options === undefined) return { candidates: [], files: true };
  const candidates = flag.options.filter((option) => option.startsWith(typed));
  return { candidates: candidates.map((word) => ({ word: prefix + word, description: '' })), files: false };
}

function unusedFlags(flags: readonly ManifestFlag[], words: readonly string[]): Candidate[] {
  const used = new Set(words.map((word) => word.split('=')[0]));
  return flags
    .filter(({ name, char, multiple }) => multiple || !(used.has(`--${name}`) || used.has(`-${char}`)))
    .map(({ name, summary, description }) => ({
      word: `--${name}`,
      description: (summary ?? description ?? '').split('\n')[0],
    }))
    .concat([{ word: '--help', description: 'Show what the command does, with examples' }]);
}

function matching(candidates: readonly Candidate[], typed: string): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(typed)).sort((a, b) => (a.word < b.word ? -1 : 1));
}
