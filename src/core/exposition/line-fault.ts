/** A fault at byte `at` of the piece that is being parsed; LineInput turns it into an InputError with its place. */
export class LineFault extends Error {
  readonly at: number;
  /** The piece ended within quotation marks: no fault if more is to come. */
  readonly unfinished: boolean;

  constructor(at: number, reason: string, unfinished = false) {
    super(reason);
    this.at = at;
    this.unfinished = unfinished;
  }
}

/** A fault at the first byte of [start, end) that is not valid UTF-8; there must be one. */
export function utf8Fault(bytes: Uint8Array, start: number, end: number, what: string): LineFault {
  return new LineFault(start + invalidUtf8At(bytes.subarray(start, end)), `${what} is not valid UTF-8`);
}

/** The index of the first bad byte: there the bytes part from what decoding makes of them. */
export function invalidUtf8At(bytes: Uint8Array): number {
  const replaced = Buffer.from(Buffer.from(bytes).toString());
  let at = 0;
  while (at < bytes.length && bytes[at] === replaced[at]) at++;
  return at;
}

/** Byte `at` as a message shows it. */
export function shown(bytes: Uint8Array, at: number): string {
  const c = bytes[at];
  if (c > 0x20 && c < 0x7f) return JSON.stringify(String.fromCharCode(c));
  if (c === 0x20) return 'a space';
  if (c === 0x09) return 'a tab';
  if (c === 0x0a) return 'the end of the line';
  if (c === 0x0d) return 'a carriage return';
  return `byte 0x${c.toString(16).padStart(2, '0')}`;
}
