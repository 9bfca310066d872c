import { Args, Flags, type Interfaces } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { engineOptions } from '../../cli/engine-options.ts';
import { fromFlag } from '../../cli/flags.ts';
import { httpFlags } from '../../cli/http-flags.ts';
import { Output } from '../../cli/output.ts';
import { taught } from '../../cli/query-failure.ts';
import { engineFlags, queryTimeFlags } from '../../cli/query-flags.ts';
import { printAnswer, printErrorAnswer } from '../../cli/query-json.ts';
import { QUERY_OUTPUTS, type QueryOutput, queryPrinter, resultSize } from '../../cli/query-printer.ts';
import { type QueryAnswer, runQuery } from '../../cli/query-run.ts';
import { type QueryTimes, queryTimes } from '../../cli/query-times.ts';
import { isServer, openForQueries } from '../../cli/sources.ts';
import { isTerminal, terminalWidth } from '../../cli/terminal.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import { parseQuery } from '../../core/promql/parser/index.ts';
import type { Source } from '../../core/source/source.ts';

type QueryFlags = Interfaces.InferredFlags<typeof Query.flags>;

export default class Query extends TsmonCommand {
  static override summary = 'Run a PromQL query, with no server needed';
  static override description =
    `Evaluates an expression as Prometheus does: at one time (now), or over a range with --start or --since. What --from names is read as it is: data directories, also while a server writes to them, single blocks, files and pipes in any exposition format, servers; several of them are merged.

On a terminal the result is a table. Elsewhere it is text: one sample a line, the series as PromQL writes it, the value, and the time in milliseconds. json is the whole answer of Prometheus' HTTP API, graph draws a line chart, value prints values alone; prom, openmetrics, jsonl and csv are what other programs read.

With --watch the terminal shows a live view: the expression can be edited, with completion of metrics, labels and functions by Tab and a history by the arrow keys; after Esc the arrow keys pan, + and - zoom, v switches between graph and table, and q quits.

Warnings and hints go to standard error. An empty result is no failure unless --fail-if-empty says so.`;

  static override examples = [
    { description: 'What is up', command: '<%= config.bin %> query up' },
    {
      description: 'The last hour as a chart',
      command:
        "<%= config.bin %> query 'sum by (mode) (rate(node_cpu_seconds_total[5m]))' --since 1h -o graph",
    },
    {
      description: 'A file or a pipe instead of a data directory',
      command:
        '<%= config.bin %> scrape host: | <%= config.bin %> query --from - \'topk(5,{__name__=~"node_.*"})\'',
    },
    {
      description: "Another machine's data, at the time of its newest sample",
      command: '<%= config.bin %> query --from /mnt/backup/prometheus --at latest up',
    },
    {
      description: 'A live view of a server',
      command: '<%= config.bin %> query --watch --from http://localhost:9090 up',
    },
    {
      description: 'A check for scripts: status 1 where anything is down',
      command: "<%= config.bin %> query --fail-if-any 'up == 0'",
    },
  ];

  static override args = {
    expr: Args.string({ description: 'A PromQL expression', ignoreStdin: true }),
  };

  static override flags = {
    from: fromFlag,
    ...queryTimeFlags,
    output: Flags.string({
      char: 'o',
      description: 'How to print the result (default: table on a terminal, else text)',
      options: [...QUERY_OUTPUTS],
    }),
    watch: Flags.boolean({
      char: 'w',
      description: 'A live view in the terminal: edit, complete, zoom and pan',
      helpGroup: 'WATCH',
      exclusive: ['output', 'fail-if-empty', 'fail-if-any'],
    }),
    interval: Flags.string({
      description: 'How often the live view asks again',
      helpValue: 'DURATION',
      helpGroup: 'WATCH',
      default: '5s',
    }),
    'fail-if-empty': Flags.boolean({ description: 'Status 1 where the result has no series' }),
    'fail-if-any': Flags.boolean({
      description: 'Status 1 where the result has any series',
      exclusive: ['fail-if-empty'],
    }),
    ...engineFlags,
    ...httpFlags,
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Query);
    if (flags.watch) {
      const { watchQuery } = await import('../../cli/query-watch.ts');
      await watchQuery(args.expr ?? '', flags, this.config.root, this.paintOut);
      return;
    }
    if (args.expr === undefined) throw new InputError('no_query', 'there is no expression to evaluate');
    await this.evaluate(args.expr, flags);
  }

  private async evaluate(query: string, flags: QueryFlags): Promise<void> {
    const output = (flags.output ?? (isTerminal(1) ? 'table' : 'text')) as QueryOutput;
    const options = engineOptions(flags);
    const out = new Output();
    let damaged = false;
    const opened = await openForQueries(flags.from, {
      onDamage: (error) => {
        damaged = true;
        this.complain(error.message);
      },
      onWarning: (text) => this.complain(text),
      http: flags,
      // A server that gives up says more than we could.
      timeoutMs: options.timeoutMs + 2000,
    });
    const { source } = opened;
    try {
      const times = await queryTimes(flags, output === 'graph', source, systemClock.now());
      const answer = await this.answer(() => runQuery(opened, query, times, options, flags), query, {
        asJson: output === 'json',
        out,
      });
      if (output === 'json') {
        printAnswer(answer, out);
      } else {
        const print = await queryPrinter(output);
        const context = { out, paint: this.paintOut, times, width: terminalWidth() };
        print(answer.value, { ...context, complain: (line) => this.complain(line) });
      }
      out.flush();
      this.sayAnnotations(answer);
      const size = resultSize(answer.value);
      await this.sayHints(source, query, times, options, size === 0, flags.from);
      if (damaged || (size === 0 ? flags['fail-if-empty'] : flags['fail-if-any']))
        process.exitCode = EXIT_FAILED;
    } finally {
      await source.close();
    }
  }

  override catch(error: Error): Promise<void> {
    if (error.message.startsWith('Nonexistent flag'))
      error.message = `${error.message.split('\n')[0]}\nAn expression that begins with - goes behind --, as in: tsmon query -- -up`;
    return super.catch(error);
  }

  /** The query's answer, or a failure that explains itself. */
  private async answer(
    ask: () => Promise<QueryAnswer>,
    query: string,
    { asJson, out }: { asJson: boolean; out: Output },
  ): Promise<QueryAnswer> {
    try {
      return await ask();
    } catch (error) {
      if (asJson && printErrorAnswer(error, out)) out.flush();
      throw taught(error, query);
    }
  }

  /** What may help somebody who sees this result. Never a reason to fail. */
  private async sayHints(
    source: Source,
    query: string,
    times: QueryTimes,
    { parser, lookbackMs }: ReturnType<typeof engineOptions>,
    empty: boolean,
    from: readonly string[],
  ): Promise<void> {
    const { adviseOnDirectories, adviseOnEmpty, adviseOnTypes } = await import('../../cli/query-advice.ts');
    const expr = parseQuery(query, parser);
    const hints = empty ? adviseOnDirectories(from) : [];
    if (empty && hints.length < from.length) {
      const isNear = from.every((name) => !isServer(name));
      hints.push(...(await adviseOnEmpty(source, expr, times, lookbackMs, isNear)));
    }
    hints.push(...(await adviseOnTypes(source, expr)));
    for (const hint of hints) this.say(`${this.paint.yellow('hint:')} ${hint}`);
  }

  private sayAnnotations({ warnings, infos }: QueryAnswer): void {
    for (const text of warnings) this.complain(text.replace(/^PromQL warning: /, ''));
    for (const text of infos) this.say(`${this.paint.dim('info:')} ${text.replace(/^PromQL info: /, '')}`);
  }
}
