import { Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { jobFlags } from '../../cli/scrape-job-flags.ts';
import { discoveryResources, loadJobs } from '../../cli/scrape-jobs.ts';
import { TargetPrinter, type TargetPrinterOptions } from '../../cli/target-printer.ts';
import { watchTargets } from '../../cli/target-watch.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import { systemClock } from '../../core/clock.ts';
import { discoverOnce, discoverySetups } from '../../core/discovery/index.ts';
import { parseDuration } from '../../core/model/duration.ts';
import { type ListedTarget, listTargets } from '../../core/scrape/index.ts';

export default class ScrapeTargets extends TsmonCommand {
  static override summary = 'Show the targets of a configuration, and why they are, or are not, scraped';
  static override description =
    `Runs the service discovery of a prometheus.yml once, relabels what it finds, and lists every target: active ones with the labels and the URL that they end up with, dropped ones and those that cannot be scraped with the labels that were discovered. Nothing is scraped.

With --steps each target is followed through relabel_configs rule by rule. With --watch discovery goes on, and a line is printed for every target that comes (+) or goes (-).

Exit status: 0 done, 1 discovery failed in part or a target cannot be scraped, 2 wrong usage or configuration.`;

  static override examples = [
    {
      description: 'All targets of ./prometheus.yml',
      command: '<%= config.bin %> scrape targets',
    },
    {
      description: 'Why the targets of one job are dropped',
      command: '<%= config.bin %> scrape targets --scrape-job node --dropped --steps',
    },
    {
      description: 'The URLs that would be scraped',
      command: '<%= config.bin %> scrape targets -o json | jq \'.[]|select(.state=="active").url\'',
    },
    { description: 'How discovery changes', command: '<%= config.bin %> scrape targets --watch' },
  ];

  static override flags = {
    ...jobFlags,
    output: Flags.string({
      char: 'o',
      description: 'How to print: a table for people, one JSON document, or a JSON line a target',
      options: ['table', 'json', 'jsonl'],
      default: 'table',
    }),
    active: Flags.boolean({ description: 'Only targets that are scraped', exclusive: ['dropped'] }),
    dropped: Flags.boolean({ description: 'Only targets that are not scraped' }),
    steps: Flags.boolean({ description: 'What each relabelling rule does to each target' }),
    watch: Flags.boolean({ description: 'Go on until interrupted, and print what changes' }),
    timeout: Flags.string({
      description: 'How long discovery may take',
      helpValue: 'DURATION',
      default: '30s',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ScrapeTargets);
    const complain = (line: string) => this.complain(line);
    const configs = await loadJobs(flags.config, flags['scrape-job'], complain);
    const rulesOf = new Map(configs.map(({ jobName, relabelConfigs }) => [jobName, relabelConfigs]));
    const printer = new TargetPrinter(new Output(), {
      form: flags.output as TargetPrinterOptions['form'],
      steps: flags.steps ? (job) => rulesOf.get(job) ?? [] : undefined,
      paint: this.paintOut,
      width: terminalWidth(),
    });
    const wanted = ({ state }: ListedTarget) =>
      !(flags.active && state !== 'active') && !(flags.dropped && state === 'active');
    const resources = discoveryResources(this.config.version);
    if (flags.watch) {
      await interruptible((signal) =>
        watchTargets(configs, { printer, resources, wanted, complain, signal }),
      );
      return;
    }
    const found = await discoverOnce(
      configs.map(({ discovery }) => discoverySetups(discovery, resources)),
      systemClock,
      parseDuration(flags.timeout),
    );
    const targets = configs.flatMap((config, i) => listTargets(config, found[i].groups));
    printer.print(targets.filter(wanted));
    for (const [i, { failures }] of found.entries()) {
      for (const { mechanism, reason } of failures) {
        this.complain(`${configs[i].jobName}: discovery (${mechanism}) failed: ${reason}`);
        process.exitCode = EXIT_FAILED;
      }
    }
    if (targets.some(({ state }) => state === 'faulty')) process.exitCode = EXIT_FAILED;
  }
}
