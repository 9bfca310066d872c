/** Patterns of files, as Go's filepath.Glob takes them: `*`, `?` and `[a-z]` within one part of a path. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const MAGIC = /[*?[\\]/;

/** The files that match, in the order of their names; a pattern without `*` and the like is there or is not. */
export function filesMatching(pattern: string): string[] {
  if (!MAGIC.test(pattern)) return existsSync(pattern) ? [pattern] : [];
  const folder = dirname(pattern);
  const name = basename(pattern);
  const folders = MAGIC.test(folder) ? filesMatching(folder) : [folder];
  const matches = matcher(name);
  return folders.flatMap((each) => {
    let names: string[];
    try {
      names = readdirSync(each);
    } catch {
      // What cannot be listed has no files, as for a shell.
      return [];
    }
    return names
      .filter((entry) => matches.test(entry))
      .sort()
      .map((entry) => (folder === '.' && !pattern.startsWith('./') ? entry : join(each, entry)));
  });
}

/** A pattern of one part becomes an expression that cannot backtrack far: each `*` matches within a name. */
function matcher(name: string): RegExp {
  const source = name.replace(
    /\*+|\?|\[(\^?)((?:\\.|[^\]\\])+)\]|\\(.)|[.+^${}()|[\]\\]/g,
    (all, not, set, escaped) => {
      if (all.startsWith('*')) return '[^/]*';
      if (all === '?') return '[^/]';
      if (set !== undefined) return `[${not}${set}]`;
      return `\\${escaped ?? all}`;
    },
  );
  return new RegExp(`^${source}$`, 's');
}
