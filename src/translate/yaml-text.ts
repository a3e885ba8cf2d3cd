/** Plain where YAML reads it back as the same text, quoted otherwise. */
export function yamlText(text: string): string {
  const plain = PLAIN.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}

/** Words, and durations as Bellwether writes them. */
const PLAIN = /^(?:[A-Za-z][A-Za-z0-9._/-]*|(?:\d+(?:ms|s|m|h|d))+)$/;

export type YamlValue = string | number | boolean;

export function yamlValue(value: YamlValue): string {
  return typeof value === 'string' ? yamlText(value) : String(value);
}

/** `{a: 1, b: "x y"}`. */
export function flowMap(entries: readonly (readonly [string, YamlValue])[]): string {
  return `{${entries.map(([key, value]) => `${key}: ${yamlValue(value)}`).join(', ')}}`;
}

/** A name that calendars, policies and Kubernetes take: `DEFAULT_AUTOSCALING` is `default-autoscaling`. */
export function kebab(text: string, otherwise: string): string {
  const name = text
    .replace(/([A-Z]+)([A-Z][a-z])|([a-z0-9])([A-Z])/g, '$1$3-$2$4')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50)
    .replace(/-+$/, '');
  return /^[a-z]/.test(name) ? name : otherwise;
}
