/** WIT names as JavaScript has them. */
export { camelNames, toCamel, toPascal } from '../../util/names.ts';
