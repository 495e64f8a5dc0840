/** jco as contenders of a row: at its default, and at its best documented flags. What it cannot run is said, and left out. */
import type { Contender } from '../measure.ts';
import { JCO, JCO_BEST, type Settings } from '../row.ts';
import { jcoExports, jcoPresent } from './jco.ts';
import type { Exports } from './tenon.ts';

/** `sample` makes the measurement from the exports of an instance. */
export async function jcoContenders(
  settings: Settings,
  component: Uint8Array,
  sample: (exports: Exports) => Contender['sample'],
  imports: () => Readonly<Record<string, unknown>> = () => ({}),
): Promise<readonly Contender[]> {
  if (!settings.peers || !jcoPresent) return [];
  const contenders: Contender[] = [];
  for (const [name, best] of [
    [JCO, false],
    [JCO_BEST, true],
  ] as const) {
    try {
      const measure = sample(await jcoExports(component, best, imports()));
      await measure();
      contenders.push({ name, sample: measure });
    } catch (error) {
      console.error(`${name} cannot take part: ${error}`);
    }
  }
  return contenders;
}
