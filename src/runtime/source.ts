/** Where the bytes of a component come from. Files are read by the host that the platform's entry point installs. */
import { UsageError } from '../error/error.ts';

/** Bytes, a `Response`, a `URL`, or a path where the platform has files. */
export type Source = ArrayBuffer | ArrayBufferView | Response | URL | string;

/** Reads a file whole. */
export type FileReader = (path: string | URL) => Promise<Uint8Array<ArrayBuffer>>;

let readFile: FileReader | undefined;

/** Installs the platform's way to read files. */
export function setFileReader(reader: FileReader): void {
  readFile = reader;
}

async function fetched(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  if (!response.ok) {
    throw new UsageError(
      'fetch-failed',
      `${response.url || 'the response'} answered ${response.status} ${response.statusText}`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** The bytes of `source`. Bytes that are given are not copied: they must not change. */
export async function readSource(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) {
    if (source.buffer instanceof ArrayBuffer)
      return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return new Uint8Array(
      source.buffer as ArrayBufferLike,
      source.byteOffset,
      source.byteLength,
    ).slice() as Uint8Array<ArrayBuffer>;
  }
  if (typeof Response !== 'undefined' && source instanceof Response) return fetched(source);
  if (source instanceof URL && source.protocol !== 'file:') return fetched(await fetch(source));
  if (typeof source === 'string' || source instanceof URL) {
    if (readFile === undefined) {
      throw new UsageError('no-files', 'this platform has no files to load a component from', {
        hint: 'pass bytes, a Response or a URL',
      });
    }
    return readFile(source);
  }
  throw new UsageError('bad-source', 'a component is loaded from bytes, a Response, a URL or a path', {
    found: typeof source,
  });
}
