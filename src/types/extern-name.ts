/**
 * Names of imports and exports: grammar, kebab labels, uniqueness. Specification: Explainer, "Import and Export Definitions"
 * and "Name Uniqueness". What a name demands of the type beside it is checked by the validator.
 */
import { ValidationError } from '../error/error.ts';
import { DEFAULT_FEATURES, type Features, featureLabel } from './features.ts';
import { isCanonicalVersion, tryParseSemver } from './semver.ts';

export interface InterfaceName {
  readonly kind: 'interface';
  /** `ns` of `ns:pkg/iface@1.0.0`; with nested names (🪺) `a:b` of `a:b:pkg/iface`. */
  readonly namespace: string;
  readonly package: string;
  /** `iface` of `ns:pkg/iface@1.0.0`; with nested names (🪺) `a/b` of `ns:pkg/a/b`. */
  readonly projection: string;
  readonly version: string | undefined;
  /** The name without the version. */
  readonly unversioned: string;
}

export type ExternName =
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'constructor'; readonly resource: string }
  | { readonly kind: 'method'; readonly resource: string; readonly name: string }
  | { readonly kind: 'static'; readonly resource: string; readonly name: string }
  | InterfaceName;

/** Why a text is no name: a stable code and a sentence. */
export interface NameProblem {
  readonly code: string;
  readonly message: string;
}

export type NameResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: NameProblem };

const LABEL = /^(?:[a-z][0-9a-z]*|[A-Z][0-9A-Z]*)(?:-(?:[0-9a-z]+|[0-9A-Z]+))*$/;
const WORDS = /^[a-z][0-9a-z]*(?:-[0-9a-z]+)*$/;

/** True for `label`: kebab case, each fragment all lower or all upper case. */
export function isLabel(text: string): boolean {
  return LABEL.test(text);
}

/** True for `words`: a label without upper case, as in namespaces and packages. */
export function isWords(text: string): boolean {
  return WORDS.test(text);
}

function fail(code: string, message: string): { readonly ok: false; readonly problem: NameProblem } {
  return { ok: false, problem: { code, message } };
}

function labelProblem(text: string): NameProblem | undefined {
  return isLabel(text) ? undefined : { code: 'not-kebab-case', message: `\`${text}\` is not in kebab case` };
}

function wordsProblem(text: string): NameProblem | undefined {
  if (isWords(text)) return undefined;
  const why = isLabel(text) ? '; upper case is not allowed here' : '';
  return { code: 'not-kebab-case', message: `\`${text}\` is not in kebab case${why}` };
}

function parseMember(kind: 'method' | 'static', rest: string): NameResult<ExternName> {
  const dot = rest.indexOf('.');
  if (dot < 0) return fail('name-without-dot', `failed to find \`.\` character after \`[${kind}]\``);
  const resource = rest.slice(0, dot);
  const name = rest.slice(dot + 1);
  const problem = labelProblem(resource) ?? labelProblem(name);
  return problem === undefined ? { ok: true, value: { kind, resource, name } } : { ok: false, problem };
}

function parsePlain(text: string): NameResult<ExternName> {
  const annotation = /^\[[a-z]+\]/.exec(text)?.[0];
  switch (annotation) {
    case '[constructor]': {
      const resource = text.slice(annotation.length);
      const problem = labelProblem(resource);
      return problem === undefined ? { ok: true, value: { kind: 'constructor', resource } } : { ok: false, problem };
    }
    case '[method]':
    case '[static]': {
      const rest = text.slice(annotation.length);
      if (/^\[[gs]et\]/.test(rest)) return accessorProblem(text);
      return parseMember(annotation === '[method]' ? 'method' : 'static', rest);
    }
    case '[get]':
    case '[set]':
      return accessorProblem(text);
    default: {
      const problem = labelProblem(text);
      return problem === undefined ? { ok: true, value: { kind: 'label', label: text } } : { ok: false, problem };
    }
  }
}

function accessorProblem(text: string): { readonly ok: false; readonly problem: NameProblem } {
  return fail(
    'feature-disabled',
    `\`${text}\` is not in kebab case; getters and setters need the feature ${featureLabel('accessors')}, which is not supported`,
  );
}

function parseVersion(text: string, features: Features): NameProblem | undefined {
  if (features['canon-names'] && isCanonicalVersion(text)) return undefined;
  const result = tryParseSemver(text);
  if (result.ok) return undefined;
  const hint = isCanonicalVersion(text)
    ? ` (a shortened version needs the feature ${featureLabel('canon-names')})`
    : '';
  return { code: 'invalid-version', message: `\`${text}\` is not a valid semver: ${result.message}${hint}` };
}

/** `<namespace> <words> <projection> <interfaceversion>?`, or with 🪺 `<namespace>+ <words> <projection>+ <interfaceversion>?` */
function parseInterface(text: string, features: Features): NameResult<InterfaceName> {
  const at = text.indexOf('@');
  const unversioned = at < 0 ? text : text.slice(0, at);
  const version = at < 0 ? undefined : text.slice(at + 1);
  const slash = unversioned.indexOf('/');
  const names = (slash < 0 ? unversioned : unversioned.slice(0, slash)).split(':');
  const firstProblem = wordsProblem(names[0]!);
  if (firstProblem !== undefined) return { ok: false, problem: firstProblem };
  const secondProblem = wordsProblem(names[1] ?? '');
  if (secondProblem !== undefined) return { ok: false, problem: secondProblem };
  if (names.length > 2 && !features['nested-names'])
    return fail(
      'feature-disabled',
      `expected \`/\` after package name; nested namespaces need the feature ${featureLabel('nested-names')}`,
    );
  for (const name of names.slice(2)) {
    const problem = wordsProblem(name);
    if (problem !== undefined) return { ok: false, problem };
  }
  if (slash < 0) return fail('invalid-name', 'expected `/` after package name');
  const projections = unversioned.slice(slash + 1).split('/');
  for (const projection of features['nested-names'] ? projections : projections.slice(0, 1)) {
    const problem = labelProblem(projection);
    if (problem !== undefined) return { ok: false, problem };
  }
  if (projections.length > 1 && !features['nested-names'])
    return fail(
      'feature-disabled',
      `trailing characters found: \`/${projections.slice(1).join('/')}\`; nested packages need the feature ${featureLabel('nested-names')}`,
    );
  if (version !== undefined) {
    const problem = parseVersion(version, features);
    if (problem !== undefined) return { ok: false, problem };
  }
  const value: InterfaceName = {
    kind: 'interface',
    namespace: names.slice(0, -1).join(':'),
    package: names.at(-1)!,
    projection: projections.join('/'),
    version,
    unversioned,
  };
  return { ok: true, value };
}

/** Parses a name, or says what is wrong with it. */
export function tryParseExternName(name: string, features: Features = DEFAULT_FEATURES): NameResult<ExternName> {
  return name.includes(':') ? parseInterface(name, features) : parsePlain(name);
}

/**
 * Parses the name of an import or export.
 * @throws ValidationError `not-kebab-case`, `name-without-dot`, `invalid-version`, `invalid-name`, `feature-disabled`
 */
export function parseExternName(name: string, features: Features = DEFAULT_FEATURES): ExternName {
  const result = tryParseExternName(name, features);
  if (result.ok) return result.value;
  throw new ValidationError(result.problem.code, `\`${name}\` is not a valid extern name: ${result.problem.message}`);
}

/** The inverse of {@link parseExternName}. */
export function printExternName(name: ExternName): string {
  switch (name.kind) {
    case 'label':
      return name.label;
    case 'constructor':
      return `[constructor]${name.resource}`;
    case 'method':
      return `[method]${name.resource}.${name.name}`;
    case 'static':
      return `[static]${name.resource}.${name.name}`;
    case 'interface':
      return name.version === undefined ? name.unversioned : `${name.unversioned}@${name.version}`;
  }
}

/**
 * Two names are strongly-unique exactly if their keys differ: letter case does not count (but in a version it does), nor does
 * the annotation of methods and static functions; a member called like its resource counts as the resource's own name.
 */
export function uniqueKey(name: string): string {
  const at = name.indexOf('@');
  const lower = at < 0 ? name.toLowerCase() : name.slice(0, at).toLowerCase() + name.slice(at);
  const member = /^\[(?:method|static)\](.*)$/.exec(lower)?.[1];
  if (member === undefined) return lower;
  const dot = member.indexOf('.');
  return member.slice(0, dot) === member.slice(dot + 1) ? member.slice(0, dot) : member;
}
