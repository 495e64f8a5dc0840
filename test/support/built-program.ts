/** Programs that load a component in process, as ones that import the module which was built of it. */

/** `beside`: the folder of the module, from the program. */
export function ofBuilt(program: string, name: string, beside = '.'): string {
  return program
    .replace("import { readFileSync } from 'node:fs';\n", '')
    .replace(/import \{ Component(?:, )?(.*)\} from 'tenon';/, (_, others: string) =>
      others.trim() === '' ? '' : `import { ${others} } from 'tenon/runtime';`,
    )
    .replace(/const component = await Component\.load<World>.*;/, `import * as component from './${name}.js';`)
    .replaceAll(/'\.\/(\w+)\.(js|d\.ts)'/g, `'${beside}/$1.$2'`);
}
