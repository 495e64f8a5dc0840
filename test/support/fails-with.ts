/** Checks of what functions of WASI answer in place of a result. */
import assert from 'node:assert/strict';
import { ComponentError } from '../../src/error/error.ts';

/** Fails unless `call` throws the error of a `result` with this payload. */
export function failsWith(call: () => unknown, payload: unknown): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof ComponentError, String(error));
    assert.deepEqual(error.payload, payload);
    return true;
  });
}
