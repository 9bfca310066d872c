/**
 * Names and values of a query string or of a form's body, read as Go's net/url and net/http read them, so that what one
 * server takes the other does too: `;` is no separator, and a pair that cannot be decoded is left out and remembered.
 */
import { goQuote } from '../../model/quote.ts';

export class FormValues {
  private readonly values = new Map<string, string[]>();
  /** What was wrong with the first pair that was left out; undefined where all were read. */
  fault: string | undefined;

  /** Adds the pairs of `a=1&b=2`. */
  parse(text: string): this {
    if (text === '') return this;
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      if (pair.includes(';')) {
        this.fault ??= 'invalid semicolon separator in query';
        continue;
      }
      const at = pair.indexOf('=');
      const name = unescapeForm(at < 0 ? pair : pair.slice(0, at));
      const value = unescapeForm(at < 0 ? '' : pair.slice(at + 1));
      const fault = name.fault ?? value.fault;
      if (fault === undefined) this.add(name.text, value.text);
      else this.fault ??= fault;
    }
    return this;
  }

  add(name: string, value: string): void {
    const known = this.values.get(name);
    if (known === undefined) this.values.set(name, [value]);
    else known.push(value);
  }

  /** The first value, or '' where there is none. */
  get(name: string): string {
    return this.values.get(name)?.[0] ?? '';
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /** The values of both, those of `other` after our own. */
  with(other: FormValues): FormValues {
    const both = new FormValues();
    both.fault = this.fault ?? other.fault;
    for (const { values } of [this, other]) {
      for (const [name, list] of values) for (const value of list) both.add(name, value);
    }
    return both;
  }
}

/** The fields of a `multipart/form-data` body, without files; none of one that is cut off or not such, as in Go. */
export async function multipartValues(contentType: string, body: Uint8Array): Promise<FormValues> {
  const values = new FormValues();
  let fields: Iterable<[string, unknown]>;
  try {
    const response = new Response(body, { headers: { 'Content-Type': contentType } });
    fields = (await response.formData()) as unknown as Iterable<[string, unknown]>;
  } catch {
    return values;
  }
  for (const [name, value] of fields) if (typeof value === 'string') values.add(name, value);
  return values;
}

function unescapeForm(text: string): { text: string; fault?: string } {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return { text: spaced };
  const bad = /%(?![\da-fA-F]{2}).{0,2}/s.exec(spaced);
  if (bad !== null) return { text: '', fault: `invalid URL escape ${goQuote(bad[0])}` };
  return { text: percentDecoded(spaced).toString('utf8') };
}

/** The bytes of a text in which every `%` begins an escape. */
export function percentDecoded(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  let to = 0;
  for (let from = 0; from < bytes.length; from++) {
    if (bytes[from] === 0x25) {
      bytes[to++] = Number.parseInt(bytes.toString('latin1', from + 1, from + 3), 16);
      from += 2;
    } else {
      bytes[to++] = bytes[from];
    }
  }
  return bytes.subarray(0, to);
}
