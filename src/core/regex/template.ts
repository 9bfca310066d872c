/**
 * Replacement templates as Go's `Regexp.Expand` reads them: `$1`, `${1}`, `$name`, `${name}`, and `$$` for a dollar
 * sign. A name is as long as letters, digits and `_` go on, so `$1x` is the group named `1x`; what no group has is
 * empty.
 */

/** Literal text, a group's number, or a group's name. */
type Piece = { text: string } | { group: number } | { name: string };

export class Template {
  readonly source: string;
  private readonly pieces: readonly Piece[];

  constructor(source: string) {
    this.source = source;
    this.pieces = parse(source);
  }

  /** `groups[0]` is the whole match; `groupNames[i]` belongs to `groups[i + 1]`. */
  expand(groups: readonly (string | undefined)[], groupNames: readonly string[]): string {
    let out = '';
    for (const piece of this.pieces) {
      if ('text' in piece) out += piece.text;
      else if ('group' in piece) out += groups[piece.group] ?? '';
      else out += named(piece.name, groups, groupNames);
    }
    return out;
  }
}

/** Where several groups have a name, the first that took part in the match counts. */
function named(name: string, groups: readonly (string | undefined)[], groupNames: readonly string[]): string {
  for (let i = 0; i < groupNames.length; i++) {
    const text = groups[i + 1];
    if (groupNames[i] === name && text !== undefined) return text;
  }
  return '';
}

function parse(source: string): Piece[] {
  // Here, because its Unicode classes take a while to make, which only templates should wait for.
  const reference = /\$(?:(\$)|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/uy;
  const pieces: Piece[] = [];
  let text = '';
  let at = 0;
  while (at < source.length) {
    const dollar = source.indexOf('$', at);
    if (dollar < 0) break;
    text += source.slice(at, dollar);
    reference.lastIndex = dollar;
    const match = reference.exec(source);
    at = dollar + (match?.[0].length ?? 1);
    const name = match?.[2] ?? match?.[3];
    if (name === undefined) {
      // `$$`, or a dollar sign that begins nothing and stands for itself.
      text += '$';
      continue;
    }
    if (text !== '') pieces.push({ text });
    text = '';
    // Numbers have no leading zero; what has is a name, which no group can have.
    pieces.push(/^(?:0|[1-9]\d{0,8})$/.test(name) ? { group: Number(name) } : { name });
  }
  text += source.slice(at);
  if (text !== '') pieces.push({ text });
  return pieces;
}
