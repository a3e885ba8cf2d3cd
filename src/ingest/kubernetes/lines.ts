/** A line is longer than the reader allows. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

const NEWLINE = 0x0a;

/**
 * The lines of a body while it comes, without their ends; a last line without one is broken off and left out. Where a chunk
 * holds a whole line it is a view of the chunk: undici hands on what the socket has read, and that memory is not used again.
 */
export async function* linesOf(
  body: AsyncIterable<Uint8Array>,
  longest: number,
): AsyncGenerator<readonly Buffer[]> {
  let rest: Buffer[] = [];
  let restLength = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const tail = bytes.subarray(start, end);
      lines.push(rest.length === 0 ? tail : Buffer.concat([...rest, tail]));
      rest = [];
      restLength = 0;
      start = end + 1;
    }
    if (start < bytes.length) {
      const piece = bytes.subarray(start);
      rest.push(piece);
      restLength += piece.length;
      if (restLength > longest) throw new LineTooLong(`more than ${longest} bytes`);
    }
    // Also without a line: that something came is a sign of life.
    yield lines;
  }
}
