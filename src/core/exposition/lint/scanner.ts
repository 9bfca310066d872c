/** Tokens of the text format, byte by byte, with the messages that promtool has for what is no token. */
import { isUtf8 } from 'node:buffer';
import { InputError } from '../../errors.ts';
import { goQuote } from '../../model/quote.ts';
import { BAD_EXPOSITION } from '../parser.ts';

export const TAB = 0x09;
export const NEWLINE = 0x0a;
export const SPACE = 0x20;
export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;

export class Scanner {
  /** The line that is being read, from 1. */
  line = 0;
  private readonly bytes: Buffer;
  private pos = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.pos >= this.bytes.length;
  }

  /** The byte to read next. Nothing but the start of a line may be the end of the input. */
  current(): number {
    if (this.isAtEnd) throw this.fault('unexpected end of input stream');
    return this.bytes[this.pos];
  }

  advance(): void {
    this.pos++;
  }

  skipBlanks(): void {
    while (isBlank(this.bytes[this.pos])) this.pos++;
  }

  get isAtBlank(): boolean {
    return isBlank(this.current());
  }

  /** Goes to the start of the next line. */
  skipLine(): void {
    this.restOfLine();
    this.pos++;
  }

  /** Everything up to a blank or the end of the line. */
  word(): Buffer {
    const start = this.pos;
    while (!isBlank(this.current()) && this.current() !== NEWLINE) this.pos++;
    return this.bytes.subarray(start, this.pos);
  }

  /** Everything up to the end of the line. */
  restOfLine(): Buffer {
    const start = this.pos;
    while (this.current() !== NEWLINE) this.pos++;
    return this.bytes.subarray(start, this.pos);
  }

  /** As `restOfLine`, with escapes resolved. */
  helpText(): Buffer {
    return this.escaped((b) => b === NEWLINE);
  }

  /** A name, perhaps in quotes; empty where there is none. `what` is what messages call it. */
  name(what: 'metric' | 'label'): Buffer {
    const name: number[] = [];
    let quoted = false;
    for (
      let b = this.current();
      quoted || b === QUOTE || isNameByte(b, name.length === 0, what);
      b = this.current()
    ) {
      this.pos++;
      if (b === QUOTE) {
        quoted = !quoted;
        if (!quoted) break;
      } else if (b === NEWLINE) {
        throw this.fault(`${what} name ${shownBytes(Buffer.from(name))} contains unescaped new-line`);
      } else if (b === BACKSLASH) {
        name.push(this.escape());
      } else {
        name.push(b);
      }
    }
    this.current();
    return Buffer.from(name);
  }

  /** What stands between double quotes, of which the first one has been read; reads the last one too. */
  labelValue(): Buffer {
    const value = this.escaped((b, before) => {
      if (b !== NEWLINE) return b === QUOTE;
      throw this.fault(`label value ${shownBytes(before())} contains unescaped new-line`);
    });
    this.pos++;
    return value;
  }

  fault(reason: string): InputError {
    return new InputError(BAD_EXPOSITION, reason, { line: this.line });
  }

  private escaped(isEnd: (b: number, before: () => Buffer) => boolean): Buffer {
    const text: number[] = [];
    const before = () => Buffer.from(text);
    for (let b = this.current(); !isEnd(b, before); b = this.current()) {
      this.pos++;
      text.push(b === BACKSLASH ? this.escape() : b);
    }
    return Buffer.from(text);
  }

  /** The byte that the escape behind a backslash stands for. */
  private escape(): number {
    const b = this.current();
    this.pos++;
    if (b === BACKSLASH || b === QUOTE) return b;
    if (b === LETTER_N) return NEWLINE;
    throw this.fault(`invalid escape sequence '\\${String.fromCharCode(b)}'`);
  }
}

export function isBlank(b: number): boolean {
  return b === SPACE || b === TAB;
}

function isNameByte(b: number, first: boolean, what: 'metric' | 'label'): boolean {
  if ((b >= 0x61 && b <= 0x7a) || (b >= 0x41 && b <= 0x5a) || b === 0x5f) return true;
  if (b >= 0x30 && b <= 0x39) return !first;
  return b === 0x3a && what === 'metric';
}

/** Bytes in double quotes as Go's %q shows them: what is no UTF-8 as `\xff`. */
export function shownBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return goQuote(bytes.toString());
  let out = '';
  for (let at = 0; at < bytes.length; ) {
    let size = 1;
    while (size <= 4 && !isUtf8(bytes.subarray(at, at + size))) size++;
    if (size <= 4 && at + size <= bytes.length) {
      out += goQuote(bytes.toString('utf8', at, at + size)).slice(1, -1);
      at += size;
    } else {
      out += `\\x${bytes[at].toString(16).padStart(2, '0')}`;
      at++;
    }
  }
  return `"${out}"`;
}

/** A byte in single quotes as Go's %q shows it: the character of that number. */
export function shownByte(b: number): string {
  if (b === 0x27) return "'\\''";
  if (b === QUOTE) return `'"'`;
  return `'${goQuote(String.fromCharCode(b)).slice(1, -1)}'`;
}
