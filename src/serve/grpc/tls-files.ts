import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ScalerError } from '../../core/scaler-error.ts';

/** PEM files of the gRPC server. `clientCaFile` turns mTLS on: only clients with a certificate of that CA are served. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string | undefined;
}

/** What the files hold at one moment, known to fit together. */
export interface TlsMaterial {
  readonly options: SecureContextOptions;
  /** Of the server's certificate. */
  readonly subject: string;
  /** Its subjectAltName: what a client must have called us by. Empty where it has none. */
  readonly names: string;
  readonly validTo: string;
}

/**
 * Reads the files and proves that they work: PEM that parses, a key that belongs to the certificate. Rejects with a
 * ScalerError that names the file and never shows what is in it.
 */
export async function readTlsFiles(files: TlsFiles): Promise<TlsMaterial> {
  const [cert, key, ca] = await Promise.all([
    readPem(files.certFile),
    readPem(files.keyFile),
    files.clientCaFile === undefined ? undefined : readPem(files.clientCaFile),
  ]);
  const leaf = certificateOf(files.certFile, cert);
  if (ca && files.clientCaFile !== undefined) certificateOf(files.clientCaFile, ca);
  const options = { cert, key, ...(ca ? { ca } : {}) };
  try {
    createSecureContext(options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ScalerError(
      'invalid',
      `${files.keyFile}: must be the PEM key of ${files.certFile}, was refused: ${why}`,
    );
  }
  const { subject, subjectAltName = '', validTo } = leaf;
  return { options, subject: subject.replaceAll('\n', ', '), names: subjectAltName, validTo };
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ScalerError('invalid', `${file}: must be a readable PEM file, was ${code}`, { cause });
  }
}

function certificateOf(file: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new ScalerError('invalid', `${file}: must hold a PEM certificate, was something else`, { cause });
  }
}

/** Whether clients refuse it by now. */
export function hasExpired({ validTo }: TlsMaterial): boolean {
  return Date.parse(validTo) <= Date.now();
}

/** Whether two readings hold the same bytes. */
export function sameMaterial(a: TlsMaterial, b: TlsMaterial): boolean {
  return (['cert', 'key', 'ca'] as const).every(
    (part) => String(a.options[part]) === String(b.options[part]),
  );
}
