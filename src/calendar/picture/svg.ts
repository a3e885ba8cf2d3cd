/** Text that people wrote, safe inside an element or an attribute. Characters that XML knows not are left out. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  text: string | null = null,
): string {
  const given = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? value : escapeXml(value)}"`)
    .join('');
  return text === null ? `<${name}${given}/>` : `<${name}${given}>${escapeXml(text)}</${name}>`;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle, with the words that a browser shows over it. */
export function rect({ x, y, width, height }: Box, name: string, title: string | null = null): string {
  const place = `class="${name}" x="${x}" y="${y}" width="${width}" height="${height}"`;
  return title === null ? `<rect ${place}/>` : `<rect ${place}><title>${escapeXml(title)}</title></rect>`;
}

/** `inner` with its left top corner moved. */
export function moved(x: number, y: number, inner: string): string {
  return `<g transform="translate(${x} ${y})">${inner}</g>`;
}
