/**
 * What a query has to say beside its result: warnings (the result may not be what was meant) and infos. Each text
 * is kept once, with the place in the query that it speaks of, as Prometheus reports it.
 */
import type { SourceRange } from '../parser/ast.ts';

export interface Annotation {
  level: 'warning' | 'info';
  /** Upstream's wording, without the place. */
  text: string;
  range: SourceRange;
}

export class Annotations {
  private readonly byKey = new Map<string, Annotation>();

  warn(text: string, range: SourceRange): void {
    this.add({ level: 'warning', text, range });
  }

  info(text: string, range: SourceRange): void {
    this.add({ level: 'info', text, range });
  }

  get size(): number {
    return this.byKey.size;
  }

  /** In order of first appearance. */
  list(): Annotation[] {
    return [...this.byKey.values()];
  }

  /** Adds what was said of the query's bytes [start, end) once more, as said of the same text at `copy`. */
  repeat(start: number, end: number, copy: number): void {
    for (const annotation of this.list()) {
      const { range } = annotation;
      if (range.start < start || range.end > end) continue;
      const shift = copy - start;
      this.add({ ...annotation, range: { start: range.start + shift, end: range.end + shift } });
    }
  }

  private add(annotation: Annotation): void {
    const key = `${annotation.range.start}:${annotation.text}`;
    if (!this.byKey.has(key)) this.byKey.set(key, annotation);
  }
}

/** `text (1:5)`: line and column of the place in `query`, as the HTTP API prints annotations. */
export function formatAnnotation(annotation: Annotation, query: string): string {
  const prefix = annotation.level === 'warning' ? 'PromQL warning' : 'PromQL info';
  const bytes = Buffer.from(query, 'utf8').subarray(0, annotation.range.start).toString('utf8');
  const line = bytes.split('\n').length;
  const column = bytes.length - bytes.lastIndexOf('\n');
  return `${prefix}: ${annotation.text} (${line}:${column})`;
}
