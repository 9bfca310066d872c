import { Args, Flags } from '@oclif/core';
import { CommandFailure, EXIT_FAILED } from '../../../cli/command.ts';
import { Output } from '../../../cli/output.ts';
import { PromtoolCommand, promtoolCheckFlags } from '../../../cli/promtool-command.ts';
import { discoveryResources } from '../../../cli/scrape-jobs.ts';
import { systemClock } from '../../../core/clock.ts';
import { ConfigError, loadConfig } from '../../../core/config/index.ts';
import { discoverOnce, discoverySetups } from '../../../core/discovery/index.ts';
import { parseDuration } from '../../../core/model/duration.ts';
import { type ListedTarget, listTargets, type ScrapeConfig } from '../../../core/scrape/index.ts';

export default class PromtoolCheckServiceDiscovery extends PromtoolCommand {
  static override summary = 'promtool check service-discovery: what discovery and relabelling make of a job';
  static override description =
    'What promtool prints: the labels of every target before and after relabelling, as JSON. promtool waits until the timeout; this command is done when every mechanism has answered. "tsmon scrape targets" says more.';

  static override examples = [
    {
      description: 'A job',
      command: '<%= config.bin %> promtool check service-discovery prometheus.yml node',
    },
  ];

  static override args = {
    'config-file': Args.string({
      description: 'The Prometheus config file',
      required: true,
      ignoreStdin: true,
    }),
    job: Args.string({
      description: 'The job to run service discovery for',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...promtoolCheckFlags,
    timeout: Flags.string({ description: 'The time to wait for discovery results', default: '30s' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolCheckServiceDiscovery);
    this.requireFiles([args['config-file']]);
    const job = this.findJob(args['config-file'], args.job);
    const [{ groups, failures }] = await discoverOnce(
      [discoverySetups(job.discovery, discoveryResources(this.config.version))],
      systemClock,
      parseDuration(flags.timeout),
    );
    for (const { mechanism, reason } of failures) this.say(`${mechanism}: ${reason}`);
    const out = new Output();
    const shown = new Map(
      listTargets(job, groups).map((target) => [JSON.stringify(labelsOf(target)), target]),
    );
    // As promtool leaves it, the last line has no end.
    out.text(JSON.stringify([...shown.values()].map(labelsOf), null, 2));
    out.flush();
  }

  private findJob(file: string, name: string): ScrapeConfig {
    try {
      const jobs = loadConfig(file, { env: process.env }).config.scrapeConfigs;
      const job = jobs.find(({ jobName }) => jobName === name);
      if (job !== undefined) return job;
      const names = jobs.map(({ jobName }) => `\n\t${jobName}`).join('');
      throw new CommandFailure(EXIT_FAILED, `Job ${name} not found. Select one of:${names}`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new CommandFailure(EXIT_FAILED, `Cannot load config ${error.message}`);
    }
  }
}

/** Before and after relabelling. */
function labelsOf({ discovered, target, reason }: ListedTarget) {
  return {
    discoveredLabels: discovered.toObject(),
    labels: target?.allLabels.toObject() ?? {},
    ...(reason !== '' && { error: reason }),
  };
}
