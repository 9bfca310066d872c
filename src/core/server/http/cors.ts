/** Which other sites' pages may read answers (`--web.cors.origin`, a regular expression that has to match all). */
import type { Regex } from '../../regex/index.ts';
import type { Reply } from './reply.ts';

const ALLOWED: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Headers': 'Accept, Authorization, Content-Type, Origin',
  'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
  'Access-Control-Expose-Headers': 'Date',
};

export function allowOrigin(reply: Reply, origin: string, allowed: Regex): void {
  reply.header('Vary', 'Origin');
  if (origin === '' || !isHeaderValue(origin)) return;
  if (allowed.pattern === '.*') reply.header('Access-Control-Allow-Origin', '*');
  else if (allowed.matches(origin)) reply.header('Access-Control-Allow-Origin', origin);
  else return;
  for (const [name, value] of Object.entries(ALLOWED)) reply.header(name, value);
}

/** Whether a text can be sent back as a header without becoming more than that. */
export function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e]*$/.test(text);
}
