import { didYouMean } from '../core/nearest.ts';
import type { PolicyFields } from '../core/policy.ts';
import { hasErrors, type Problem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { readPolicy } from './policy-document.ts';
import { readText } from './read-file.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

export interface LoadedPolicy {
  /** Null when anything of the file is wrong. */
  readonly fields: PolicyFields | null;
  readonly problems: readonly Problem[];
}

/**
 * Reads a policy file by itself; `name` picks one where it holds several. Rejects with ScalerError `not-found` when the
 * file cannot be read, or holds no policy of that name.
 */
export async function loadPolicyFile(path: string, name: string | undefined): Promise<LoadedPolicy> {
  const read = await readText(path);
  if ('fault' in read)
    throw new ScalerError('not-found', `${path}: must be a file that can be read, ${read.fault}`);
  const { documents, problems: syntax } = parseYaml(read.text, path);
  const policies = documents.map((document) => ({ document, ...readPolicy(document.value) }));
  const problems = [...syntax, ...policies.flatMap(({ document, issues }) => document.toProblems(issues))];
  if (hasErrors(problems)) return { fields: null, problems };
  const names = documents.map(nameOf);
  const wanted = name ?? (names.length === 1 ? names[0] : undefined);
  if (wanted === undefined)
    throw new ScalerError(
      'not-found',
      `${path}: holds ${names.length} policies; name one of ${names.join(', ') || 'none'}`,
    );
  const fields = policies[names.indexOf(wanted)]?.value;
  if (fields === undefined)
    throw new ScalerError('not-found', `${path}: holds no policy "${wanted}"${didYouMean(wanted, names)}`);
  return { fields, problems };
}

function nameOf({ value }: YamlDocument): string {
  return typeof value === 'object' && value !== null && 'policy' in value ? String(value.policy) : '';
}
