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
  const user = at < 0 ? undefined : authority!.slice(0, at);
  if (user !== undefined && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user))
    throw wrong('net/url: invalid userinfo');
  const parts = { scheme: scheme.toLowerCase(), host, path };
  const asWritten = `${query}${fragment === '#' ? '' : escaped(fragment, FRAGMENT)}`;
  return { ...parts, redacted: shownStart(parts, authority !== undefined, user) + asWritten };
}

/** Everything up to the path, as Go writes it. */
function shownStart(
  { scheme, host, path }: Omit<GoUrl, 'redacted'>,
  hasAuthority: boolean,
  user: string | undefined,
): string {
  const start = scheme === '' ? '' : `${scheme}:`;
  // An opaque one, such as mailto:x.
  if (scheme !== '' && !hasAuthority && !path.startsWith('/')) return start + path;
  const shownUser = user?.includes(':') ? `${user.slice(0, user.indexOf(':'))}:xxxxx` : user;
  const isNamed = hasAuthority && (host !== '' || path !== '' || user !== undefined);
  const before = isNamed ? `//${shownUser === undefined ? '' : `${shownUser}@`}${escaped(host, HOST)}` : '';
  return start + before + escaped(path, PATH);
}

/** What may stand in a part of a URL: as it was given, and where it has to be escaped. */
interface Characters {
  given: RegExp;
  kept: RegExp;
}

const PATH: Characters = { given: /^[\w\-.~!$&'()*+,;=:@[\]%/]*$/, kept: /[\w\-.~$&+,/:;=@]/ };
const FRAGMENT: Characters = { given: /^#[\w\-.~!$&'()*+,;=:@[\]%/?]*$/, kept: /[\w\-.~$&+,/:;=@!()*?#]/ };
const HOST: Characters = { given: /^[\w\-.~!$&'()*+,;=:[\]<>"%]*$/, kept: /[\w\-.~!$&'()*+,;=:[\]<>"]/ };

/** As given where all of it may stand there; else decoded, and encoded as a whole. */
function escaped(text: string, { given, kept }: Characters): string {
  if (given.test(text)) return text;
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const decoded = bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decoded.replace(/./gs, (c) =>
    kept.test(c) && c < '\x80' ? c : `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
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
