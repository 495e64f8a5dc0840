import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assemble } from '../../test/support/assemble.ts';
import { decodeComponent } from '../binary/decode.ts';
import { printWit } from '../wit/printer.ts';
import { decodeWorld } from './decode.ts';

const shared = process.env['TENON_SHARED'] ?? join(import.meta.dirname, '../../../shared');
const suite = join(shared, 'conformance/wit-component/components');

/** The world as text, without the packages behind it. */
function worldOf(bytes: Uint8Array<ArrayBuffer>): string {
  return printWit({ ...decodeWorld(decodeComponent(bytes)), packages: [] });
}

const skip = existsSync(suite) ? false : `not run: the suite is not at ${suite}`;

describe('worlds of the wit-component suite', { skip }, () => {
  const folders = skip === false ? readdirSync(suite) : [];
  for (const name of folders.filter((f) => existsSync(join(suite, f, 'component.wit.print')))) {
    test(name, () => {
      const bytes = assemble(readFileSync(join(suite, name, 'component.wat'), 'utf8'));
      assert.equal(worldOf(bytes), readFileSync(join(suite, name, 'component.wit.print'), 'utf8'));
    });
  }
});

test('types keep the name of where they were defined; other packages stand behind those that they use', () => {
  const bytes = assemble(`(component
    (import "wasi:b/types@0.2.0" (instance $types
      (type $r (record (field "type" u32)))
      (export "entry" (type $e (eq $r)))
      (export "handle" (type $h (sub resource)))
      (export "[constructor]handle" (func (result (own $h))))
      (export "[method]handle.read" (func (param "self" (borrow $h)) (result $e)))))
    (alias export $types "entry" (type $entry))
    (alias export $types "handle" (type $handle))
    (import "demo:a/user" (instance
      (alias outer 1 $entry (type $e0))
      (alias outer 1 $handle (type $h0))
      (export "entry" (type $e1 (eq $e0)))
      (export "thing" (type $h1 (eq $h0)))
      (type $d u64)
      (export "duration" (type $d1 (eq $d)))
      (export "span" (type $d2 (eq $d1)))
      (export "use" (func (param "of" (borrow $h1)) (param "for" $d2) (result (tuple $e1 (result)))))))
  )`);
  assert.equal(
    printWit(decodeWorld(decodeComponent(bytes))),
    `package root:component;

world root {
  import wasi:b/types@0.2.0;
  import demo:a/user;
}
package wasi:b@0.2.0 {
  interface types {
    record entry {
      %type: u32,
    }

    resource handle {
      constructor();
      read: func() -> entry;
    }
  }
}


package demo:a {
  interface user {
    use wasi:b/types@0.2.0.{entry, handle as thing};

    type duration = u64;

    type span = duration;

    %use: func(of: borrow<thing>, for: span) -> tuple<entry, result>;
  }
}
`,
  );
});

test('instantiations that multiply are given up', () => {
  let text = '(component $c0)';
  for (let i = 1; i < 40; i++)
    text = `(component $c${i} ${text} (instance (instantiate $c${i - 1})) (instance (instantiate $c${i - 1})))`;
  const component = decodeComponent(assemble(text));
  assert.throws(() => decodeWorld(component), { code: 'too-complex' });
});
