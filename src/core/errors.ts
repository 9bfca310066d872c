/**
 * Faults in input: everything a user can cause and repair. Outcomes that are expected (an out-of-order sample, the
 * end of a stream) are return values, and our own bugs are plain assertions; neither is one of these.
 *
 * Each class has a stable `code` for programs and says where the fault is, for people.
 */

/** Where a fault lies. Lines and columns count from 1; columns and offsets are in bytes. */
export interface Place {
  /** File path, URL or `stdin`. */
  file?: string | undefined;
  line?: number | undefined;
  column?: number | undefined;
  /** Byte offset from the start of `file`, for binary formats. */
  offset?: number | undefined;
}

export class InputError extends Error {
  readonly code: string;
  readonly place: Place;
  /** The cause alone, without the place that `message` starts with. */
  readonly reason: string;

  constructor(code: string, reason: string, place: Place = {}) {
    const at = formatPlace(place);
    super(at === '' ? reason : `${at}: ${reason}`);
    this.name = 'InputError';
    this.code = code;
    this.reason = reason;
    this.place = place;
  }

  /** The same fault, with what an outer layer knows of its place (usually the file) filled in. */
  in(place: Place): InputError {
    return new InputError(this.code, this.reason, { ...place, ...definedOnly(this.place) });
  }
}

/** A file of the store that is not what its format promises. Everything before `place.offset` was readable. */
export class CorruptionError extends InputError {
  constructor(reason: string, place: Place = {}) {
    super('corruption', reason, place);
    this.name = 'CorruptionError';
  }

  override in(place: Place): CorruptionError {
    return new CorruptionError(this.reason, { ...place, ...definedOnly(this.place) });
  }
}

/** `file:line:column`, `file at byte 12`, or as much of that as is known. */
export function formatPlace(place: Place): string {
  const parts: string[] = [];
  if (place.file !== undefined) parts.push(place.file);
  if (place.line !== undefined) {
    parts.push(place.file === undefined ? `line ${place.line}` : String(place.line));
    if (place.column !== undefined) {
      parts.push(place.file === undefined ? `column ${place.column}` : String(place.column));
    }
  }
  const text = parts.join(place.file === undefined ? ', ' : ':');
  if (place.offset === undefined) return text;
  return text === '' ? `byte ${place.offset}` : `${text} at byte ${place.offset}`;
}

function definedOnly(place: Place): Place {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}
