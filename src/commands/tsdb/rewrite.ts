import { readFileSync } from 'node:fs';
import { Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { endFlag, startFlag, toFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { advised, advisedOnce } from '../../cli/repair-advice.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP, parseTimestamp } from '../../core/model/timestamp.ts';
import { parseSelector } from '../../core/promql/parser/index.ts';
import { parseRelabelRules, type RelabelRule } from '../../core/relabel/index.ts';
import { DirectorySource } from '../../core/source/directory.ts';
import { runSteps, takeInventory } from '../../core/tsdb/compaction/index.ts';
import { Database } from '../../core/tsdb/db/index.ts';
import {
  type BlockRewrite,
  countRewrites,
  noRewrites,
  type RewriteCounts,
  type RewriteRules,
  rewriteDirectory,
} from '../../core/tsdb/rewrite/index.ts';
import { parse } from '../../core/yaml/index.ts';

export default class TsdbRewrite extends TsmonCommand {
  static override summary = 'Change what a data directory has: delete, relabel, drop labels';
  static override description =
    `Writes the blocks of a data directory anew, with fewer samples or other labels. Series that have the same labels afterwards become one; of several samples for one time one is kept. What only the log has is made into blocks first.

A block stays until its new one is complete, so that at every moment, also after a crash, all is there either as it was or as it shall be; blocks in which nothing changes are left alone. Look first, with --dry-run, which changes nothing and counts everything. A damaged block is left as it is, and the exit status is 1 (see tsdb repair). Where somebody else writes to the directory (a running Prometheus), the command refuses and says who.

The file of --relabel is YAML: a list of rules as in metric_relabel_configs, or a mapping that has one under relabel_configs or metric_relabel_configs. A series that the rules drop is deleted.`;

  static override examples = [
    {
      description: 'Take a label away that made too many series',
      command: '<%= config.bin %> tsdb rewrite --to data --drop-label pod_template_hash --dry-run',
    },
    {
      description: 'Delete for good, and free the space',
      command: '<%= config.bin %> tsdb rewrite --match \'{__name__=~"debug_.+"}\' --delete',
    },
    {
      description: 'Rename a metric in all that was ever stored',
      command:
        'echo "[{source_labels: [__name__], regex: rpc_secs, target_label: __name__, replacement: rpc_seconds}]" | <%= config.bin %> tsdb rewrite --relabel /dev/stdin',
    },
  ];

  static override flags = {
    to: toFlag,
    match: Flags.string({
      description: 'The series that are concerned (default: all); repeat for several selectors',
      helpValue: 'SELECTOR',
      multiple: true,
      multipleNonGreedy: true,
    }),
    delete: Flags.boolean({ description: 'Delete what these have between --start and --end' }),
    start: startFlag,
    end: endFlag,
    'drop-label': Flags.string({
      description: 'A label to take away; repeat for several',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    relabel: Flags.string({ description: 'A file of relabel rules to apply', helpValue: 'FILE' }),
    'dry-run': Flags.boolean({ char: 'n', description: 'Only count what would change' }),
    output: Flags.string({
      char: 'o',
      description: 'How to print what became of each block',
      options: ['text', 'jsonl'],
      default: 'text',
    }),
    quiet: Flags.boolean({ char: 'q', description: 'Print nothing but what is wrong' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbRewrite);
    const now = systemClock.now();
    const dropLabels = flags['drop-label'] ?? [];
    if (!flags.delete && (flags.start !== undefined || flags.end !== undefined)) {
      throw new InputError('bad_flags', '--start and --end say what to --delete; labels are for all time');
    }
    if (!flags.delete && dropLabels.length === 0 && flags.relabel === undefined) {
      throw new InputError(
        'bad_flags',
        'nothing says what to change: use --delete, --drop-label or --relabel',
      );
    }
    if (flags.delete && flags.match === undefined) {
      throw new InputError(
        'bad_flags',
        '--delete wants --match; for everything, --match \'{__name__=~".+"}\'',
      );
    }
    const rules: RewriteRules = {
      selectors: (flags.match ?? []).map((selector) => parseSelector(selector)),
      dropLabels,
      ...(flags.relabel !== undefined && { relabel: await readRules(flags.relabel) }),
      ...(flags.delete && {
        deletion: {
          mint: flags.start === undefined ? MIN_TIMESTAMP : parseTimestamp(flags.start, now),
          maxt: flags.end === undefined ? MAX_TIMESTAMP : parseTimestamp(flags.end, now),
        },
      }),
    };
    takeInventory(flags.to);
    const dryRun = flags['dry-run'] === true;
    // A signal ends these at once: nothing is begun yet, or each part of it is whole by itself.
    const total = dryRun ? await this.countLog(flags.to, rules) : noRewrites();
    if (!dryRun && (await this.hasLog(flags.to))) await this.cutLog(flags.to);
    const format = flags.quiet ? 'none' : flags.output;
    await interruptible((signal) => this.rewrite(flags.to, rules, dryRun, total, format, signal));
    if (!flags.quiet) this.say(`${dryRun ? 'would change' : 'changed'}: ${changes(total)}`);
  }

  /** Adds what changes in blocks to `total`. */
  private async rewrite(
    dir: string,
    rules: RewriteRules,
    dryRun: boolean,
    total: RewriteCounts,
    format: string,
    signal: AbortSignal,
  ): Promise<void> {
    const progress = new Progress();
    const output = new Output();
    try {
      await rewriteDirectory(dir, rules, {
        dryRun,
        signal,
        progress: (ulid, part) => progress.update(`rewriting ${ulid}`, part, 1),
        onRewrite: (rewrite) => {
          for (const key of Object.keys(total) as (keyof RewriteCounts)[]) total[key] += rewrite.counts[key];
          if (!rewrite.isChanged || format === 'none') return;
          progress.clear();
          output.line(format === 'jsonl' ? JSON.stringify(record(rewrite)) : describe(rewrite, dryRun));
          output.flush();
        },
        onDamage: (ulid, error) => {
          progress.clear();
          this.complain(`${ulid} is left as it is: ${advised(error).message}`);
          process.exitCode = EXIT_FAILED;
        },
        onNotice: (notice) => this.complain(notice),
      });
    } finally {
      progress.clear();
    }
  }

  /** Of what the blocks do not have. */
  private async countLog(dir: string, rules: RewriteRules): Promise<RewriteCounts> {
    const source = this.open(dir);
    try {
      const everything = { mint: MIN_TIMESTAMP, maxt: MAX_TIMESTAMP };
      const set = await source.beyondBlocks.log.select([], everything);
      return runSteps(countRewrites(set, rules));
    } finally {
      await source.close();
    }
  }

  private async hasLog(dir: string): Promise<boolean> {
    const source = this.open(dir);
    const extent = await source.beyondBlocks.log.extent();
    await source.close();
    return extent !== undefined;
  }

  private open(dir: string): DirectorySource {
    return new DirectorySource(dir, { onDamage: advisedOnce((error) => this.complain(error.message)) });
  }

  private async cutLog(dir: string): Promise<void> {
    const database = await Database.open(dir, {
      clock: systemClock,
      onNotice: (notice) => this.complain(notice),
    });
    try {
      await database.compact();
    } finally {
      await database.close();
    }
  }
}

async function readRules(path: string): Promise<RelabelRule[]> {
  let config: unknown;
  try {
    config = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new InputError('bad_relabel_config', (error as Error).message.split('\n')[0], { file: path });
  }
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    const { metric_relabel_configs: metric, relabel_configs: plain } = config as Record<string, unknown>;
    config = metric ?? plain ?? config;
  }
  try {
    return parseRelabelRules(config);
  } catch (error) {
    throw error instanceof InputError ? error.in({ file: path }) : error;
  }
}

function record({ before, after, counts }: BlockRewrite): Record<string, unknown> {
  return { block: before.ulid, ...(after !== undefined && { written: after.ulid }), ...counts };
}

function describe({ before, after, counts }: BlockRewrite, dryRun: boolean): string {
  const written = dryRun ? '' : ` -> ${after?.ulid ?? 'nothing, since all was deleted'}`;
  return `${before.ulid}${written}: ${changes(counts)}`;
}

function changes({ dropped, renamed, joined, samples }: RewriteCounts): string {
  const parts: string[] = [];
  if (samples > 0) parts.push(`${plural(samples, 'sample')} deleted`);
  if (dropped > 0) parts.push(`${dropped} series gone`);
  if (renamed > 0) parts.push(`${renamed} series relabelled`);
  if (joined > 0) parts.push(`${joined} of them joined with others`);
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}
