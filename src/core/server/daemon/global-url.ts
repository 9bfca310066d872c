/** Addresses as somebody on another machine would write them. */

export type GlobalUrl = (url: string) => string;

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Replaces a host that means this machine by the external URL's; where the port is the one we listen on, it is this very
 * server, and port and scheme are the external URL's too.
 */
export function globalUrlFor(externalUrl: URL, listenPort: number): GlobalUrl {
  return (text) => {
    if (!URL.canParse(text)) return text;
    const url = new URL(text);
    if (!LOCAL.has(url.hostname)) return text;
    if (Number(url.port) === listenPort) {
      url.protocol = externalUrl.protocol;
      url.host = externalUrl.host;
    } else url.hostname = externalUrl.hostname;
    return url.href;
  };
}
