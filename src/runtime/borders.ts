/** Border functions of components that are loaded in process: generated, or all interpreted. */

import { flattenFuncType } from '../abi/flatten.ts';
import type { BorderRuntime, ExportBorder, ImportBorder } from '../abi/js/border.ts';
import { compileExports, compileImports } from '../abi/js/compile.ts';
import { interpretExport, interpretImport } from '../abi/js/interpret.ts';
import { compileImportLater } from '../abi/js/lazy.ts';
import { borderRuntime } from './border-runtime.ts';
import type { DraftExport, DraftHost } from './draft.ts';
import type { Borders } from './prepare.ts';
import type { Factory } from './prepared.ts';

/** Up to so many host functions are generated ahead; of more, each when it is called first. */
const FEW_IMPORTS = 16;

function bound<Border>(
  factories: readonly ((runtime: BorderRuntime, env: never) => Border)[],
): readonly Factory<Border>[] {
  return factories.map((factory) => (env) => factory(borderRuntime, env as never));
}

export const GENERATED_BORDERS: Borders = {
  exports: (drafts: readonly DraftExport[]) => bound<ExportBorder>(compileExports(drafts.map((d) => d.signature))),
  imports(drafts: readonly DraftHost[]) {
    const signatures = drafts.map((d) => d.signature);
    if (signatures.length <= FEW_IMPORTS) return bound<ImportBorder>(compileImports(signatures));
    return bound<ImportBorder>(
      signatures.map((s) => compileImportLater(s, flattenFuncType(s.type, 'lower', s.options).params.length)),
    );
  },
};

export const INTERPRETED_BORDERS: Borders = {
  exports: (drafts) => bound<ExportBorder>(drafts.map((d) => interpretExport(d.signature))),
  imports: (drafts) => bound<ImportBorder>(drafts.map((d) => interpretImport(d.signature))),
};
