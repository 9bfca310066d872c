/** Turns the errors of Node's sockets, TLS, HTTP parser and zlib into what a person can act on. */
import { FetchError, type FetchTrace } from './fetch.ts';

interface NodeError extends Error {
  code?: string;
  address?: string;
  port?: number;
  hostname?: string;
  reason?: string;
  errors?: NodeError[];
}

const CONNECT: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such socket',
  EADDRNOTAVAIL: 'cannot assign the requested address',
  ECONNRESET: 'connection reset by peer',
  EMFILE: 'too many open files',
};

const LOOKUP: Record<string, string> = {
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server does not answer',
  EAI_NODATA: 'the host has no address',
};

const TLS: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain ends in a self-signed certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is signed by an unknown authority',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
};

/** `cause` may be anything that an exchange rejected with; a FetchError is returned as it is. */
export function describeFault(cause: unknown, trace: FetchTrace): FetchError {
  if (cause instanceof FetchError) return cause;
  const error = firstOf(cause as NodeError);
  const code = error.code ?? '';
  if (code.startsWith('HPE_')) return trace.fail('http_protocol', protocolReason(error));
  if (error.message.startsWith('zstd: more than'))
    return trace.fail('http_body_size', 'body size limit exceeded after decompression');
  if (isCompressionFault(code, error))
    return trace.fail('http_encoding', `the compressed body is damaged: ${error.message}`);
  if (LOOKUP[code] !== undefined)
    return trace.fail('http_lookup', `looking up ${error.hostname}: ${LOOKUP[code]}`);
  if (TLS[code] !== undefined) return trace.fail('http_tls', `TLS: ${TLS[code]}`);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return trace.fail('http_tls', `TLS: the certificate is for another host: ${error.reason}`);
  if (isTlsFault(code, trace)) return trace.fail('http_tls', `TLS: ${tlsReason(error)}`);
  if (trace.phase === 'body')
    return trace.fail('http_reset', `the connection was lost after ${trace.receivedBytes} bytes of the body`);
  if (trace.phase === 'response' && code === 'ECONNRESET')
    return trace.fail('http_reset', 'the connection was closed without an answer');
  const reason = CONNECT[code] ?? error.message;
  if (trace.phase === 'proxy')
    return trace.fail('http_proxy', `the proxy${peerOf(error, ' at ')}: ${reason}`);
  return trace.fail('http_connect', `connecting${peerOf(error, ' to ')}: ${reason}`);
}

/** Of a name's several addresses each may have failed; the first tells as much as all. */
function firstOf(error: NodeError): NodeError {
  return error.errors !== undefined && error.errors.length > 0 ? error.errors[0] : error;
}

function peerOf(error: NodeError, preposition: string): string {
  if (error.address === undefined) return '';
  const host = error.port !== undefined && error.address.includes(':') ? `[${error.address}]` : error.address;
  return preposition + (error.port === undefined ? host : `${host}:${error.port}`);
}

function isCompressionFault(code: string, error: NodeError): boolean {
  if (code.startsWith('Z_') || code.startsWith('ZSTD_') || code === 'ERR_TRAILING_JUNK_AFTER_STREAM_END')
    return true;
  return error.message.startsWith('zstd: ');
}

function isTlsFault(code: string, trace: FetchTrace): boolean {
  return (
    code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO' || trace.phase === 'tls'
  );
}

function tlsReason(error: NodeError): string {
  const text = `${error.code} ${error.message}`;
  if (/wrong.version.number|packet.length.too.long|http.request/i.test(text))
    return 'the target does not speak TLS';
  if (error.code === 'ECONNRESET') return 'the target closed the connection';
  // OpenSSL's own lines carry thread numbers and source files; its reason is the part before them.
  return error.reason ?? error.message.split('\n')[0];
}

function protocolReason(error: NodeError): string {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'the headers of the answer are too large';
  if (error.code === 'HPE_INVALID_CHUNK_SIZE') return 'the body has an invalid chunk';
  return `the answer is not valid HTTP: ${error.reason ?? error.message}`;
}
