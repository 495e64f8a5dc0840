/** A limit on the body of a request: what is longer fails for the program that reads it. */
import { HostError, type Source } from '../host/host.ts';
import { HttpFailure, type HttpFields, type HttpIncomingBody } from '../host/http.ts';

/** The length that a request announces for its body. */
export function announcedLength(headers: HttpFields): number {
  const field = headers.find(([name]) => name === 'content-length');
  return field === undefined ? 0 : Number(field[1]);
}

/** The same body, of which at most `most` bytes are read; `exceeded` is called once where there are more. */
export function limitedBody(
  { source, trailers }: HttpIncomingBody,
  most: number,
  exceeded: () => void,
): HttpIncomingBody {
  let read = 0;
  let failure: HttpFailure | undefined;
  const limited: Source = {
    terminal: source.terminal,
    ready: () => failure !== undefined || source.ready(),
    subscribe: (done) => source.subscribe(done),
    read(max) {
      const chunk = failure === undefined ? source.read(max) : undefined;
      read += chunk?.length ?? 0;
      if (read <= most) return chunk;
      if (failure === undefined) {
        failure = new HttpFailure('HTTP-request-body-size', { val: BigInt(read) });
        exceeded();
      }
      throw new HostError('io', `the body is longer than ${most} bytes`, failure);
    },
    close: () => source.close(),
  };
  const result = (): HttpFields | undefined => {
    if (failure !== undefined) throw failure;
    return trailers.result();
  };
  return {
    source: limited,
    trailers: { ready: () => trailers.ready(), subscribe: (done) => trailers.subscribe(done), result },
  };
}
