import { isObject, type Json, listAt, objectAt, textAt, textsOf } from './objects.ts';

/** One requirement of a label selector. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

/** All of them must hold; none at all matches nothing here, since a fleet is never "every pod". */
export type Selector = readonly Requirement[];

export type Labels = Readonly<Record<string, string>>;

/** A LabelSelector object (`matchLabels`, `matchExpressions`); null for one with an operator that is not known. */
export function selectorOf(value: Json): Selector | null {
  const exact = Object.entries(textsOf(objectAt(value, 'matchLabels'))).map(
    ([key, text]): Requirement => ({ key, operator: 'In', values: [text] }),
  );
  const expressions: Requirement[] = [];
  for (const expression of listAt(value, 'matchExpressions')) {
    const operator = textAt(expression, 'operator');
    if (!isOperator(operator) || !isObject(expression)) return null;
    const values = listAt(expression, 'values').filter((one) => typeof one === 'string');
    expressions.push({ key: textAt(expression, 'key'), operator, values });
  }
  return [...exact, ...expressions];
}

const TERM =
  /\s*(?:!\s*([^\s,=!()]+)|([^\s,=!()]+)\s*(?:(==?|!=)\s*([^\s,=!()]*)|(in|notin)\s*\(([^)]*)\))?)\s*(?:,|$)/y;

/** A selector as `status.selector` of a scale subresource writes it: `app=vllm,tier in (a, b),!canary`. Null when it is none. */
export function parseSelector(text: string): Selector | null {
  const requirements: Requirement[] = [];
  TERM.lastIndex = 0;
  while (TERM.lastIndex < text.length) {
    const match = TERM.exec(text);
    if (match === null) return null;
    const [, absent, key = '', sign, value = '', set, list = ''] = match;
    if (absent !== undefined) requirements.push({ key: absent, operator: 'DoesNotExist', values: [] });
    else if (sign !== undefined)
      requirements.push({ key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] });
    else if (set !== undefined) {
      const values = list.split(',').map((one) => one.trim());
      requirements.push({ key, operator: set === 'in' ? 'In' : 'NotIn', values });
    } else requirements.push({ key, operator: 'Exists', values: [] });
  }
  return requirements;
}

export function selects(selector: Selector, labels: Labels): boolean {
  return selector.length > 0 && selector.every((requirement) => holds(requirement, labels));
}

/** A label that every selected pod carries, by which a selector can be found; null for a selector without one. */
export function anchorOf(selector: Selector): { readonly key: string; readonly value: string } | null {
  for (const { operator, key, values } of selector) {
    const [value, second] = values;
    if (operator === 'In' && value !== undefined && second === undefined) return { key, value };
  }
  return null;
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

function isOperator(text: string): text is Requirement['operator'] {
  return text === 'In' || text === 'NotIn' || text === 'Exists' || text === 'DoesNotExist';
}
