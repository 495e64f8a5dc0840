/** The text format: the entry point of the package for who reads and writes it. */
export type { ParsedText } from './parse.ts';
export { parseComponentText, parseText } from './parse.ts';
export type { PrintOptions } from './print/options.ts';
export { printText } from './print/print.ts';
export type { SourceOptions } from './source.ts';
