/** Docker, Docker Swarm, and Consul's, Nomad's and Eureka's registries. */

import { parseGoUrl } from '../go-url.ts';
import { boolean, duration, field, list, mapOf, optionalField, secret, text } from '../schema/index.ts';
import { http } from '../sections/http.ts';
import { filters, inOrder, mechanism, port, refreshInterval, required, runnable } from './mechanism.ts';
import { urlText } from './web.ts';

const filter = filters('moby.Filter');

export const docker = runnable(
  'moby',
  [
    { inline: http, prop: 'http' },
    field('host', urlText),
    port(80),
    field('filters', list(filter)),
    field('host_networking_host', text, 'localhost'),
    field('refresh_interval', duration, 60_000),
    field('match_first_network', boolean, true),
  ],
  required({ host: 'host missing' }),
);

const SWARM_ROLES = ['services', 'nodes', 'tasks'];

export const dockerswarm = runnable(
  'moby',
  [
    { inline: http, prop: 'http' },
    field('host', urlText),
    field('role', text),
    port(80),
    field('filters', list(filter)),
    field('refresh_interval', duration, 60_000),
  ],
  inOrder(
    required({ host: 'host missing' }),
    required({ role: 'role missing (one of: tasks, services, nodes)' }),
    ({ role }, at) => {
      if (!SWARM_ROLES.includes(role))
        at.fault(`invalid role ${role}, expected tasks, services, or nodes`, 'role');
    },
  ),
);

export const consul = runnable(
  'consul',
  [
    optionalField('server', text, 'localhost:8500'),
    optionalField('path_prefix', text),
    optionalField('token', secret),
    optionalField('datacenter', text),
    optionalField('namespace', text),
    optionalField('partition', text),
    optionalField('tag_separator', text, ','),
    optionalField('scheme', text, 'http'),
    optionalField('username', text),
    optionalField('password', secret),
    field('allow_stale', boolean, true),
    refreshInterval(30),
    optionalField('services', list(text)),
    optionalField('tags', list(text)),
    optionalField('node_meta', mapOf(text)),
    optionalField('filter', text),
    optionalField('health_filter', text),
    { inline: http, prop: 'http' },
  ],
  (settings, at) => {
    if (settings.server.trim() === '')
      at.fault('consul SD configuration requires a server address', 'server');
    if (settings.username !== '' || settings.password !== '') {
      if (settings.http.basicAuth !== undefined)
        at.fault(
          'at most one of consul SD configuration username and password and basic auth can be configured',
          'basic_auth',
        );
      else
        settings.http.basicAuth = {
          username: settings.username,
          usernameFile: '',
          password: settings.password,
          passwordFile: '',
        };
    }
    if (settings.token !== '' && (settings.http.authorization ?? settings.http.oauth2) !== undefined)
      at.fault('at most one of consul SD token, authorization, or oauth2 can be configured', 'token');
  },
);

export const nomad = mechanism(
  'nomad',
  [
    field('allow_stale', boolean, true),
    { inline: http, prop: 'http' },
    field('namespace', text, 'default'),
    field('refresh_interval', duration, 60_000),
    field('region', text, 'global'),
    field('server', text, 'http://localhost:4646'),
    optionalField('tag_separator', text, ','),
  ],
  ({ server }, at) => {
    if (server.trim() === '') at.fault('nomad SD configuration requires a server address', 'server');
  },
);

export const eureka = mechanism(
  'eureka',
  [optionalField('server', text), { inline: http, prop: 'http' }, refreshInterval(30)],
  inOrder(required({ server: 'eureka_sd: empty or null eureka server' }), ({ server }, at) => {
    const { scheme, host } = parseGoUrl(server);
    if (scheme === '' || host === '') at.fault('eureka_sd: invalid eureka server URL', 'server');
  }),
);

export const kuma = mechanism(
  'xds',
  [
    { inline: http, prop: 'http' },
    refreshInterval(15),
    optionalField('fetch_timeout', duration, 120_000),
    optionalField('server', text),
    optionalField('client_id', text),
  ],
  inOrder(required({ server: 'kuma SD server must not be empty' }), ({ server }, at) => {
    const { scheme, host } = parseGoUrl(server);
    if (scheme === '' || host === '')
      at.fault('kuma SD server must not be empty and have a scheme', 'server');
  }),
);
