/**
 * What Node's parser lets through though RFC 9112 does not: versions that are none of HTTP/1, a second `Host`, one that is no
 * name, and more fields than it keeps. Whoever stands in front of us may read such a request in another way.
 */
import type { AnyIncoming } from './request.ts';

/** Node shows no more than 2000 to anybody, and says nothing of the rest. */
const MAX_FIELDS = 1000;

export interface Malformation {
  status: 400 | 431 | 505;
  reason: string;
}

/** Undefined where nothing is wrong with it. */
export function malformationOf(incoming: AnyIncoming): Malformation | undefined {
  // HTTP/2 is read by another parser, which lets nothing of the kind through.
  if ('stream' in incoming) return undefined;
  const { rawHeaders, httpVersion } = incoming;
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return { status: 505, reason: 'unsupported protocol version' };
  if (rawHeaders.length > MAX_FIELDS * 2) return { status: 431, reason: 'too many header fields' };
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i].length !== 4 || rawHeaders[i].toLowerCase() !== 'host') continue;
    if (++hosts > 1) return { status: 400, reason: 'too many Host headers' };
    if (!/^[\w.:[\]%~!$&'()*+,;=@-]*$/.test(rawHeaders[i + 1]))
      return { status: 400, reason: 'malformed Host header' };
  }
  return undefined;
}
