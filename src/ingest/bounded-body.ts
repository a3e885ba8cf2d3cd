/** A body is longer than the reader allows. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** The chunks of a body of at most `limit` bytes; throws BodyTooLarge as soon as there are more. */
export async function* boundedChunks(
  body: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw new BodyTooLarge(`more than ${limit} bytes`);
    yield chunk;
  }
}

/** The text of a body of at most `limit` bytes; more rejects with BodyTooLarge as soon as it is seen. */
export async function readBounded(body: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of boundedChunks(body, limit)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** `64 MiB`, `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}
