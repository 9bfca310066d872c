/** URLs that mechanisms ask. */
import { parseGoUrl } from '../go-url.ts';
import { text, url } from '../schema/index.ts';
import type { Checked } from '../schema/struct.ts';

/** Checked as a URL, and printed with its password: upstream keeps these as plain text. */
export const urlText = { ...url, print: text.print };

/** `url` must lead somewhere over HTTP. */
export function checkHttpUrl(settings: { url: string }, at: Checked): void {
  const { scheme, host } = parseGoUrl(settings.url);
  if (scheme !== 'http' && scheme !== 'https') at.fault("URL scheme must be 'http' or 'https'", 'url');
  else if (host === '') at.fault('host is missing in URL', 'url');
}
