/**
 * Finds the examples in documentation. In Markdown a fenced block runs if the word `run` stands after its language:
 * ```ts run (or js) is a module, ```console run is a dialogue of `$ command` lines, each followed by what it prints. In sources every
 * fenced block of an `@example` runs, unless it says `no-run`.
 */

export interface Example {
  readonly file: string;
  /** Line of the first line of code, counted from 1. */
  readonly line: number;
  readonly kind: 'module' | 'console';
  readonly code: string;
}

interface Fence {
  readonly info: readonly string[];
  readonly line: number;
  readonly code: string;
}

/** Fenced blocks; a block in a list or a comment loses its indentation. */
function fences(text: string): Fence[] {
  const found: Fence[] = [];
  for (const match of text.matchAll(/^([ \t]*)```(\w[^\n`]*)\n([\s\S]*?)^\1```[ \t]*$/gm)) {
    const [, indent = '', info = '', body = ''] = match;
    const line = text.slice(0, match.index).split('\n').length + 1;
    const code = body
      .split('\n')
      .map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each.trimStart()));
    found.push({ info: info.trim().split(/\s+/), line, code: code.join('\n') });
  }
  return found;
}

function kindOf(language: string | undefined): Example['kind'] | undefined {
  switch (language) {
    case 'ts':
    case 'js':
    case 'typescript':
    case 'javascript':
      return 'module';
    case 'console':
      return 'console';
    default:
      return undefined;
  }
}

/** The examples of a Markdown file. */
export function markdownExamples(file: string, text: string): Example[] {
  return fences(text).flatMap(({ info, line, code }) => {
    const kind = kindOf(info[0]);
    return kind !== undefined && info.includes('run') ? [{ file, line, kind, code }] : [];
  });
}

/** The examples of the documentation comments of a source file. */
export function sourceExamples(file: string, text: string): Example[] {
  const found: Example[] = [];
  for (const comment of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const start = text.slice(0, comment.index).split('\n').length;
    const lines = comment[0].split('\n').map((each) => each.replace(/^\s*\*(?!\/) ?/, ''));
    let inExample = false;
    const kept = lines.map((each) => {
      inExample = /^@example\b/.test(each) || (inExample && !/^@\w/.test(each));
      return inExample ? each : '';
    });
    for (const { info, line, code } of fences(kept.join('\n'))) {
      const kind = kindOf(info[0]);
      if (kind !== undefined && !info.includes('no-run')) {
        found.push({ file, line: start + line - 1, kind, code });
      }
    }
  }
  return found;
}

/** What a module says that it prints: the text after each `// prints `, a line each; undefined if it says nothing. */
export function promisedOutput(code: string): string[] | undefined {
  const lines = [...code.matchAll(/\/\/ prints (.*)$/gm)].map((match) => match[1] ?? '');
  return lines.length === 0 ? undefined : lines;
}

export interface Exchange {
  readonly command: string;
  readonly output: string;
}

/** The commands of a dialogue with what each prints. `...` alone on a line stands for any lines. */
export function exchanges(code: string): Exchange[] {
  const found: { command: string; output: string[] }[] = [];
  let continues = false;
  for (const line of code.trimEnd().split('\n')) {
    const last = found.at(-1);
    if (line.startsWith('$ ')) {
      found.push({ command: line.slice(2), output: [] });
    } else if (continues && last !== undefined) {
      last.command += `\n${line}`;
    } else {
      last?.output.push(line);
    }
    continues = (line.startsWith('$ ') || continues) && line.endsWith('\\');
  }
  return found.map(({ command, output }) => ({ command, output: output.join('\n') }));
}

/** Whether the output is what the dialogue promised; `...` matches any number of lines, trailing space does not count. */
export function matches(promised: string, actual: string): boolean {
  const trim = (text: string): string => text.replaceAll(/[ \t]+$/gm, '').trimEnd();
  const pattern = trim(promised)
    .split(/^\.\.\.$/m)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\s\\S]*');
  return new RegExp(`^${pattern}$`).test(trim(actual));
}
