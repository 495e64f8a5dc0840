/** Every row of the benchmark, in the order of the table. */
import type { Row } from '../row.ts';
import { asyncRows } from './async-calls.ts';
import { builtRows } from './built.ts';
import { composedRows } from './composed.ts';
import { exportRows } from './exports.ts';
import { importRows } from './imports.ts';
import { instanceRows } from './instances.ts';
import { loadRows } from './load.ts';
import { programRows } from './programs.ts';
import { streamRows } from './streams.ts';
import { valueRows } from './values.ts';
import { waitRows } from './waits.ts';

export const ROWS: readonly Row[] = [
  ...exportRows,
  ...importRows,
  ...composedRows,
  ...valueRows,
  ...asyncRows,
  ...waitRows,
  ...streamRows,
  ...loadRows,
  ...instanceRows,
  ...programRows,
  ...builtRows,
];
