/** Go's string literals. */

const ESCAPE = /\\(?:([abfnrtv\\"'])|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.|$))/gs;

const NAMED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/** The value of a literal in double quotes or backquotes; undefined where an escape is not one. */
export function unquoteGo(literal: string): string | undefined {
  const inner = literal.slice(1, -1);
  if (literal.startsWith('`')) return inner.replaceAll('\r', '');
  if (!inner.includes('\\')) return inner;
  let valid = true;
  const text = inner.replace(ESCAPE, (_, named, x, u, long, octal) => {
    const code = x ?? u ?? long;
    if (named !== undefined && named !== "'") return NAMED[named];
    if (code !== undefined && Number.parseInt(code, 16) <= 0x10ffff) {
      return String.fromCodePoint(Number.parseInt(code, 16));
    }
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    valid = false;
    return '';
  });
  return valid ? text : undefined;
}
