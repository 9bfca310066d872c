import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TsmonCommand } from '../../cli/command.ts';
import { AGENT_FLAGS, IDLE_FLAGS, serveFlags } from '../../cli/serve-flags.ts';
import { serveSettings } from '../../cli/serve-settings.ts';
import { runServer } from '../../cli/server-run.ts';

export default class Serve extends TsmonCommand {
  static override summary = 'Run the server: scrape, store, evaluate rules, send alerts, answer queries';
  static override description =
    `One process that does what Prometheus does, with the same configuration, the same data directory and the same HTTP API on the same port, so that either can take the other's place at any moment. Prometheus' own flags are taken under their names.

Without a configuration it watches this host and itself, with a few rules: useful at once. See http://localhost:9090.

SIGHUP (or POST /-/reload, where that is allowed) reads the configuration again; one that is no good changes nothing. SIGTERM and Ctrl-C end the server: what is being answered and sent gets --shutdown-timeout to come to its end. Under systemd it tells when it is ready, reloads and stops (Type=notify, NotifyAccess=all).

Exit status: 0 ended as asked, 1 ended by a fault, 2 wrong usage, a configuration that is no good, or a data directory that cannot be used.`;

  static override examples = [
    { description: 'This host, with nothing to set up', command: '<%= config.bin %> serve' },
    {
      description: 'In place of a Prometheus, with its flags',
      command:
        '<%= config.bin %> serve --config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/var/lib/prometheus --web.enable-lifecycle',
    },
    {
      description: 'A store for others that write to it, which scrapes nothing',
      command: '<%= config.bin %> serve --no-scrape --web.enable-remote-write-receiver --data /srv/metrics',
    },
    {
      description: 'Only on this machine, and not for long',
      command: '<%= config.bin %> serve --listen 127.0.0.1:9090 --retention 2d',
    },
  ];

  static override flags = { ...serveFlags, ...IDLE_FLAGS, ...AGENT_FLAGS };

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve);
    const { root, version } = this.config;
    const { settings, notices } = serveSettings(flags, version, root);
    await runServer(settings, {
      notices,
      level: flags['log.level'],
      format: flags['log.format'],
      workers: pathToFileURL(join(root, 'dist', 'workers', '/')),
    });
  }
}
