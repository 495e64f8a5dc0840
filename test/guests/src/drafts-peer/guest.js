// Calls every function of the versions that Wasmtime has: see guest.wit. The store "" holds seed=planted.
import * as config from 'wasi:config/store@0.2.0-rc.1';
import { open } from 'wasi:keyvalue/store@0.2.0-draft';
import { increment } from 'wasi:keyvalue/atomics@0.2.0-draft';
import * as batch from 'wasi:keyvalue/batch@0.2.0-draft';

const bytes = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (value) => (value === undefined || value === null ? 'none' : `"${String.fromCharCode(...value)}"`);

export function report() {
  const lines = [];
  const say = (what, operation) => {
    try {
      lines.push(`${what}: ${operation() ?? 'done'}`);
    } catch (error) {
      const payload = error.payload ?? error;
      lines.push(`${what}: error ${payload.tag ?? error}`);
    }
  };
  for (const key of ['mode', 'empty', 'absent', '', '__proto__', 'PATH']) say(`config ${key}`, () => config.get(key) ?? 'none');
  say('configs', () => config.getAll().map((pair) => pair.join('=')).sort().join(' '));
  let bucket;
  say('open', () => (bucket = open('')) && 'a bucket');
  const get = (key) => say(`get ${key}`, () => text(bucket.get(key)));
  get('absent');
  say('set', () => bucket.set('a', bytes('one')));
  get('a');
  say('set again', () => bucket.set('a', bytes('two')));
  get('a');
  say('set nothing', () => bucket.set('empty', bytes('')));
  get('empty');
  say('set under no name', () => bucket.set('', bytes('x')));
  get('');
  say('exists', () => ['a', 'absent', ''].map((key) => bucket.exists(key)).join(' '));
  for (const [key, delta] of [['n', 5], ['n', 0], ['n', 7], ['a', 1], ['empty', 1]]) say(`increment ${key} ${delta}`, () => increment(bucket, key, delta));
  get('n');
  say('set the most', () => bucket.set('most', bytes('18446744073709551615')));
  say('increment beyond', () => increment(bucket, 'most', 1));
  get('most');
  say('set below', () => bucket.set('below', bytes('-5')));
  say('increment below', () => increment(bucket, 'below', 1));
  say('set many', () => batch.setMany(bucket, [['b', bytes('1')], ['c', bytes('2')], ['b', bytes('3')]]));
  say('get many', () => batch.getMany(bucket, ['c', 'absent', 'b', 'b']).map((pair) => (pair ? `${pair[0]}=${text(pair[1])}` : 'none')).join(' '));
  say('keys', () => {
    const { keys, cursor } = bucket.listKeys(undefined);
    return `${keys.sort().join(' ')}, ${cursor ?? 'none'}`;
  });
  say('keys beyond', () => bucket.listKeys(1000).keys.length);
  say('keys but two', () => bucket.listKeys(2).keys.length);
  say('delete', () => bucket.delete('a'));
  say('delete again', () => bucket.delete('a'));
  say('delete many', () => batch.deleteMany(bucket, ['b', 'absent', 'c']));
  say('keys', () => bucket.listKeys(undefined).keys.sort().join(' '));
  return lines;
}
