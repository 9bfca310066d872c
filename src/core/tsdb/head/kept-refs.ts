/**
 * Refs of series that are gone: while the log has the segment that they were kept for, their samples may be in it, and
 * a checkpoint must keep their records. By segment, since a map by ref of half a million
 * holds everybody up whenever it grows.
 */
export class KeptRefs {
  private readonly bySegment = new Map<number, number[]>();

  keep(ref: number, segment: number): void {
    const refs = this.bySegment.get(segment);
    if (refs === undefined) this.bySegment.set(segment, [ref]);
    else refs.push(ref);
  }

  /** Those that were kept for segments after `last`; some may be there twice. */
  after(last: number): number[] {
    return [...this.bySegment].flatMap(([segment, refs]) => (segment > last ? refs : []));
  }

  /** The log has no segment up to `last` any more. */
  forget(last: number): void {
    for (const segment of this.bySegment.keys()) if (segment <= last) this.bySegment.delete(segment);
  }
}
