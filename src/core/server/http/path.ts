/**
 * The path of a request, before anything is looked up by it. What is not plain (`//`, `.`, `..`, also when written as
 * escapes) is answered with a redirect to what is, as Go's server does; nothing reaches a handler that could climb out of
 * its folder.
 */

export type CleanPath =
  | { kind: 'clean'; path: string; query: string }
  | { kind: 'redirect'; location: string }
  | { kind: 'bad'; reason: string };

/** `target` is what the request line names: a path with a query string, or a whole URL. */
export function cleanTarget(target: string): CleanPath {
  let rest = target;
  if (!rest.startsWith('/')) {
    const absolute = /^https?:\/\/[^/?#]*/i.exec(rest);
    if (absolute === null) return { kind: 'bad', reason: 'malformed request target' };
    rest = rest.slice(absolute[0].length);
    if (!rest.startsWith('/')) rest = `/${rest}`;
  }
  const mark = rest.indexOf('?');
  const path = mark < 0 ? rest : rest.slice(0, mark);
  const query = mark < 0 ? '' : rest.slice(mark + 1);
  if (/[^\x21-\x7e]/.test(path) || path.includes('#'))
    return { kind: 'bad', reason: 'malformed request target' };
  if (/%(?![\da-fA-F]{2})/.test(path)) return { kind: 'bad', reason: 'invalid URL escape' };
  if (/%00|%0[ad]/i.test(path)) return { kind: 'bad', reason: 'control character in path' };
  const plain = path.replaceAll(/%2e/gi, '.');
  if (!/\/\/|\/\.{1,2}(?=\/|$)/.test(plain)) return { kind: 'clean', path, query };
  const segments: string[] = [];
  for (const segment of plain.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const slash = segments.length > 0 && plain.endsWith('/') ? '/' : '';
  return { kind: 'redirect', location: `/${segments.join('/')}${slash}${mark < 0 ? '' : `?${query}`}` };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

export function htmlEscaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (c) => ENTITIES[c]);
}
