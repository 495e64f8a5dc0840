/**
 * Semantic versions and the compatibility that interface names give them. Specification: Semantic Versioning 2.0;
 * Explainer, "Canonical Interface Name". Version ranges are not part of it.
 */
import { ValidationError } from '../error/error.ts';

export interface Semver {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  /** Dot-separated identifiers before the build, without the `-`; empty if there is none. */
  readonly prerelease: readonly string[];
  /** Dot-separated identifiers of the build, without the `+`; empty if there is none. */
  readonly build: readonly string[];
}

export type SemverResult =
  | { readonly ok: true; readonly version: Semver }
  | { readonly ok: false; readonly message: string };

const MAX_PART = 0xffff_ffff_ffff_ffffn;
const PART_NAMES = ['major version number', 'minor version number', 'patch version number'] as const;
const CANONICAL = /^(?:[1-9][0-9]*|0\.[1-9][0-9]*|0\.0\.[1-9][0-9]*|0\.0\.0)$/;

function fail(message: string): SemverResult {
  return { ok: false, message };
}

interface Numbers {
  readonly values: readonly bigint[];
  readonly rest: string;
}

/** Reads `major.minor.patch`; answers the problem as text. */
function parseNumbers(text: string): Numbers | string {
  const values: bigint[] = [];
  let at = 0;
  for (const [part, what] of PART_NAMES.entries()) {
    const digits = /^[0-9]+/.exec(text.slice(at))?.[0];
    if (digits === undefined) {
      if (at === text.length) return `unexpected end of input while reading the ${what}`;
      return `unexpected character '${String.fromCodePoint(text.codePointAt(at)!)}' while reading the ${what}`;
    }
    if (digits.length > 1 && digits.startsWith('0')) return `invalid leading zero in the ${what}`;
    const value = digits.length > 20 ? MAX_PART + 1n : BigInt(digits);
    if (value > MAX_PART) return `value of the ${what} exceeds 2^64 - 1`;
    values.push(value);
    at += digits.length;
    if (part === 2) break;
    if (at === text.length) return `unexpected end of input after the ${what}, expected '.'`;
    if (text[at] !== '.')
      return `unexpected character '${String.fromCodePoint(text.codePointAt(at)!)}' after the ${what}`;
    at++;
  }
  return { values, rest: text.slice(at) };
}

function identifiersProblem(identifiers: readonly string[], what: string, noLeadingZero: boolean): string | undefined {
  for (const identifier of identifiers) {
    if (identifier === '') return `empty identifier segment in the ${what}`;
    const stranger = /[^0-9A-Za-z-]/u.exec(identifier)?.[0];
    if (stranger !== undefined) return `unexpected character '${stranger}' in the ${what}`;
    if (noLeadingZero && /^0[0-9]+$/.test(identifier)) return `invalid leading zero in the ${what}`;
  }
  return undefined;
}

/** Parses a semantic version, or says what is wrong with it. */
export function tryParseSemver(text: string): SemverResult {
  if (text === '') return fail('empty string, expected a semantic version');
  const numbers = parseNumbers(text);
  if (typeof numbers === 'string') return fail(numbers);
  const { values } = numbers;
  let { rest } = numbers;
  let build: string[] = [];
  let prerelease: string[] = [];
  const plus = rest.indexOf('+');
  if (plus >= 0) {
    build = rest.slice(plus + 1).split('.');
    rest = rest.slice(0, plus);
  }
  if (rest.startsWith('-')) {
    prerelease = rest.slice(1).split('.');
  } else if (rest !== '') {
    return fail(`unexpected character '${String.fromCodePoint(rest.codePointAt(0)!)}' after the patch version number`);
  }
  const problem =
    identifiersProblem(prerelease, 'pre-release', true) ?? identifiersProblem(build, 'build metadata', false);
  if (problem !== undefined) return fail(problem);
  return { ok: true, version: { major: values[0]!, minor: values[1]!, patch: values[2]!, prerelease, build } };
}

/**
 * Parses a semantic version.
 * @throws ValidationError `invalid-version`
 */
export function parseSemver(text: string): Semver {
  const result = tryParseSemver(text);
  if (!result.ok) throw new ValidationError('invalid-version', `\`${text}\` is not a valid semver: ${result.message}`);
  return result.version;
}

function compareIdentifiers(a: string, b: string): number {
  const numericA = /^[0-9]+$/.test(a);
  const numericB = /^[0-9]+$/.test(b);
  if (numericA !== numericB) return numericA ? -1 : 1;
  if (numericA && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Precedence of two versions as a number below, at or above zero. Build metadata does not count. */
export function compareSemver(a: Semver, b: Semver): number {
  for (const part of ['major', 'minor', 'patch'] as const) {
    if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  for (let i = 0; i < Math.min(a.prerelease.length, b.prerelease.length); i++) {
    const order = compareIdentifiers(a.prerelease[i]!, b.prerelease[i]!);
    if (order !== 0) return order;
  }
  return a.prerelease.length - b.prerelease.length;
}

export function printSemver(version: Semver): string {
  const numbers = `${version.major}.${version.minor}.${version.patch}`;
  const prerelease = version.prerelease.length === 0 ? '' : `-${version.prerelease.join('.')}`;
  const build = version.build.length === 0 ? '' : `+${version.build.join('.')}`;
  return numbers + prerelease + build;
}

/** True for the shortened versions of canonical interface names: `1`, `0.2`, `0.0.3`. */
export function isCanonicalVersion(text: string): boolean {
  return CANONICAL.test(text);
}

/** A name and its version, split at the `@`; `version` is undefined if there is none. */
export function splitVersion(name: string): { readonly name: string; readonly version: string | undefined } {
  const at = name.indexOf('@');
  return at < 0 ? { name, version: undefined } : { name: name.slice(0, at), version: name.slice(at + 1) };
}

/** The part of a version that all versions compatible with it share; the version itself where only itself will do. */
function compatVersion(text: string): string {
  const result = tryParseSemver(text);
  if (!result.ok) return text;
  const { major, minor, prerelease } = result.version;
  if (prerelease.length > 0) return text;
  if (major > 0n) return `${major}`;
  if (minor > 0n) return `0.${minor}`;
  return text;
}

/**
 * Names with equal keys stand for compatible interfaces: `ns:p/i@0.2.3` gives `ns:p/i@0.2`, `ns:p/i@1.4.0` gives `ns:p/i@1`.
 * A `0.0.x` or pre-release version is compatible with itself only, so that the key is the name; so is a name without a version.
 */
export function compatKey(name: string): string {
  const parts = splitVersion(name);
  return parts.version === undefined ? name : `${parts.name}@${compatVersion(parts.version)}`;
}

/** True if two version texts are equal or share the part that promises compatibility. */
export function semverCompatible(a: string, b: string): boolean {
  return compatVersion(a) === compatVersion(b);
}
