/** Measures one row in a process of its own, started by `main.ts`: what the engine learns of one row is not the next one's. */
import { NotHere } from './guest.ts';
import { alternate, FULL, QUICK } from './measure.ts';
import { failedResult, type Result, resultOf } from './report.ts';
import type { Form, Row, Settings } from './row.ts';
import { ROWS } from './rows/all.ts';

/** What the parent asks for. */
export interface Request {
  readonly row: string;
  readonly quick: boolean;
  readonly peers: boolean;
  readonly form: Form;
}

async function measure(row: Row, { quick, peers, form }: Request): Promise<Result> {
  const effort = row.effort?.(quick) ?? (quick ? QUICK : FULL);
  const settings: Settings = { effort, peers, form };
  try {
    const contenders = (await row.contenders?.(settings)) ?? [];
    return resultOf(row, contenders, await alternate(contenders, effort));
  } catch (error) {
    if (error instanceof NotHere) return failedResult(row, `not run: ${error.message}`);
    return failedResult(row, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

const request = JSON.parse(process.argv[2] ?? '{}') as Request;
const row = ROWS.find(({ name }) => name === request.row);
if (row === undefined) throw new Error(`no row "${request.row}"`);
const result = await measure(row, request);
if (process.send === undefined) console.log(JSON.stringify(result));
else process.send(result, () => process.exit());
