/** Colours that stay apart for the colour-blind and on a dark page. */
export const INK = '#6b7280';
export const OURS = '#0072b2';
export const PEER = '#d55e00';
export const BEST = '#009e73';

export function svgDocument(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

export function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" fill="#374151" ${more}>${escaped(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, colour = '#e5e7eb'): string {
  return `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" stroke="${colour}"/>`;
}

export const fixed = (value: number): string => String(Math.round(value * 10) / 10);

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
