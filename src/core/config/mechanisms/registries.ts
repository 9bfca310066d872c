/** Systems that know their machines and services. */
import {
  boolean,
  duration,
  field,
  file,
  integer,
  list,
  optionalField,
  secret,
  text,
} from '../schema/index.ts';
import type { Checked } from '../schema/struct.ts';
import { http, tlsConfig } from '../sections/http.ts';
import { inOrder, mechanism, port, refreshInterval, required } from './mechanism.ts';
import { checkHttpUrl, urlText } from './web.ts';

const withHttp = { inline: http, prop: 'http' };

interface Marathon {
  authToken: string;
  authTokenFile: string;
  http: { basicAuth?: object; authorization?: object };
}

export const marathon = mechanism(
  'marathon',
  [
    optionalField('servers', list(text)),
    refreshInterval(30),
    optionalField('auth_token', secret),
    optionalField('auth_token_file', file),
    withHttp,
  ],
  inOrder(
    required({ servers: 'marathon_sd: must contain at least one Marathon server' }),
    ({ authToken, authTokenFile, http: { basicAuth, authorization } }: Marathon, at: Checked) => {
      const token = authToken !== '' || authTokenFile !== '';
      if (authToken !== '' && authTokenFile !== '')
        at.fault(
          'marathon_sd: at most one of auth_token & auth_token_file must be configured',
          'auth_token_file',
        );
      if (!token) return;
      if (basicAuth !== undefined)
        at.fault(
          'marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured',
          'basic_auth',
        );
      if (authorization === undefined) return;
      if (at.has('bearer_token') || at.has('bearer_token_file'))
        at.fault(
          'marathon_sd: at most one of bearer_token, bearer_token_file, auth_token & auth_token_file must be configured',
          at.has('bearer_token') ? 'bearer_token' : 'bearer_token_file',
        );
      else
        at.fault(
          'marathon_sd: at most one of auth_token, auth_token_file & authorization must be configured',
          'authorization',
        );
    },
  ),
);

/** Nerve and Serversets: paths in Zookeeper. */
function zookeeper(name: string) {
  return mechanism(
    'zookeeper',
    [field('servers', list(text)), field('paths', list(text)), optionalField('timeout', duration, 10_000)],
    inOrder(
      required({ servers: `${name} SD config must contain at least one Zookeeper server` }),
      required({ paths: `${name} SD config must contain at least one path` }),
      ({ paths }: { paths: readonly string[] }, at: Checked) => {
        const wrong = paths.findIndex((path) => !path.startsWith('/'));
        if (wrong >= 0)
          at.fault(`${name} SD config paths must begin with '/': ${paths[wrong]}`, `paths[${wrong}]`);
      },
    ),
  );
}

export const nerve = zookeeper('nerve');
export const serverset = zookeeper('serverset');

export const puppetdb = mechanism(
  'puppetdb',
  [
    withHttp,
    refreshInterval(60),
    field('url', urlText),
    field('query', text),
    field('include_parameters', boolean),
    port(80),
  ],
  inOrder(required({ url: 'URL is missing' }), checkHttpUrl, required({ query: 'query missing' })),
);

export const triton = mechanism(
  'triton',
  [
    field('account', text),
    field('role', text, 'container'),
    field('dns_suffix', text),
    field('endpoint', text),
    optionalField('groups', list(text)),
    field('port', integer, 9163),
    refreshInterval(60),
    optionalField('tls_config', tlsConfig),
    field('version', integer, 1),
  ],
  inOrder(
    ({ role }, at) => {
      if (role !== 'container' && role !== 'cn')
        at.fault("triton SD configuration requires role to be 'container' or 'cn'", 'role');
    },
    required({ account: 'triton SD configuration requires an account' }),
    required({ dns_suffix: 'triton SD configuration requires a dns_suffix' }),
    required({ endpoint: 'triton SD configuration requires an endpoint' }),
    ({ refreshIntervalMs }, at) => {
      if (refreshIntervalMs <= 0)
        at.fault(
          'triton SD configuration requires RefreshInterval to be a positive integer',
          'refresh_interval',
        );
    },
  ),
);

export const uyuni = mechanism(
  'uyuni',
  [
    field('server', urlText),
    field('username', text),
    field('password', secret),
    withHttp,
    optionalField('entitlement', text, 'monitoring_entitled'),
    optionalField('separator', text, ','),
    refreshInterval(60),
  ],
  inOrder(
    required({ server: 'Uyuni SD configuration requires server host' }),
    required({ username: 'Uyuni SD configuration requires a username' }),
    required({ password: 'Uyuni SD configuration requires a password' }),
  ),
);
