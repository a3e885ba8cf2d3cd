/** Some lines that are written over each other, at the end of what a terminal shows. */
export interface StatusArea {
  show(lines: readonly string[]): void;
}

/** A status area on `stream`; null where it is no terminal. At most ten updates a second, since nobody reads faster. */
export function createStatusArea(stream: NodeJS.WriteStream): StatusArea | null {
  if (!stream.isTTY) return null;
  let height = 0;
  let last = Number.NEGATIVE_INFINITY;
  return {
    show(lines) {
      if (performance.now() - last < 100) return;
      last = performance.now();
      const up = height > 0 ? `\x1b[${height}A` : '';
      // Each line is cut to the terminal's width: a wrapped one would make the count of lines wrong.
      const text = lines.map((line) => `\x1b[2K${line.slice(0, (stream.columns || 80) - 1)}\n`).join('');
      stream.write(up + text);
      height = lines.length;
    },
  };
}
