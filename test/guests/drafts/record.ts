/** Writes down what Wasmtime answers for the versions of the drafts that it has: `node test/guests/drafts/record.ts`. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { draftsGuest, linesOf, PEER_GRANTS, RECORDED } from './make.ts';

const args = ['run', ...PEER_GRANTS, '--invoke', 'report()', await draftsGuest('drafts-peer')];
const printed = execFileSync('wasmtime', args, { encoding: 'utf8' });
writeFileSync(RECORDED, `${linesOf(printed).join('\n')}\n`);
