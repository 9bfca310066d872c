/**
 * Names and values of a query string or of a form's body, read as Go's net/url and net/http read them, so that what one
 * server takes the other does too: `;` is no separator, and a pair that cannot be decoded is left out and remembered.
 */
import { InputError } from '../../errors.ts';
import { goQuote } from '../../model/quote.ts';

/** A selector or a name each; what is made of them is made in one go. */
const MAX_PAIRS = 10_000;
/** Each costs many times what a pair does. */
const MAX_PARTS = 1000;

/** More was sent than is taken. */
export class TooMuch extends InputError {
  constructor(message: string) {
    super('body_too_large', message);
    this.name = 'TooMuch';
  }
}

export class FormValues {
  private readonly values = new Map<string, string[]>();
  /** What was wrong with the first pair that was left out; undefined where all were read. */
  fault: string | undefined;

  /** Adds the pairs of `a=1&b=2`. Throws TooMuch. */
  parse(text: string): this {
    let pairs = 0;
    for (let from = 0, to = 0; from < text.length; from = to + 1) {
      to = text.indexOf('&', from);
      if (to < 0) to = text.length;
      const pair = text.slice(from, to);
      if (pair === '') continue;
      if (++pairs > MAX_PAIRS) throw new TooMuch(`there are more than ${MAX_PAIRS} parameters`);
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

/**
 * The fields of a `multipart/form-data` body, without files; none of one that is cut off or not such, as in Go. Rejects with
 * TooMuch.
 */
export async function multipartValues(contentType: string, body: Buffer): Promise<FormValues> {
  const values = new FormValues();
  const parts = body.toString('latin1').match(/content-disposition/gi)?.length ?? 0;
  if (parts > MAX_PARTS) throw new TooMuch(`there are more than ${MAX_PARTS} parts`);
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
  const spaced = text.includes('+') ? text.split('+').join(' ') : text;
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
      bytes[to++] = hexDigit(bytes[from + 1]) * 16 + hexDigit(bytes[from + 2]);
      from += 2;
    } else {
      bytes[to++] = bytes[from];
    }
  }
  return bytes.subarray(0, to);
}

function hexDigit(code: number): number {
  // Letters of either case.
  return code <= 0x39 ? code - 0x30 : (code & 0xf) + 9;
}
