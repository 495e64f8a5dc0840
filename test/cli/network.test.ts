import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { module } from './guests.ts';
import { guest, tenon } from './tenon.ts';

const CODES = `unknown access-denied not-supported invalid-argument out-of-memory timeout concurrency-conflict not-in-progress
  would-block invalid-state new-socket-limit address-not-bindable address-in-use remote-unreachable connection-refused connection-reset
  connection-aborted datagram-too-large name-unresolvable temporary-resolver-failure permanent-resolver-failure`;

/** Looks `name` up `times` times; fails where an answer is not the code of this number, or a stream where there is none. */
function lookups(name: string, times: number, code: number | undefined): string {
  const wrong =
    code === undefined ? '(i32.load8_u (i32.const 64))' : `(i32.ne (i32.load8_u (i32.const 68)) (i32.const ${code}))`;
  return `(component
  (import "wasi:sockets/network@0.2.3" (instance $net
    (export "network" (type (sub resource)))
    (type $codes (enum ${CODES.split(/\s+/)
      .map((each) => `"${each}"`)
      .join(' ')}))
    (export "error-code" (type (eq $codes)))))
  (alias export $net "network" (type $network))
  (alias export $net "error-code" (type $code))
  (import "wasi:sockets/instance-network@0.2.3" (instance $own
    (alias outer 1 $network (type $n))
    (export "network" (type $network (eq $n)))
    (export "instance-network" (func (result (own $network))))))
  (import "wasi:sockets/ip-name-lookup@0.2.3" (instance $look
    (alias outer 1 $network (type $n))
    (export "network" (type $network (eq $n)))
    (alias outer 1 $code (type $c))
    (export "error-code" (type $code (eq $c)))
    (export "resolve-address-stream" (type $stream (sub resource)))
    (export "resolve-addresses" (func (param "network" (borrow $network)) (param "name" string)
      (result (result (own $stream) (error $code)))))))
  (core module $memory (memory (export "memory") 1) (data (i32.const 16) "${name}"))
  (core instance $mem (instantiate $memory))
  (alias core export $mem "memory" (core memory $bytes))
  (core func $network (canon lower (func $own "instance-network")))
  (core func $resolve (canon lower (func $look "resolve-addresses") (memory (core memory $mem "memory"))))
  (core module $m
    (import "host" "memory" (memory 1))
    (import "host" "network" (func $network (result i32)))
    (import "host" "resolve" (func $resolve (param i32 i32 i32 i32)))
    (func (export "run") (result i32) (local $network i32) (local $n i32)
      (local.set $network (call $network))
      (loop $again
        (call $resolve (local.get $network) (i32.const 16) (i32.const ${name.length}) (i32.const 64))
        (if ${wrong} (then (return (i32.const 1))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const ${times}))))
      (i32.const 0)))
  (core instance $i (instantiate $m (with "host" (instance
    (export "memory" (memory $bytes)) (export "network" (func $network)) (export "resolve" (func $resolve))))))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $r (export "run" (func $run)))
  (export "wasi:cli/run@0.2.3" (instance $r)))`;
}

describe('grants of the network', () => {
  test('a denied call answers access-denied and is said once, with the flag that allows it', () => {
    const path = guest('denied.wasm', lookups('db.internal', 3, 1));
    const outcome = tenon(['run', path]);
    const stderr = [
      'denied[network]: the program may not look up db.internal: no rule allows it',
      '  next: allow it with --net db.internal',
      '',
    ].join('\n');
    assert.deepEqual(outcome, { code: 0, signal: null, stdout: '', stderr });
    assert.equal(tenon(['run', '--net', 'other.internal', '--listen', '*:80', path]).stderr, stderr);
  });

  test('each flag allows what it says', () => {
    const path = guest('allowed.wasm', lookups('localhost', 2, undefined));
    for (const flags of [
      ['--net', 'localhost:80/tcp'],
      ['--net=*'],
      ['--lookup', 'LOCALHOST.'],
      ['--inherit-network'],
    ]) {
      assert.deepEqual(
        tenon(['run', ...flags, path]),
        { code: 0, signal: null, stdout: '', stderr: '' },
        flags.join(' '),
      );
    }
  });

  test('text that is no name is no denial', () => {
    const path = guest('no-name.wasm', lookups('no name', 1, 3));
    assert.deepEqual(tenon(['run', path]), { code: 0, signal: null, stdout: '', stderr: '' });
  });

  test('a flag that cannot be granted ends before anything runs', () => {
    const path = guest('never.wasm', module('(call $say)'));
    for (const [flag, value, expected] of [
      ['net', 'example.com:99999', /a port from 1 to 65535/],
      ['net', '10.0.0.1/8', /10\.0\.0\.0\/8/],
      ['net', 'a b', /a name/],
      ['listen', '8080', /expected ADDRESS:PORT/],
      ['lookup', '10.0.0.1', /expected \*, a name/],
      ['http', 'ftp://example.com', /expected http, https/],
    ] as const) {
      const { code, stdout, stderr } = tenon(['run', `--${flag}`, value, path]);
      assert.equal(code, 1, value);
      assert.equal(stdout, '');
      assert.match(stderr, /^error\[bad-network\]: --/);
      assert.match(stderr, expected);
    }
  });
});
