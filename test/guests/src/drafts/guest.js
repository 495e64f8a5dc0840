// Calls every function of the drafts once, and says what came of it: see guest.wit.
import * as config from 'wasi:config/store@0.2.0-draft';
import { log } from 'wasi:logging/logging@0.1.0-draft';
import { open } from 'wasi:keyvalue/store@0.2.0-draft2';
import * as atomics from 'wasi:keyvalue/atomics@0.2.0-draft2';
import * as batch from 'wasi:keyvalue/batch@0.2.0-draft2';

const bytes = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (value) => (value === undefined || value === null ? 'none' : String.fromCharCode(...value));

export function report(name) {
  const lines = [];
  const say = (what, operation) => {
    try {
      lines.push(`${what}: ${operation()}`);
    } catch (error) {
      const payload = error.payload ?? error;
      lines.push(`${what}: error ${payload.tag ?? error}`);
    }
  };
  say('config', () => `${config.get('mode') ?? 'none'} ${config.get('absent') ?? 'none'}`);
  say('configs', () => config.getAll().map((pair) => pair.join('=')).join(' '));
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'critical']) say(level, () => log(level, 'guest', `at ${level}`));
  say('open another', () => open('another'));
  let bucket;
  say('open', () => (bucket = open(name)) && 'a bucket');
  if (bucket === undefined) return lines;
  say('runs', () => atomics.increment(bucket, 'runs', 1));
  say('get', () => text(bucket.get('a')));
  say('set', () => bucket.set('a', bytes('one')));
  say('get', () => text(bucket.get('a')));
  say('exists', () => `${bucket.exists('a')} ${bucket.exists('b')}`);
  say('set many', () => batch.setMany(bucket, [['b', bytes('two')], ['c', bytes('three')]]));
  say('get many', () => batch.getMany(bucket, ['c', 'd', 'b']).map((pair) => (pair ? `${pair[0]}=${text(pair[1])}` : 'none')).join(' '));
  say('keys', () => {
    const { keys, cursor } = bucket.listKeys(undefined);
    return `${keys.join(' ')}, ${cursor ?? 'none'}`;
  });
  say('swap', () => {
    const cas = atomics.Cas.new(bucket, 'a');
    const seen = text(cas.current());
    atomics.swap(cas, bytes('swapped'));
    return `${seen}, then ${text(bucket.get('a'))}`;
  });
  say('swap too late', () => {
    const cas = atomics.Cas.new(bucket, 'a');
    bucket.set('a', bytes('other'));
    atomics.swap(cas, bytes('lost'));
  });
  say('kept', () => text(bucket.get('a')));
  say('no number', () => atomics.increment(bucket, 'a', 1));
  say('delete', () => bucket.delete('a'));
  say('delete many', () => batch.deleteMany(bucket, ['b', 'c']));
  say('keys', () => bucket.listKeys(undefined).keys.join(' '));
  return lines;
}
