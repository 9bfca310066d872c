/**
 * EC2, STS and the instance metadata service on one socket, with answers of the documented shape. Who asks is told from
 * the signature, which is verified.
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';

/** Secret keys by access keys. */
const SECRETS: Record<string, string> = {
  AKSETTINGS: 'secret/settings+',
  AKENV: 'secret-env',
  AKPROFILE: 'secret-profile',
  ASIAROLE: 'secret-role',
  ASIAINSTANCE: 'secret-instance',
};
const SESSION_TOKENS: Record<string, string> = { ASIAROLE: 'token-role', ASIAINSTANCE: 'token-instance' };

const INSTANCES = [
  `<item>
    <reservationId>r-1</reservationId><ownerId>123456789012</ownerId><groupSet/>
    <instancesSet><item>
      <instanceId>i-1</instanceId><imageId>ami-1</imageId>
      <instanceState><code>16</code><name>running</name></instanceState>
      <privateDnsName>ip-127-50-0-1.internal</privateDnsName><dnsName>ec2-1.example.com</dnsName>
      <instanceType>m5.large</instanceType><instanceLifecycle>spot</instanceLifecycle>
      <placement><availabilityZone>xx-test-1a</availabilityZone><tenancy>default</tenancy></placement>
      <platform>windows</platform><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>
      <privateIpAddress>127.50.0.1</privateIpAddress><ipAddress>127.60.0.1</ipAddress>
      <architecture>x86_64</architecture>
      <tagSet>
        <item><key>Name</key><value>web &amp; &#x27;more&#39; &lt;1&gt;</value></item>
        <item><key>aws:autoscaling:groupName</key><value>asg</value></item>
        <item><key>empty</key><value/></item>
      </tagSet>
      <networkInterfaceSet>
        <item><subnetId>subnet-1</subnetId><attachment><deviceIndex>1</deviceIndex></attachment>
          <ipv6AddressesSet>
            <item><ipv6Address>fd00::1</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item>
            <item><ipv6Address>fd00::2</ipv6Address><isPrimaryIpv6>false</isPrimaryIpv6></item>
          </ipv6AddressesSet></item>
        <item><subnetId>subnet-2</subnetId><attachment><deviceIndex>0</deviceIndex></attachment>
          <ipv6AddressesSet/></item>
        <item><subnetId>subnet-1</subnetId><attachment><deviceIndex>2</deviceIndex></attachment>
          <ipv6AddressesSet/></item>
      </networkInterfaceSet>
    </item></instancesSet>
  </item>`,
  `<item>
    <reservationId>r-2</reservationId><ownerId>123456789012</ownerId>
    <instancesSet>
      <item>
        <instanceId>i-2</instanceId><imageId>ami-2</imageId>
        <instanceState><code>80</code><name>stopped</name></instanceState>
        <privateDnsName/><dnsName/><instanceType>t3.nano</instanceType>
        <placement><availabilityZone>xx-test-1b</availabilityZone></placement>
        <privateIpAddress>127.50.0.2</privateIpAddress><architecture>arm64</architecture>
      </item>
      <item>
        <instanceId>i-3</instanceId><imageId>ami-2</imageId>
        <instanceState><code>48</code><name>terminated</name></instanceState>
        <instanceType>t3.nano</instanceType><placement><availabilityZone>xx-test-1b</availabilityZone></placement>
      </item>
    </instancesSet>
  </item>`,
];

const ZONES = `<availabilityZoneInfo>
  <item><zoneName>xx-test-1a</zoneName><zoneId>xxt1-az1</zoneId><zoneState>available</zoneState></item>
  <item><zoneName>xx-test-1b</zoneName><zoneId>xxt1-az2</zoneId><zoneState>available</zoneState></item>
</availabilityZoneInfo>`;

export class AwsServer {
  /** `AKENV DescribeInstances`, `imds …`. */
  readonly requests: string[] = [];
  /** The forms of the requests to EC2 and STS. */
  readonly forms: URLSearchParams[] = [];
  zonesRefused = false;

  readonly listener: RequestListener = async (request, response) => {
    const body = await bodyOf(request);
    const { pathname } = new URL(request.url!, 'http://aws');
    if (pathname.startsWith('/latest/')) {
      this.requests.push(`imds ${request.method} ${pathname}`);
      const answer = metadata(request, pathname);
      response.writeHead(answer === undefined ? 401 : 200).end(answer);
      return;
    }
    if (pathname === '/container') {
      this.requests.push(`container ${request.headers.authorization}`);
      response.end(instanceKeys());
      return;
    }
    const form = new URLSearchParams(body);
    const caller = verified(request, body);
    const action = form.get('Action')!;
    this.requests.push(`${caller ?? 'nobody'} ${action}`);
    this.forms.push(form);
    response.setHeader('Content-Type', 'text/xml');
    const own = action === 'AssumeRoleWithWebIdentity' && form.get('WebIdentityToken') === 'jwt';
    if ((caller === undefined && !own) || (action === 'DescribeAvailabilityZones' && this.zonesRefused)) {
      const error = '<Error><Code>AuthFailure</Code><Message>no &lt;good&gt;</Message></Error>';
      response.writeHead(401).end(`<?xml version="1.0"?><Response><Errors>${error}</Errors></Response>`);
      return;
    }
    response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${answerTo(action, form)}`);
  };
}

function answerTo(action: string, form: URLSearchParams): string {
  if (action === 'DescribeAvailabilityZones') return wrapped(action, ZONES);
  if (action.startsWith('AssumeRole')) {
    const keys = `<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret-role</SecretAccessKey>
      <SessionToken>token-role</SessionToken><Expiration>${new Date(Date.now() + 3600_000).toISOString()}</Expiration>`;
    return wrapped(action, `<${action}Result><Credentials>${keys}</Credentials></${action}Result>`);
  }
  const page = Number(form.get('NextToken') ?? 0);
  const next = page + 1 < INSTANCES.length ? `<nextToken>${page + 1}</nextToken>` : '';
  return wrapped(action, `<reservationSet>${INSTANCES[page]}</reservationSet>${next}`);
}

function wrapped(action: string, xml: string): string {
  return `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${xml}</${action}Response>`;
}

function metadata(request: IncomingMessage, path: string): string | undefined {
  if (path === '/latest/api/token') return request.method === 'PUT' ? 'imds-token' : undefined;
  if (request.headers['x-aws-ec2-metadata-token'] !== 'imds-token') return undefined;
  if (path === '/latest/meta-data/placement/region') return 'xx-test-1';
  if (path === '/latest/meta-data/iam/security-credentials/') return 'my-role';
  if (path !== '/latest/meta-data/iam/security-credentials/my-role') return undefined;
  return instanceKeys();
}

function instanceKeys(): string {
  return JSON.stringify({
    Code: 'Success',
    AccessKeyId: 'ASIAINSTANCE',
    SecretAccessKey: 'secret-instance',
    Token: 'token-instance',
    Expiration: new Date(Date.now() + 3600_000).toISOString(),
  });
}

/** The access key, where the signature is right. Written down from the documentation, apart from the code tested. */
function verified(request: IncomingMessage, body: string): string | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d+)\/([\w-]+)\/(\w+)\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=(\w+)$/.exec(
      request.headers.authorization ?? '',
    );
  if (match === null) return undefined;
  const [, key, day, region, service, signed, signature] = match;
  const token = request.headers['x-amz-security-token'];
  if (token !== SESSION_TOKENS[key]) return undefined;
  const headers = signed.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = `POST\n/\n\n${headers.join('')}\n${signed}\n${hash(body)}`;
  const text = `AWS4-HMAC-SHA256\n${request.headers['x-amz-date']}\n${day}/${region}/${service}/aws4_request\n${hash(canonical)}`;
  const hmac = (secret: string | Buffer, data: string) => createHmac('sha256', secret).update(data).digest();
  const kDate = hmac(`AWS4${SECRETS[key]}`, day);
  const kSigning = hmac(hmac(hmac(kDate, region), service), 'aws4_request');
  return hmac(kSigning, text).toString('hex') === signature ? key : undefined;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}
