/** /etc/resolv.conf, as far as Node's own resolver does not heed it: in which domains a short name is looked for. */
import { readFile } from 'node:fs/promises';

export interface SearchSettings {
  /** Domains, in order, without a final dot. */
  search: readonly string[];
  /** A name with so many dots is tried as it is first. */
  ndots: number;
}

const NO_SEARCH: SearchSettings = { search: [], ndots: 1 };

export async function readSearchSettings(path = '/etc/resolv.conf'): Promise<SearchSettings> {
  try {
    return parseSearchSettings(await readFile(path, 'utf8'));
  } catch {
    // No such file: not every system has one.
    return NO_SEARCH;
  }
}

/** See resolv.conf(5): the last of `search` and `domain` wins. */
export function parseSearchSettings(text: string): SearchSettings {
  let { search, ndots } = NO_SEARCH;
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.split(/\s+/).filter((word) => word !== '');
    if (keyword === 'search') search = words.map(withoutDot);
    else if (keyword === 'domain') search = words.slice(0, 1).map(withoutDot);
    else if (keyword === 'options') {
      for (const word of words) {
        const given = /^ndots:(\d+)$/.exec(word);
        if (given !== null) ndots = Math.min(15, Number(given[1]));
      }
    }
  }
  return { search: search.filter((domain) => domain !== ''), ndots };
}

/** The full names that a name may stand for, in the order in which they are tried. */
export function candidateNames(name: string, { search, ndots }: SearchSettings): string[] {
  if (name.endsWith('.')) return [name];
  const searched = search.map((domain) => `${name}.${domain}.`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [`${name}.`, ...searched] : [...searched, `${name}.`];
}

function withoutDot(domain: string): string {
  return domain.replace(/\.$/, '');
}
