/** `alerting`: which Alertmanagers get alerts. */
import type { AlertingConfig, AlertmanagerConfig } from '../../notifier/alertmanager-config.ts';
import { duration, field, list, oneOf, optional, optionalField, Struct, text } from '../schema/index.ts';
import { checkStaticTargets, discovery } from './discovery.ts';
import { http } from './http.ts';
import { relabelRules } from './relabel.ts';
import { sigv4 } from './remote.ts';

const apiVersion = oneOf(
  ['v2'],
  (version) => `expected Alertmanager api version to be one of [v2] but got ${version}`,
);

const alertmanager = new Struct<AlertmanagerConfig>(
  'config.AlertmanagerConfig',
  [
    { inline: http, prop: 'http' },
    optionalField('sigv4', optional(sigv4)),
    optionalField('scheme', text, 'http'),
    optionalField('path_prefix', text),
    optionalField('timeout', duration, 10_000),
    field('api_version', apiVersion, 'v2'),
    optionalField('relabel_configs', relabelRules('empty or null Alertmanager target relabeling rule')),
    optionalField('alert_relabel_configs', relabelRules('empty or null Alertmanager alert relabeling rule')),
    discovery,
  ],
  {
    check(config, at) {
      const { basicAuth, authorization, oauth2 } = config.http;
      const own = basicAuth ?? authorization ?? oauth2;
      if (own !== undefined && config.sigv4 !== undefined)
        at.fault('at most one of basic_auth, authorization, oauth2, & sigv4 must be configured', 'sigv4');
      if (config.relabelConfigs.length === 0) checkStaticTargets(config.discovery, at);
    },
  },
);

export const alerting = new Struct<AlertingConfig>('config.plain', [
  optionalField('alert_relabel_configs', relabelRules('empty or null alert relabeling rule')),
  optionalField('alertmanagers', list(alertmanager, { onNull: 'empty or null Alertmanager config section' })),
]);
