/** WIT names as JavaScript has them. */
export { camelNames, memberName, toCamel, toPascal } from '../../util/names.ts';
