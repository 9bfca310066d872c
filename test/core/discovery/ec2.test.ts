import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Ec2Discoverer } from '../../../src/core/discovery/ec2/index.ts';
import { reservationTargets } from '../../../src/core/discovery/ec2/instances.ts';
import { signedHeaders } from '../../../src/core/discovery/ec2/sigv4.ts';
import { parseXml } from '../../../src/core/discovery/ec2/xml.ts';
import type { Ec2DiscoveryConfig } from '../../../src/core/discovery/sd-config.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../../src/core/http/http-config.ts';
import { serveHttp } from '../http/servers.ts';
import { AwsServer } from './aws-server.ts';
import { Running, testResources } from './running.ts';

const SETTINGS: Ec2DiscoveryConfig = {
  mechanism: 'ec2',
  endpoint: '',
  region: 'xx-test-1',
  accessKey: '',
  secretKey: '',
  profile: '',
  roleArn: '',
  externalId: '',
  refreshIntervalMs: 20,
  port: 9100,
  filters: [],
  http: DEFAULT_HTTP_CLIENT_CONFIG,
};

async function discover(more: Partial<Ec2DiscoveryConfig>, env: Record<string, string> = {}) {
  const server = new AwsServer();
  const url = await serveHttp(server.listener);
  const home = mkdtempSync(join(tmpdir(), 'tsmon-aws-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const here = { HOME: home, AWS_ENDPOINT_URL_STS: url, AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
  writeFileSync(
    join(home, 'credentials'),
    '# keys\n[other]\naws_access_key_id = AKPROFILE\naws_secret_access_key=secret-profile\n',
  );
  writeFileSync(join(home, 'config'), '[profile other]\nregion = xx-test-1\n');
  writeFileSync(join(home, 'jwt'), 'jwt\n');
  // What stands for places of this test.
  const placed = Object.entries(env).map(([name, value]) => [
    name,
    value.replace('HOME', home).replace('URL', url),
  ]);
  const files = {
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
    AWS_CONFIG_FILE: join(home, 'config'),
  };
  const resources = testResources({ ...here, ...files, ...Object.fromEntries(placed) });
  const running = new Running(new Ec2Discoverer({ ...SETTINGS, endpoint: url, ...more }, resources));
  return { server, running };
}

describe('Ec2Discoverer', () => {
  it.each<[string, Partial<Ec2DiscoveryConfig>, Record<string, string>, string[]]>([
    [
      'the settings',
      { accessKey: 'AKSETTINGS', secretKey: 'secret/settings+' },
      {},
      ['AKSETTINGS DescribeInstances'],
    ],
    [
      'the environment',
      {},
      { AWS_ACCESS_KEY_ID: 'AKENV', AWS_SECRET_ACCESS_KEY: 'secret-env' },
      ['AKENV DescribeInstances'],
    ],
    ['a profile', { profile: 'other', region: '' }, {}, ['AKPROFILE DescribeInstances']],
    ['a profile of the environment', {}, { AWS_PROFILE: 'other' }, ['AKPROFILE DescribeInstances']],
    [
      'a role',
      {
        accessKey: 'AKSETTINGS',
        secretKey: 'secret/settings+',
        roleArn: 'arn:aws:iam::1:role/x',
        externalId: 'e',
      },
      {},
      ['AKSETTINGS AssumeRole', 'ASIAROLE DescribeInstances'],
    ],
    [
      'a web identity',
      {},
      { AWS_WEB_IDENTITY_TOKEN_FILE: 'HOME/jwt', AWS_ROLE_ARN: 'arn:aws:iam::1:role/x' },
      ['nobody AssumeRoleWithWebIdentity', 'ASIAROLE DescribeInstances'],
    ],
    [
      "the container's host",
      {},
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'URL/container', AWS_CONTAINER_AUTHORIZATION_TOKEN: 'pod' },
      ['container pod', 'ASIAINSTANCE DescribeInstances'],
    ],
    [
      'the instance',
      { region: '' },
      {},
      [
        'imds PUT /latest/api/token',
        'imds GET /latest/meta-data/placement/region',
        'imds PUT /latest/api/token',
        'imds GET /latest/meta-data/iam/security-credentials/',
        'imds PUT /latest/api/token',
        'imds GET /latest/meta-data/iam/security-credentials/my-role',
        'ASIAINSTANCE DescribeInstances',
      ],
    ],
  ])('takes the credentials of %s', async (_where, settings, env, requests) => {
    const { server, running } = await discover(settings, env);
    await vi.waitFor(() => expect(running.addresses()).toEqual(['127.50.0.1:9100', '127.50.0.2:9100']));
    expect(running.failures).toEqual([]);
    expect(server.requests.slice(0, requests.length)).toEqual(requests);
    // They are kept, and so are the ids of the zones.
    const before = running.updates;
    await vi.waitFor(() => expect(running.updates).toBeGreaterThan(before + 1));
    expect(server.requests.filter((request) => /AssumeRole|imds/.test(request))).toHaveLength(
      requests.filter((request) => /AssumeRole|imds/.test(request)).length,
    );
    expect(server.requests.filter((request) => request.includes('Zones'))).toHaveLength(1);
    expect(running.values('__meta_ec2_availability_zone_id')).toEqual(['xxt1-az1', 'xxt1-az2']);
  });

  it('tells what Amazon says to wrong keys', async () => {
    const { running } = await discover({ accessKey: 'AKSETTINGS', secretKey: 'wrong' });
    await vi.waitFor(() => expect(running.failures[0]).toContain('AuthFailure: no <good> (HTTP status 401)'));
    expect(running.updates).toBe(0);
  });

  it('does without the ids of zones where it may not ask', async () => {
    const { server, running } = await discover({ accessKey: 'AKENV', secretKey: 'secret-env' });
    server.zonesRefused = true;
    await vi.waitFor(() => expect(running.addresses()).toHaveLength(2));
    expect(running.failures).toEqual([]);
  });
});

describe('signing', () => {
  it('is what Amazon has written down for an example', () => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-examples.html: credentials of the example.
    const headers = signedHeaders(
      {
        accessKey: 'AKIDEXAMPLE',
        secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
        sessionToken: '',
      },
      {
        url: new URL('https://example.amazonaws.com/'),
        content: Buffer.from(''),
        headers: {},
        service: 'service',
        region: 'us-east-1',
        now: Date.UTC(2015, 7, 30, 12, 36, 0),
      },
    );
    // The suite's case post-vanilla.
    expect(headers['Authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    );
    expect(headers['x-amz-date']).toBe('20150830T123600Z');
  });
});

describe('an instance without a private IPv4 address', () => {
  const context = { region: 'xx-test-1', port: 9100, zoneIds: new Map<string, string>() };
  const reservation = (addresses: string) =>
    parseXml(`<item><ownerId>1</ownerId><instancesSet><item><instanceId>i-6</instanceId><vpcId>vpc-1</vpcId>
      <networkInterfaceSet><item><subnetId>subnet-1</subnetId><attachment><deviceIndex>0</deviceIndex></attachment>
      <ipv6AddressesSet>${addresses}</ipv6AddressesSet></item></networkInterfaceSet></item></instancesSet></item>`);

  it('is a target by its first IPv6 address', () => {
    const [target] = reservationTargets(
      reservation(
        '<item><ipv6Address>fd00::6</ipv6Address></item><item><ipv6Address>fd00::7</ipv6Address></item>',
      ),
      context,
    );
    expect(target.toObject()).toMatchObject({
      __address__: '[fd00::6]:9100',
      __meta_ec2_instance_id: 'i-6',
      __meta_ec2_ipv6_addresses: ',fd00::6,fd00::7,',
    });
    expect(target.has('__meta_ec2_private_ip')).toBe(false);
  });

  it('is none where it has no address at all', () => {
    expect(reservationTargets(reservation(''), context)).toEqual([]);
  });
});

describe('parseXml', () => {
  it('reads elements, text and entities', () => {
    const root = parseXml(
      '<?xml version="1.0"?><!-- c --><a x="1"><b>1 &lt; 2 &#65;&#x42;</b><b/><c><![CDATA[<&]]></c></a>',
    );
    expect(root.name).toBe('a');
    expect(root.children.map(({ name, text }) => [name, text])).toEqual([
      ['b', '1 < 2 AB'],
      ['b', ''],
      ['c', '<&'],
    ]);
  });

  it.each(['', 'text', '<a>', '<a></b>', '</a>', '<a/><b/>', '<a', '<a>'.repeat(200)])(
    'refuses %s',
    (text) => {
      expect(() => parseXml(text)).toThrow('the answer is not XML');
    },
  );
});
