import type { Problem } from '../core/problem.ts';

/** One problem as a workflow command of GitHub Actions, which shows it at its line in the pull request. */
export function annotation({ severity, file, line, column, path, message, repair }: Problem): string {
  // A problem of the file as a whole (line 0) has no place to point at.
  const place = line > 0 ? `,line=${line},col=${column}` : '';
  const title = path === '' ? '' : `,title=${property(path)}`;
  const repaired = repair && repair.added.length > 0 ? `\nWrite:\n${repair.added.join('\n')}` : '';
  const text = `${path === '' ? message : `${path}: ${message}`}${repaired}`;
  return `::${severity} file=${property(file)}${place}${title}::${data(text)}`;
}

/** Escaped as actions/toolkit does it: a value of a workflow command ends at a line break, at `,` or at `:`. */
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
