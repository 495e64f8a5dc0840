/**
 * Imports go downward: checks the order of the rooms, cycles, who may use `node:`, and how imports are written. Tests beside the
 * code may import anything, and nothing may import them.
 */

import { LAYERS, layerOf, PLATFORM_ROOMS } from './layers.ts';
import { exists, files, report } from './project.ts';
import { type Import, importsOf, maskText, read } from './source.ts';

const sources = files('src/**/*.ts');
const problems: string[] = [];
const graph = new Map<string, string[]>();
let count = 0;

for (const file of sources) {
  const imports = importsOf(file);
  count += imports.length;
  for (const each of imports) {
    const problem = isTest(file) ? undefined : judge(file, each);
    if (problem !== undefined) {
      problems.push(`${file}:${each.line}: ${problem}`);
    }
  }
  if (!isTest(file) && layerOf(file) < 0) {
    problems.push(`${file}: no room in scripts/layers.ts; add the folder where it belongs in the order`);
  }
  if (/^export\s+default\b|^export\s*\{[^}]*\bas\s+default\b/m.test(maskText(read(file), false))) {
    problems.push(`${file}: has a default export; export it by name`);
  }
  graph.set(
    file,
    imports.flatMap((each) => (each.typeOnly || each.dynamic || each.file === undefined ? [] : [each.file])),
  );
}
for (const cycle of cycles()) {
  problems.push(`cycle: ${cycle.join(' -> ')}`);
}
report('layers', problems, `${sources.length} files, ${count} imports, no upward import, no cycle`);

function isTest(file: string): boolean {
  return file.endsWith('.test.ts');
}

function judge(from: string, each: Import): string | undefined {
  if (each.specifier.startsWith('node:')) {
    const allowed = PLATFORM_ROOMS.some((room) => from === room || from.startsWith(`${room}/`));
    return allowed ? undefined : `imports ${each.specifier}; only ${PLATFORM_ROOMS.join(' and ')} may`;
  }
  const target = each.file;
  if (target === undefined) {
    return each.specifier.startsWith('#')
      ? undefined
      : `imports the package ${each.specifier}; the package has no dependencies`;
  }
  if (!target.endsWith('.ts')) {
    return `imports ${each.specifier} without the extension .ts`;
  }
  if (!exists(target)) {
    return `imports ${each.specifier}, which does not exist`;
  }
  if (isTest(target)) {
    return `imports the test ${each.specifier}`;
  }
  // Commands are users of the public interface; everyone else is part of it.
  if (
    target.endsWith('/index.ts') &&
    !(target === 'src/index.ts' && (from.startsWith('src/cli/') || from === 'src/node.ts'))
  ) {
    return `imports ${each.specifier}; import the file that defines the name, not an index`;
  }
  const [own, other] = [layerOf(from), layerOf(target)];
  return other > own ? `imports upward: ${LAYERS[own]} may not use ${LAYERS[other]} (${target})` : undefined;
}

/** Every cycle among imports of values, once, by depth-first search. */
function cycles(): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      found.push([...path.slice(start), file]);
      return;
    }
    if (done.has(file)) {
      return;
    }
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      visit(next);
    }
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) {
    visit(file);
  }
  return found;
}
