/** The certificate that `tenon serve` speaks TLS with. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from '../../error/error.ts';
import type { TlsIdentity } from '../../host/node/http-server.ts';
import { type Flag, MisuseError, type Parsed } from '../args.ts';

export const TLS_FLAGS: readonly Flag[] = [
  { name: 'tls-cert', value: 'FILE', help: 'serve HTTPS, HTTP/2 and 1.1, with this certificate and its chain: PEM' },
  { name: 'tls-key', value: 'FILE', help: 'the key of the certificate: PEM' },
];

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as { readonly code?: string };
    throw new UsageError('bad-certificate', `--${flag}: ${path} cannot be read`, { found: code, cause });
  }
}

function decoded<T>(flag: string, path: string, expected: string, decode: (pem: string) => T, pem: string): T {
  try {
    return decode(pem);
  } catch (cause) {
    throw new UsageError('bad-certificate', `--${flag}: ${path} cannot be used`, {
      expected,
      found: (cause as Error).message,
      cause,
    });
  }
}

/** What the flags name, read and found to fit together; undefined without flags. Throws UsageError and MisuseError. */
export function tlsOf(args: Parsed): TlsIdentity | undefined {
  const certPath = args.values.get('tls-cert')?.[0];
  const keyPath = args.values.get('tls-key')?.[0];
  if (certPath === undefined && keyPath === undefined) return undefined;
  if (certPath === undefined || keyPath === undefined) {
    const [given, missing] = certPath === undefined ? ['tls-key', 'tls-cert'] : ['tls-cert', 'tls-key'];
    throw new MisuseError('missing-flag', `--${given} without --${missing}`, 'give the certificate and its key');
  }
  const cert = read('tls-cert', certPath);
  const key = read('tls-key', keyPath);
  const certificate = decoded('tls-cert', certPath, 'a certificate as PEM', (pem) => new X509Certificate(pem), cert);
  const privateKey = decoded('tls-key', keyPath, 'a private key as PEM', (pem) => createPrivateKey(pem), key);
  if (!certificate.checkPrivateKey(privateKey))
    throw new UsageError('bad-certificate', `${keyPath} is not the key of ${certPath}`, {
      hint: 'give the key that the certificate was made for, and the certificate first in its chain',
    });
  return { cert, key };
}
