import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '../host/host.ts';
import { HttpFailure } from '../host/http.ts';
import { bytesSource, READY } from '../host/streams.ts';
import { announcedLength, limitedBody } from './body-limit.ts';

test('a body that is as long as it may be is read whole; a byte more fails for its reader and for who asks for its trailers', () => {
  const body = () => ({
    source: bytesSource(new Uint8Array(10)),
    trailers: { ...READY, result: () => [['a', 'b']] as const },
  });
  let exceeded = 0;
  const whole = limitedBody(body(), 10, () => exceeded++);
  assert.equal(whole.source.read(7)?.length, 7);
  assert.equal(whole.source.read(7)?.length, 3);
  assert.equal(whole.source.read(7), undefined);
  assert.deepEqual(whole.trailers.result(), [['a', 'b']]);
  assert.equal(exceeded, 0);
  const long = limitedBody(body(), 9, () => exceeded++);
  assert.equal(long.source.read(7)?.length, 7);
  const isTooLong = (error: unknown): boolean => {
    const failure = error instanceof HostError ? error.cause : error;
    return failure instanceof HttpFailure && failure.code.tag === 'HTTP-request-body-size' && failure.code.val === 10n;
  };
  for (let i = 0; i < 2; i++) assert.throws(() => long.source.read(7), isTooLong);
  assert.throws(() => long.trailers.result(), isTooLong);
  assert.ok(long.source.ready());
  assert.equal(exceeded, 1);
});

test('the length that is announced', () => {
  assert.equal(
    announcedLength([
      ['x', '1'],
      ['content-length', '12'],
    ]),
    12,
  );
  assert.equal(announcedLength([['x', '1']]), 0);
});
