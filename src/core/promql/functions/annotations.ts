/**
 * What a query has to say beside its result: warnings (the result may not be what was meant) and infos. Each text is
 * kept once, with one place in the query that it speaks of. Where several parts of a query say the same, the place is
 * that of the part which Prometheus would have evaluated last: operands before their operator, the left one first.
 */
import type { SourceRange } from '../parser/ast.ts';
import { placeIn } from '../parser/syntax-error.ts';

export interface Annotation {
  level: 'warning' | 'info';
  /** Upstream's wording, without the place. */
  text: string;
  range: SourceRange;
}

/** What an annotation was found in: of several that say the same it is added up, and told behind the text. */
export interface Evidence {
  /** `other` is of the same class: it is evidence for the same text. */
  plus(other: Evidence): Evidence;
  toString(): string;
}

/** A part of the query that is being evaluated. */
export interface QueryPart {
  readonly range: SourceRange;
}

interface Said extends Annotation {
  evidence: Evidence | null;
  /** The part that said it, which `range` may only be a piece of, or a neighbour. */
  by: SourceRange;
}

const WHOLE_QUERY: SourceRange = { start: 0, end: Number.POSITIVE_INFINITY };

export class Annotations {
  private readonly byText = new Map<string, Said>();
  /** What is being evaluated, innermost last. */
  private readonly parts: QueryPart[] = [];
  private readonly byPart = new Map<QueryPart, Map<string, Said>>();

  warn(text: string, range: SourceRange): void {
    this.say('warning', text, range, null);
  }

  info(text: string, range: SourceRange, evidence: Evidence | null = null): void {
    this.say('info', text, range, evidence);
  }

  get size(): number {
    return this.byText.size;
  }

  /** In order of first appearance. */
  list(): Annotation[] {
    return Array.from(this.byText.values(), ({ level, text, range, evidence }) => ({
      level,
      text: evidence === null ? text : `${text}, ${evidence}`,
      range,
    }));
  }

  /** What is said until the matching `leave` is said by `part`. */
  enter(part: QueryPart): void {
    this.parts.push(part);
  }

  leave(): void {
    this.parts.pop();
  }

  /** Says everything that `part` has said once more, of the same text `shift` bytes further on in the query. */
  repeat(part: QueryPart, shift: number): void {
    for (const said of this.byPart.get(part)?.values() ?? []) {
      keepLast(this.byText, { ...said, range: moved(said.range, shift), by: moved(said.by, shift) });
    }
  }

  private say(level: Annotation['level'], text: string, range: SourceRange, evidence: Evidence | null): void {
    const by = this.parts.length === 0 ? WHOLE_QUERY : this.parts[this.parts.length - 1].range;
    const said: Said = { level, text, range, by, evidence };
    keepLast(this.byText, said);
    for (const part of this.parts) {
      let texts = this.byPart.get(part);
      if (texts === undefined) this.byPart.set(part, (texts = new Map()));
      keepLast(texts, said);
    }
  }
}

function keepLast(texts: Map<string, Said>, said: Said): void {
  const before = texts.get(said.text);
  if (before === undefined) {
    texts.set(said.text, said);
    return;
  }
  const last = evaluatedBefore(before.by, said.by) ? said : before;
  if (said.evidence === null || before.evidence === null) texts.set(said.text, last);
  else texts.set(said.text, { ...last, evidence: before.evidence.plus(said.evidence) });
}

/** Of two parts of a query, nested or apart: whether `a` comes first in post-order. */
function evaluatedBefore(a: SourceRange, b: SourceRange): boolean {
  return a.end !== b.end ? a.end < b.end : a.start > b.start;
}

function moved({ start, end }: SourceRange, shift: number): SourceRange {
  return { start: start + shift, end: end + shift };
}

/** `text (1:5)`: line and column of the place in `query`, as the HTTP API prints annotations. */
export function formatAnnotation(annotation: Annotation, query: string): string {
  const prefix = annotation.level === 'warning' ? 'PromQL warning' : 'PromQL info';
  const { line, column } = placeIn(query, annotation.range.start);
  return `${prefix}: ${annotation.text} (${line}:${column})`;
}
