/** A fault at byte `at` of the piece that is being parsed; LineParser turns it into an InputError with its place. */
export class LineFault extends Error {
  readonly at: number;

  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

/** Byte `at` as a message shows it, or where the line ends. */
export function shown(bytes: Uint8Array, at: number, eol: number): string {
  if (at >= eol) return 'the end of the line';
  const c = bytes[at];
  if (c > 0x20 && c < 0x7f) return JSON.stringify(String.fromCharCode(c));
  if (c === 0x20) return 'a space';
  if (c === 0x09) return 'a tab';
  if (c === 0x0a) return 'a line break';
  if (c === 0x0d) return 'a carriage return';
  return `byte 0x${c.toString(16).padStart(2, '0')}`;
}
