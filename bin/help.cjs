'use strict';
/** The long way round: oclif whole, for help and topics, and a suggestion where a command was misspelt. */
const { run, handle } = require('@oclif/core');

async function main(argv, root, commands) {
  const known =
    argv.length === 0 || argv[0].startsWith('-') || argv[0] === 'help' || isTopic(argv[0], commands);
  if (!known || misspeltWithinTopic(argv, commands)) {
    complain(argv, commands);
    return;
  }
  try {
    await run(argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv, { root });
  } catch (error) {
    await handle(error);
  }
}

function isTopic(word, commands) {
  return commands.some((id) => id === word || id.startsWith(`${word}:`));
}

/** `tsdb apend`: the topic exists, is no command itself, and nothing in it has that name. */
function misspeltWithinTopic(argv, commands) {
  const [topic, word] = argv;
  if (topic === 'help' || commands.includes(topic) || word === undefined || word.startsWith('-'))
    return false;
  return (
    isTopic(topic, commands) &&
    !commands.some((id) => id === `${topic}:${word}` || id.startsWith(`${topic}:${word}:`))
  );
}

function complain(argv, commands) {
  const words = [];
  for (const arg of argv) {
    if (arg.startsWith('-') || words.length === 2) break;
    words.push(arg);
  }
  const typed = words.join(' ');
  const names = commands.map((id) => id.replaceAll(':', ' '));
  const nearest = names
    .flatMap((name) => [name, name.split(' ')[0]])
    .map((name) => ({ name, distance: editDistance(name.includes(' ') ? typed : words[0], name) }))
    // A name that was typed rightly is no suggestion: the mistake is in what follows it.
    .filter(({ name, distance }) => distance > 0 || name.includes(' '))
    .sort((a, b) => a.distance - b.distance)[0];
  const hint =
    nearest && nearest.distance <= Math.max(2, typed.length / 3)
      ? ` Did you mean "tsmon ${nearest.name}"?`
      : '';
  process.stderr.write(`error: there is no command "${typed}".${hint}\nSee "tsmon --help".\n`);
  process.exitCode = 2;
}

/** Levenshtein, two rows. */
function editDistance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

module.exports = { main };
