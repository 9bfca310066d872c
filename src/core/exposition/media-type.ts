/** Media types with parameters (RFC 2045), as strict as Go's `mime.ParseMediaType`, and with its messages. */

export interface MediaType {
  /** In lower case, '' where there is none. */
  type: string;
  /** Names in lower case. */
  parameters: Map<string, string>;
  /** What is wrong with it, if anything; `type` may be usable all the same. */
  error: string | undefined;
}

export function parseMediaType(header: string): MediaType {
  const semicolon = header.indexOf(';');
  const type = (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  let error = typeError(type);
  let rest = semicolon < 0 ? '' : header.slice(semicolon);
  while (error === undefined && rest.trim() !== '' && rest.trim() !== ';') {
    const parameter = PARAMETER.exec(rest);
    if (parameter === null) {
      error = 'mime: invalid media parameter';
      break;
    }
    const name = parameter[1].toLowerCase();
    const value = parameter[2] ?? parameter[3].replace(/\\([^\w\s])/g, '$1');
    if ((parameters.get(name) ?? value) !== value) error = 'mime: duplicate parameter name';
    parameters.set(name, value);
    rest = rest.slice(parameter[0].length);
  }
  return { type, parameters, error };
}

const TOKEN = "[!#$%&'*+\\-.^_`|~\\w]+";
const PARAMETER = new RegExp(`^\\s*;\\s*(${TOKEN})\\s*=\\s*(?:(${TOKEN})|"((?:[^"\\\\\\r\\n]|\\\\.)*)")`);
const TYPE = new RegExp(`^(${TOKEN})?(/)?(${TOKEN})?(.*)$`, 's');

function typeError(type: string): string | undefined {
  const [, major, slash, minor, rest] = TYPE.exec(type)!;
  if (major === undefined) return 'mime: no media type';
  if (slash === undefined)
    return minor === undefined && rest === '' ? undefined : 'mime: expected slash after first token';
  if (minor === undefined) return 'mime: expected token after slash';
  return rest === '' ? undefined : 'mime: unexpected content after media subtype';
}
