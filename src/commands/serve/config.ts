import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { type Change, type ConfigChanges, configChanges, isEmpty } from '../../cli/config-diff.ts';
import { configFlags, defaultConfigFile } from '../../cli/config-flags.ts';
import { originLines, originText } from '../../cli/config-origin.ts';
import { Output } from '../../cli/output.ts';
import { ConfigError, type LoadedConfig, loadConfig, toYaml } from '../../core/config/index.ts';
import { parserOptionsFor } from '../../core/promql/parser/index.ts';

/** Origins stand behind this column where lines leave room. */
const ORIGIN_COLUMN = 60;

export default class ServeConfig extends TsmonCommand {
  static override summary =
    'The effective configuration, where each value comes from, and what a change does';
  static override description =
    `Prints a prometheus.yml with everything filled in that it leaves out, secrets hidden: what Prometheus answers at /api/v1/status/config, and the jobs of scrape_config_files besides with --origin.

With --diff it tells what another file would change: values, targets (those of static_configs and file_sd_configs, after relabelling), rules, and where alerts and samples go. Nothing is asked of the network.

Exit status: 0 done, or no difference; 1 with --diff, where there is one; 2 wrong usage, or a file that is not valid.`;

  static override examples = [
    { description: 'Everything that is in force', command: '<%= config.bin %> serve config prometheus.yml' },
    {
      description: 'Why a job has its timeout',
      command: '<%= config.bin %> serve config --origin | grep scrape_timeout',
    },
    {
      description: 'Before a change is deployed',
      command: '<%= config.bin %> serve config /etc/prometheus/prometheus.yml --diff prometheus.yml',
    },
  ];

  static override args = {
    file: Args.string({
      description: 'The configuration (default: $TSMON_CONFIG, else prometheus.yml)',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...configFlags,
    origin: Flags.boolean({
      description: 'Behind each value: file, line and column, "global", or "default"',
      exclusive: ['diff'],
    }),
    diff: Flags.string({ description: 'What would change if this file took its place', helpValue: 'OTHER' }),
    output: Flags.string({
      char: 'o',
      description: 'yaml for people and Prometheus, or json with key paths, origins and changes',
      options: ['yaml', 'json'],
      default: 'yaml',
    }),
    'enable-feature': Flags.string({
      description: "Accept an experimental part of PromQL in rules, by the name of Prometheus' flag",
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServeConfig);
    const options = { agent: flags.agent, expandEnv: flags['expand-env'], env: process.env };
    const load = (file: string) => this.load(file, options);
    const loaded = load(args.file ?? defaultConfigFile());
    const out = new Output();
    const json = flags.output === 'json';
    if (flags.diff !== undefined) {
      const parser = parserOptionsFor(flags['enable-feature'] ?? []);
      const found = configChanges(loaded.config, load(flags.diff).config, parser);
      if (json) out.line(JSON.stringify(found));
      else this.printChanges(found, out);
      if (!isEmpty(found)) process.exitCode = EXIT_FAILED;
    } else if (json) printJson(loaded, out);
    else if (flags.origin) this.printOrigins(loaded, out);
    else out.text(toYaml(loaded.config));
    out.flush();
  }

  /** Tells all faults of a file, then fails as for any other bad input. */
  private load(file: string, options: Parameters<typeof loadConfig>[1]): LoadedConfig {
    try {
      const loaded = loadConfig(file, options);
      for (const { message } of loaded.warnings) this.complain(message);
      return loaded;
    } catch (error) {
      if (error instanceof ConfigError) {
        for (const { message } of error.errors.slice(0, -1))
          this.say(`${this.paint.red('error:')} ${message}`);
        throw error.errors[error.errors.length - 1];
      }
      throw error;
    }
  }

  private printOrigins({ config, origins }: LoadedConfig, out: Output): void {
    for (const { text, origin } of originLines(config, origins)) {
      if (origin === undefined || text.includes('\n')) out.line(text);
      else out.line(`${text.padEnd(ORIGIN_COLUMN)} ${this.paintOut.dim(`# ${originText(origin, origins)}`)}`);
    }
  }

  private printChanges(found: ConfigChanges, out: Output): void {
    const section = (title: string, list: readonly Change[]) => {
      if (list.length === 0) return;
      out.line(this.paintOut.bold(`${title}: ${counts(list)}`));
      for (const { what, before, after } of list) {
        if (before !== undefined) out.line(this.paintOut.red(`- ${what}: ${before}`));
        if (after !== undefined) out.line(this.paintOut.green(`+ ${what}: ${after}`));
      }
      out.line('');
    };
    section('Values', found.values);
    section('Targets', found.targets);
    section('Rules', found.rules);
    section('Routes', found.routes);
    if (found.undiscovered.length > 0) {
      out.flush();
      this.complain(`targets that only the network knows are not compared: ${found.undiscovered.join(', ')}`);
    }
  }
}

function counts(list: readonly Change[]): string {
  const added = list.filter(({ before }) => before === undefined).length;
  const removed = list.filter(({ after }) => after === undefined).length;
  const changed = list.length - added - removed;
  return [
    [added, 'added'],
    [removed, 'removed'],
    [changed, 'changed'],
  ]
    .filter(([count]) => count !== 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

function printJson({ config, origins }: LoadedConfig, out: Output): void {
  const values = originLines(config, origins)
    .filter(({ origin }) => origin !== undefined)
    .map(({ path, text, origin }) => {
      const place = origin!.kind === 'file' ? origin!.place : {};
      return {
        path,
        text: text.trim(),
        from: origin!.kind,
        ...place,
        ...(origin!.kind === 'global' && { key: origin!.key }),
      };
    });
  out.line(JSON.stringify({ values }));
}
