/** `(@name "…")` behind an identifier: what the name section says instead of the identifier. */
import { Cursor } from './cursor.ts';

/** Reads the annotation if it comes next. */
export function nameAnnotation(c: Cursor): string | undefined {
  const annotation = c.annotation('name');
  if (annotation === undefined) return undefined;
  const inner = new Cursor(annotation);
  const name = inner.name();
  inner.finish();
  return name;
}
