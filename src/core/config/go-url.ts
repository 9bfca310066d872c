/** URLs as Go's net/url takes them, which is nearly everything: `foo`, `localhost:9090` and '' are URLs there. */
import { InputError } from '../errors.ts';
import { goQuote } from '../model/quote.ts';

export interface GoUrl {
  scheme: string;
  host: string;
  path: string;
  /** With `xxxxx` for the password. */
  redacted: string;
}

const SHAPE = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s;

/** Throws InputError (`bad_url`) in Go's words. */
export function parseGoUrl(text: string): GoUrl {
  const wrong = (reason: string) => new InputError('bad_url', `parse ${goQuote(text)}: ${reason}`);
  if (/\p{Cc}/u.test(text)) throw wrong('net/url: invalid control character in URL');
  if (text.startsWith(':')) throw wrong('missing protocol scheme');
  const [, scheme = '', authority, path, query = '', fragment = ''] = SHAPE.exec(text)!;
  if (scheme === '' && authority === undefined && /^[^/]*:/.test(path))
    throw wrong('first path segment in URL cannot contain colon');
  const badEscape = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(path + fragment);
  if (badEscape !== null) throw wrong(`invalid URL escape ${goQuote(badEscape[0])}`);
  const at = authority?.lastIndexOf('@') ?? -1;
  const host = authority?.slice(at + 1) ?? '';
  checkHost(host, wrong);
  if (authority === undefined || at < 0) return { scheme: scheme.toLowerCase(), host, path, redacted: text };
  const user = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw wrong('net/url: invalid userinfo');
  const shown = user.includes(':') ? `${user.slice(0, user.indexOf(':'))}:xxxxx` : user;
  const redacted = `${scheme === '' ? '' : `${scheme}:`}//${shown}@${host}${path}${query}${fragment}`;
  return { scheme: scheme.toLowerCase(), host, path, redacted };
}

function checkHost(host: string, wrong: (reason: string) => InputError): void {
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end < 0) throw wrong("missing ']' in host");
    checkPort(host.slice(end + 1), wrong);
    return;
  }
  const badEscape = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(host);
  if (badEscape !== null) throw wrong(`invalid URL escape ${goQuote(badEscape[0])}`);
  const odd = /[ \\^`{|}]/.exec(host);
  if (odd !== null) throw wrong(`invalid character ${goQuote(odd[0])} in host name`);
  const colon = host.lastIndexOf(':');
  if (colon >= 0) checkPort(host.slice(colon), wrong);
}

function checkPort(port: string, wrong: (reason: string) => InputError): void {
  if (port !== '' && !/^:\d*$/.test(port)) throw wrong(`invalid port ${goQuote(port)} after host`);
}
