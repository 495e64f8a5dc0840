/**
 * Grants from a file: the object of `checkGrant` as JSON, or as TOML where the file's name ends in `.toml`. Errors name the file, and
 * where what they are about stands. Host paths are relative to the folder of the file: whoever reads it resolves them.
 */
import { UsageError } from '../error/error.ts';
import { keyOf } from './check.ts';
import { checkGrant, type Grant, type GrantInput } from './grant.ts';
import { readJson } from './json.ts';
import { readToml } from './toml.ts';
import { placeOf, textError, written } from './written.ts';

/** A file that was read and checked. */
export interface GrantFile {
  /** As it was written. */
  readonly input: GrantInput;
  readonly grant: Grant;
  /** An error with the place of a key, such as `dirs[0].host`, before it. */
  errorAt(key: string, error: UsageError): Error;
}

/**
 * Reads a grants file.
 * @throws TextError `bad-json`, `bad-toml`; `bad-grant` where a key or value cannot be used
 */
export function parseGrants(text: string, file: string): GrantFile {
  const read = /\.toml$/i.test(file) ? readToml : readJson;
  const found = written(read(text, file));
  const errorAt = (key: string, error: UsageError): Error => {
    const { hint } = error.details;
    return textError({ text, file }, placeOf(found, key) ?? 0, error.code, error.message, { hint });
  };
  try {
    return { input: found.data as GrantInput, grant: checkGrant(found.data as GrantInput), errorAt };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw errorAt(keyOf(error) ?? '', error);
  }
}
