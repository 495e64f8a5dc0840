export { interpretExport as compileExport, interpretImport as compileImport } from './interpret.ts';
