import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate with its key, as PEM text. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate for `host` and, where that is localhost, 127.0.0.1, good for servers and clients, valid from two days ago until `validTo`. */
  issue(commonName: string, validTo?: Date, host?: string): Certificate;
}

const DAY = 86_400_000;
const OID = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  commonName: '0603550403',
  basicConstraints: '0603551d13',
  subjectAltName: '0603551d11',
} as const;

/** A certificate authority made on the spot: no fixture that expires, no openssl to install. */
export function anAuthority(commonName: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const tomorrow = new Date(Date.now() + DAY);
  const ca = { subject: commonName, issuer: commonName, publicKey: keys.publicKey, signer: keys.privateKey };
  return {
    cert: certificate({ ...ca, validTo: tomorrow, host: null }),
    key: pemKey(keys.privateKey),
    issue(subject, validTo = tomorrow, host = 'localhost') {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        cert: certificate({ ...ca, subject, publicKey: leaf.publicKey, validTo, host }),
        key: pemKey(leaf.privateKey),
      };
    },
  };
}

interface Request {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly validTo: Date;
  /** Null for an authority. */
  readonly host: string | null;
}

/** X.509 v3 by RFC 5280, just the fields that TLS looks at. */
function certificate({ subject, issuer, publicKey, signer, validTo, host }: Request): string {
  const algorithm = der(0x30, hex(OID.ecdsaWithSha256));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const extension =
    host === null
      ? der(0x30, hex(OID.basicConstraints), der(0x01, hex('ff')), der(0x04, der(0x30, der(0x01, hex('ff')))))
      : der(0x30, hex(OID.subjectAltName), der(0x04, der(0x30, ...namesOf(host))));
  const body = der(
    0x30,
    der(0xa0, der(0x02, hex('02'))),
    der(0x02, serial),
    algorithm,
    distinguishedName(issuer),
    der(0x30, time(new Date(Date.now() - 2 * DAY)), time(validTo)),
    distinguishedName(subject),
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, der(0x30, extension)),
  );
  const signature = der(0x03, hex('00'), sign('sha256', body, signer));
  const base64 = der(0x30, body, algorithm, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function namesOf(host: string): readonly Buffer[] {
  const name = der(0x82, Buffer.from(host));
  return host === 'localhost' ? [name, der(0x87, hex('7f000001'))] : [name];
}

function pemKey(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function distinguishedName(commonName: string): Buffer {
  return der(0x30, der(0x31, der(0x30, hex(OID.commonName), der(0x0c, Buffer.from(commonName)))));
}

function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`));
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

/** One DER element: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
