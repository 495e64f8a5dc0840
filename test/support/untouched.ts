/** Looks whether a guest reached the host's own objects: prototypes and globals must be as they were. */
import assert from 'node:assert/strict';

const WATCHED: Readonly<Record<string, object>> = {
  'Object.prototype': Object.prototype,
  'Array.prototype': Array.prototype,
  'Function.prototype': Function.prototype,
  'String.prototype': String.prototype,
  'Error.prototype': Error.prototype,
  'Promise.prototype': Promise.prototype,
  Object,
};

type Shape = ReadonlyMap<string, readonly [PropertyKey, unknown][]>;

function shape(): Shape {
  const entries = Object.entries(WATCHED).map(([name, object]): [string, [PropertyKey, unknown][]] => [
    name,
    Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)?.value]),
  ]);
  return new Map(entries);
}

/** Remembers how things are; the answer asserts that they still are. */
export function watchHost(): () => void {
  const before = shape();
  const globals = new Set(Reflect.ownKeys(globalThis));
  return () => {
    assert.deepEqual(shape(), before, 'the prototypes of the host are as they were');
    const news = Reflect.ownKeys(globalThis).filter((key) => !globals.has(key));
    assert.deepEqual(news, [], 'no new globals');
  };
}
