/**
 * Finds the place of a fault in one JSON text (RFC 8259), for error messages: `JSON.parse` tells no position that can
 * be relied on. Used only once something is known to be wrong; nesting costs no stack.
 */

export type JsonPath = readonly (string | number)[];

export interface JsonFault {
  /** Index into the text, in UTF-16 units. */
  at: number;
  reason: string;
}

/** What makes `text` no JSON, or undefined where it is. */
export function jsonFault(text: string): JsonFault | undefined {
  return new JsonScan(text).run();
}

/** Where the value at `path` begins (or, with `key`, the key that leads to it); 0 where there is none. */
export function jsonPlace(text: string, path: JsonPath, key = false): number {
  const scan = new JsonScan(text, path, key);
  scan.run();
  return scan.found;
}

/** An open array or object; `step` is the index or key of the element that is being read. */
interface Level {
  isArray: boolean;
  step: string | number;
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'next' | 'nothing';

class JsonScan {
  found = 0;
  private readonly text: string;
  private readonly path: JsonPath | undefined;
  private readonly wantKey: boolean;
  private readonly levels: Level[] = [];
  private at = 0;
  private expected: Expected = 'value';

  constructor(text: string, path?: JsonPath, wantKey = false) {
    this.text = text;
    this.path = path;
    this.wantKey = wantKey;
  }

  run(): JsonFault | undefined {
    for (;;) {
      this.skipSpace();
      const c = this.text[this.at];
      if (c === undefined)
        return this.expected === 'nothing' ? undefined : this.fault('the line ends too early');
      const fault = this.step(c);
      if (fault !== undefined) return fault;
    }
  }

  private step(c: string): JsonFault | undefined {
    const level = this.levels.at(-1);
    switch (this.expected) {
      case 'nothing':
        return this.fault('more text after the JSON value');
      case 'next':
        if (c === ',') {
          if (level!.isArray) level!.step = Number(level!.step) + 1;
          this.expected = level!.isArray ? 'value' : 'key';
          this.at++;
          return undefined;
        }
        if (c === (level!.isArray ? ']' : '}')) return this.close();
        return this.fault(`expected ',' or '${level!.isArray ? ']' : '}'}'`);
      case 'key or }':
        if (c === '}') return this.close();
        return this.key(level!, c);
      case 'key':
        return this.key(level!, c);
      case 'value or ]':
        return c === ']' ? this.close() : this.value(c);
      case 'value':
        return this.value(c);
    }
  }

  private key(level: Level, c: string): JsonFault | undefined {
    if (c !== '"') return this.fault('expected a key in double quotes');
    const start = this.at;
    const fault = this.string();
    if (fault !== undefined) return fault;
    level.step = JSON.parse(this.text.slice(start, this.at)) as string;
    if (this.wantKey && this.isWanted()) this.found = start;
    this.skipSpace();
    if (this.text[this.at] !== ':') return this.fault("expected ':'");
    this.at++;
    this.expected = 'value';
    return undefined;
  }

  private value(c: string): JsonFault | undefined {
    if (!this.wantKey && this.isWanted()) this.found = this.at;
    if (c === '{' || c === '[') {
      this.levels.push({ isArray: c === '[', step: 0 });
      this.expected = c === '[' ? 'value or ]' : 'key or }';
      this.at++;
      return undefined;
    }
    if (c === '"') {
      const fault = this.string();
      if (fault !== undefined) return fault;
    } else {
      SCALAR.lastIndex = this.at;
      const scalar = SCALAR.exec(this.text);
      if (scalar === null) return this.fault('expected a value');
      this.at += scalar[0].length;
    }
    this.expected = this.levels.length === 0 ? 'nothing' : 'next';
    return undefined;
  }

  private close(): undefined {
    this.levels.pop();
    this.at++;
    this.expected = this.levels.length === 0 ? 'nothing' : 'next';
    return undefined;
  }

  /** Moves past the string that begins here. */
  private string(): JsonFault | undefined {
    const text = this.text;
    for (this.at++; this.at < text.length; this.at++) {
      const c = text[this.at];
      if (c === '"') {
        this.at++;
        return undefined;
      }
      if (c < ' ') return this.fault('control character in a string');
      if (c !== '\\') continue;
      ESCAPE.lastIndex = this.at;
      const escaped = ESCAPE.exec(text);
      if (escaped === null) return this.fault('bad escape in a string');
      this.at += escaped[0].length - 1;
    }
    return this.fault('the line ends within a string');
  }

  private isWanted(): boolean {
    const { path, levels } = this;
    return (
      path !== undefined && path.length === levels.length && path.every((step, i) => levels[i].step === step)
    );
  }

  private skipSpace(): void {
    for (; ; this.at++) {
      const c = this.text[this.at];
      if (c !== ' ' && c !== '\t' && c !== '\r' && c !== '\n') return;
    }
  }

  private fault(reason: string): JsonFault {
    return { at: this.at, reason };
  }
}

const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
