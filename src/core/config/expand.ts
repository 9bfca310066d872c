/** References to environment variables in a text, as Go's `os.Expand` finds them: `$NAME`, `${NAME}`, and `$$` for `$`. */

const NAME = /\$(?:\{([^}]*)\}|([*#$@!?\-0-9])|([A-Za-z_]\w*))/g;

export interface Expanded {
  text: string;
  /** Names that are not set, or to nothing. */
  unset: string[];
}

export function expand(text: string, env: Readonly<Record<string, string | undefined>>): Expanded {
  const unset: string[] = [];
  const expanded = text.replace(NAME, (_, braced?: string, special?: string, plain?: string) => {
    const name = braced ?? special ?? plain!;
    if (name === '$') return '$';
    if (braced === '') return '';
    const value = env[name];
    if (value === undefined || value === '') unset.push(name);
    return value ?? '';
  });
  return { text: expanded, unset };
}
