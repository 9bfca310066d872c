/**
 * `ec2_sd_configs`: the instances of one region of Amazon EC2, asked for again and again.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#ec2_sd_config
 */
import type { FetchClient } from '../../http/fetch.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../http/http-config.ts';
import { EMPTY_LABELS } from '../../model/labels.ts';
import type { Discoverer, DiscoveryHost, DiscoveryResources } from '../discoverer.ts';
import { RefreshingDiscoverer } from '../refresh.ts';
import type { Ec2DiscoveryConfig } from '../sd-config.ts';
import type { TargetGroup } from '../target-group.ts';
import { CredentialsSource } from './credentials.ts';
import { reservationTargets, zoneOf } from './instances.ts';
import { query } from './query-api.ts';
import type { XmlElement } from './xml.ts';

const VERSION = '2016-11-15';

export class Ec2Discoverer implements Discoverer {
  private readonly config: Ec2DiscoveryConfig;
  private readonly env: DiscoveryResources['env'];
  private readonly client: FetchClient;
  private readonly localClient: FetchClient;
  private zoneIds: ReadonlyMap<string, string> | undefined;

  constructor(config: Ec2DiscoveryConfig, { openClient, env }: DiscoveryResources) {
    this.config = config;
    this.env = env;
    // A signed request is good for one host.
    this.client = openClient({ ...config.http, followRedirects: false });
    this.localClient = openClient({ ...DEFAULT_HTTP_CLIENT_CONFIG, followRedirects: false });
  }

  async run(host: DiscoveryHost, signal: AbortSignal): Promise<void> {
    const { config, env, client, localClient } = this;
    const credentials = new CredentialsSource({ config, env, client, localClient, clock: host.clock });
    let region = config.region;
    const refresh = async () => {
      region ||= await credentials.region(signal);
      return [await this.refresh(region, credentials, host, signal)];
    };
    await new RefreshingDiscoverer(config.refreshIntervalMs, refresh).run(host, signal);
    client.close();
    localClient.close();
  }

  private async refresh(
    region: string,
    credentials: CredentialsSource,
    host: DiscoveryHost,
    signal: AbortSignal,
  ): Promise<TargetGroup> {
    const { endpoint, port, filters } = this.config;
    const target = { service: 'ec2', region, endpoint, version: VERSION } as const;
    const ask = async (action: string, params: readonly (readonly [string, string])[]) =>
      query(
        this.client,
        target,
        [['Action', action], ...params],
        await credentials.get(region, signal),
        host.clock,
        signal,
      );
    const filterParams = filters.flatMap(({ name, values }, i): [string, string][] => [
      [`Filter.${i + 1}.Name`, name],
      ...values.map((value, j): [string, string] => [`Filter.${i + 1}.Value.${j + 1}`, value]),
    ]);
    const reservations: XmlElement[] = [];
    for (let next = ''; ; ) {
      const page = await ask(
        'DescribeInstances',
        next ? [...filterParams, ['NextToken', next]] : filterParams,
      );
      reservations.push(...page.items('reservationSet'));
      next = page.textAt('nextToken') ?? '';
      if (next === '') break;
    }
    const zones = new Set(
      reservations.flatMap((reservation) => reservation.items('instancesSet').map(zoneOf)),
    );
    if (this.zoneIds === undefined || [...zones].some((zone) => zone && !this.zoneIds!.has(zone)))
      this.zoneIds = await this.readZones(ask, signal);
    const context = { region, port, zoneIds: this.zoneIds ?? new Map<string, string>() };
    return {
      source: region,
      targets: reservations.flatMap((reservation) => reservationTargets(reservation, context)),
      labels: EMPTY_LABELS,
    };
  }

  /** What was known before where zones may not be asked for: their ids are worth less than the instances. */
  private async readZones(
    ask: (action: string, params: readonly (readonly [string, string])[]) => Promise<XmlElement>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    try {
      const answer = await ask('DescribeAvailabilityZones', []);
      return new Map(
        answer
          .items('availabilityZoneInfo')
          .map((zone) => [zone.textAt('zoneName') ?? '', zone.textAt('zoneId') ?? '']),
      );
    } catch (error) {
      if (signal.aborted) throw error;
      return this.zoneIds;
    }
  }
}
