const KNOWN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke the connection off',
  EPIPE: 'broke the connection off',
  ENOTFOUND: 'has a name that does not resolve',
  EAI_AGAIN: 'has a name that does not resolve just now',
  EHOSTUNREACH: 'cannot be reached (no route)',
  ENETUNREACH: 'cannot be reached (no network)',
  UND_ERR_SOCKET: 'broke its answer off',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'broke its answer off',
  UND_ERR_CONNECT_TIMEOUT: 'did not accept a connection in time',
  UND_ERR_HEADERS_OVERFLOW: 'answered with too many headers',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'shows a self-signed certificate (set caFile)',
  SELF_SIGNED_CERT_IN_CHAIN: 'shows a certificate of an unknown authority (set caFile)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'shows a certificate of an unknown authority (set caFile)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'shows a certificate of an unknown authority (set caFile)',
  CERT_HAS_EXPIRED: 'shows a certificate that has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate for another name',
};

/**
 * What a failed request came to, as the end of a sentence that begins with the server's name. Only codes are repeated,
 * never texts of others: those may hold headers or addresses with secrets.
 */
export function requestFailure(reason: unknown): string {
  const code = codeOf(reason);
  if (code === undefined) return 'could not be asked';
  if (code.startsWith('HPE_')) return `answered something that is no HTTP (${code})`;
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
    return `cannot be asked: ${code === 'ENOENT' ? 'there is no' : 'no access to the'} file${pathOf(reason)}`;
  }
  return KNOWN[code] ?? `could not be asked (${code})`;
}

function codeOf(reason: unknown): string | undefined {
  if (!(reason instanceof Error)) return undefined;
  // Node gathers the errors of an address with several IPs into one.
  if (reason instanceof AggregateError) return codeOf(reason.errors[0]);
  if ('code' in reason && typeof reason.code === 'string') return reason.code;
  return codeOf(reason.cause);
}

function pathOf(reason: unknown): string {
  return reason instanceof Error && 'path' in reason ? ` ${String(reason.path)}` : '';
}
