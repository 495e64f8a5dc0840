/** Makes the programs of `src/drafts` and `src/drafts-peer`, in JavaScript. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HERE } from '../cases.ts';
import { cached, componentizer, digest, filesBelow } from '../flow/make.ts';

/** What Wasmtime printed for the program of its versions. */
export const RECORDED = join(HERE, 'expected/drafts.txt');

/** What both are granted, as the peer's flags say it, and as Tenon's do. */
export const PEER_GRANTS = ['-S', 'config', '-S', 'config-var=mode=fast', '-S', 'config-var=empty=', '-S', 'keyvalue'];
export const GRANTS = ['--config', 'mode=fast', '--config', 'empty='];

/** Path of a program, made first if need be. */
export async function draftsGuest(name: 'drafts' | 'drafts-peer'): Promise<string> {
  const source = join(HERE, 'src', name);
  const made = await cached(`${name}-${digest(...filesBelow(source))}`, async (target) => {
    const { componentize } = await componentizer();
    const jsSource = readFileSync(join(source, 'guest.js'), 'utf8');
    const options = { jsSource, witPath: join(source, 'wit'), world: 'guest', stubWasi: false };
    writeFileSync(join(target, 'guest.wasm'), (await componentize(options)).component);
  });
  return join(made, 'guest.wasm');
}

/** The lines of a printed `report()`. */
export function linesOf(printed: string): readonly string[] {
  return JSON.parse(printed) as string[];
}
