/** The reference glue over the core module of `bench.wat`, from the folder beside the project. */
import { pathToFileURL } from 'node:url';
import { coreModules, instance, sharedFile, sharedGuest } from '../guest.ts';

export interface Glue {
  add(a: number, b: number): number;
  echoString(text: string): string;
  echoListU32(list: ArrayLike<number>): Uint32Array;
  echoRecords(list: readonly unknown[]): unknown[];
}

export async function referenceGlue(): Promise<Glue> {
  const { glue } = (await import(pathToFileURL(sharedFile('bench/glue.mjs')).href)) as {
    glue: (core: unknown) => Glue;
  };
  return glue(instance(coreModules(sharedGuest('bench'))[0]!));
}
