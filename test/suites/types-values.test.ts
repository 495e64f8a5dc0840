/**
 * Declarations and every value type: a program that `tsc` accepts runs, with real values through a real component; what must not pass
 * is refused by `tsc` and by the runtime alike. One check of all programs.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { componentTypes } from '../../src/bindgen/bindgen.ts';
import { assemble } from '../support/assemble.ts';
import { echoComponent } from '../support/echo-component.ts';
import { HANDLE_CASES } from '../support/handle-cases.ts';
import { Workshop } from '../support/tsc.ts';
import { NAMED, TYPE_CASES } from '../support/type-cases.ts';
import { handleProgram, laterProgram, valueProgram } from '../support/type-programs.ts';

const workshop = new Workshop('values');
after(() => workshop.remove());

const TYPES = Object.fromEntries([...TYPE_CASES, ...HANDLE_CASES].map(({ name, type }) => [name, type]));
const OUTCOME = { outcome: '$the-outcome' };

before(() => {
  const bytes = assemble(
    echoComponent({
      named: NAMED,
      functions: { ...TYPES, ...OUTCOME },
      asyncFunctions: Object.fromEntries(
        Object.entries({ ...TYPES, ...OUTCOME }).map(([name, type]) => [`later-${name}`, type]),
      ),
    }),
  );
  workshop.write('echo.wasm', bytes);
  workshop.write('echo.d.ts', componentTypes(bytes, { name: 'echo.wasm' }));
  workshop.write('values.ts', valueProgram());
  workshop.write('later.ts', laterProgram());
  workshop.write('handles.ts', handleProgram());
});

describe('values of every type', () => {
  test('are what tsc takes and what it refuses', () => {
    assert.deepEqual(workshop.check(), { code: 0, output: '' });
  });

  test('pass, or are refused', () => {
    assert.deepEqual(workshop.run('values.ts'), { code: 0, output: `${TYPE_CASES.length} types\n` });
  });

  test('pass functions of async types, or are refused', () => {
    assert.deepEqual(workshop.run('later.ts'), { code: 0, output: `${TYPE_CASES.length} types\n` });
  });

  test('that are streams, futures and error contexts pass, or are refused', () => {
    assert.deepEqual(workshop.run('handles.ts'), { code: 0, output: `${HANDLE_CASES.length} types\n` });
  });
});
