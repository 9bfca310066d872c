/** Prints targets that were discovered, and what became of them. */
import type { Labels } from '../core/model/labels.ts';
import { explainRelabel, type RelabelRule } from '../core/relabel/index.ts';
import type { ListedTarget } from '../core/scrape/index.ts';
import type { Output } from './output.ts';
import type { Painter } from './paint.ts';
import { stepLines, stepObject } from './relabel-steps.ts';
import { type Column, tableLines } from './text-table.ts';

export interface TargetPrinterOptions {
  form: 'table' | 'json' | 'jsonl';
  /** The rules of a job, where the steps through them are wanted. */
  steps: ((job: string) => readonly RelabelRule[]) | undefined;
  paint: Painter;
  /** Characters in a line; Infinity where there is no terminal. */
  width: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'JOB', align: 'left', shrinks: false },
  { title: 'STATE', align: 'left', shrinks: false },
  { title: 'TARGET', align: 'left', shrinks: false },
  { title: 'LABELS', align: 'left', shrinks: true },
];

export class TargetPrinter {
  private readonly out: Output;
  private readonly options: TargetPrinterOptions;

  constructor(out: Output, options: TargetPrinterOptions) {
    this.out = out;
    this.options = options;
  }

  print(targets: readonly ListedTarget[]): void {
    const { form, steps } = this.options;
    if (form === 'json')
      this.out.line(
        JSON.stringify(
          targets.map((target) => this.object(target)),
          null,
          2,
        ),
      );
    else if (form === 'jsonl')
      for (const target of targets) this.out.line(JSON.stringify(this.object(target)));
    else if (steps !== undefined) for (const target of targets) this.story(target, steps(target.job));
    else this.table(targets);
    this.out.flush();
  }

  /** A line for a target that has come (`+`) or gone (`-`). */
  change(sign: '+' | '-', target: ListedTarget): void {
    const { form, paint, steps } = this.options;
    if (form === 'table') {
      const [job, state, url, labels] = cells(target);
      const line = `${sign} ${job} ${state} ${url} ${labels}`;
      this.out.line(sign === '+' ? paint.green(line) : paint.red(line));
      if (sign === '+' && steps !== undefined) this.steps(target, steps(target.job));
    } else {
      const change = sign === '+' ? 'added' : 'removed';
      this.out.line(JSON.stringify({ change, ...this.object(target) }));
    }
    this.out.flush();
  }

  private table(targets: readonly ListedTarget[]): void {
    const { paint, width } = this.options;
    const lines = tableLines(COLUMNS, targets.map(cells), width, (title) => paint.bold(title));
    for (const line of lines) this.out.line(line);
  }

  private story(target: ListedTarget, rules: readonly RelabelRule[]): void {
    const { paint } = this.options;
    const { discovered, reason } = target;
    const [job, state, url, labels] = cells(target);
    this.out.line(paint.bold(`${job} ${state} ${url}`));
    this.out.line(`  discovered ${text(discovered)}`);
    this.steps(target, rules);
    this.out.line(`  ${state === 'active' ? `labels ${labels}` : [state, reason].join(' ').trim()}`);
    this.out.line('');
  }

  private steps({ discovered }: ListedTarget, rules: readonly RelabelRule[]): void {
    const { steps } = explainRelabel(discovered, rules);
    for (const line of stepLines(steps, this.options.paint)) this.out.line(line);
  }

  private object({ job, state, discovered, target, reason }: ListedTarget): object {
    const { steps } = this.options;
    return {
      scrapePool: job,
      state,
      url: target?.url,
      labels: target?.labels.toObject(),
      discoveredLabels: discovered.toObject(),
      reason: reason === '' ? undefined : reason,
      scrapeInterval: target === undefined ? undefined : target.intervalMs / 1000,
      scrapeTimeout: target === undefined ? undefined : target.timeoutMs / 1000,
      steps: steps && explainRelabel(discovered, steps(job)).steps.map(stepObject),
    };
  }
}

function cells({ job, state, discovered, target, reason }: ListedTarget): string[] {
  if (target !== undefined) return [job, state, target.url, text(target.labels)];
  const why = reason === '' ? '' : `${reason}: `;
  return [job, state, discovered.get('__address__'), why + text(discovered)];
}

function text(labels: Labels): string {
  return labels.toString();
}
