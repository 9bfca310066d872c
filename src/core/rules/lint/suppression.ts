/**
 * Comments that silence checks: `# tsmon lint disable never-true, no-for` above a rule or inside it holds for the rule,
 * `# tsmon lint disable-file …` anywhere for the whole file, and without ids for all checks. What follows `--` is the
 * reason, for people.
 */
import { CHECKS, type CheckId, isCheckId } from './finding.ts';

const COMMENT = /#\s*tsmon lint (disable-file|disable)\b([^#]*)/;

interface Silence {
  line: number;
  checks: ReadonlySet<CheckId>;
}

export class Suppressions {
  /** Ids that no check has, each with its line. */
  readonly unknown: { id: string; line: number }[] = [];
  private readonly wholeFile = new Set<CheckId>();
  private readonly lines: Silence[] = [];
  private readonly text: readonly string[];

  constructor(text: string) {
    this.text = text.split('\n');
    for (const [i, line] of this.text.entries()) {
      const match = COMMENT.exec(line);
      if (match === null) continue;
      const checks = this.checksIn(match[2], i + 1);
      if (match[1] === 'disable-file') for (const id of checks) this.wholeFile.add(id);
      else this.lines.push({ line: i + 1, checks });
    }
  }

  /** For a rule that starts on `line`; `nextLine` is where the next rule does, or the end. */
  silences(check: CheckId, line: number, nextLine: number): boolean {
    if (this.wholeFile.has(check)) return true;
    const first = this.firstComment(line);
    const last = this.firstComment(nextLine);
    return this.lines.some(
      (silence) => silence.line >= first && silence.line < last && silence.checks.has(check),
    );
  }

  /** The first of the comment lines directly above `line`. */
  private firstComment(line: number): number {
    let first = line;
    while (first > 1 && /^\s*#/.test(this.text[first - 2] ?? '')) first--;
    return first;
  }

  private checksIn(list: string, line: number): Set<CheckId> {
    const ids = list
      .split('--')[0]
      .split(/[\s,:]+/)
      .filter((id) => id !== '');
    if (ids.length === 0) return new Set(CHECKS.map(({ id }) => id));
    for (const id of ids) if (!isCheckId(id)) this.unknown.push({ id, line });
    return new Set(ids.filter(isCheckId));
  }
}
