/** Bytes, since most of a line need not even be decoded. */
const FIELDS = Buffer.from('"managedFields":[');
const SPEC = Buffer.from(']},"spec":{');
const STATUS = Buffer.from('},"status":{');

/**
 * The text of an event about a pod without what nobody reads here: `managedFields` and `spec` are four fifths of it. The API
 * server writes a pod's keys in one order, managedFields last in metadata, then spec, then status, and inside of a string their
 * quotes would be escaped; neither of the two holds a key of the name that follows it. A line in another order, or with spaces,
 * stays as it is.
 */
export function trimmedPod(line: Buffer): string {
  const fields = line.indexOf(FIELDS);
  const spec = fields === -1 ? -1 : line.indexOf(SPEC, fields + FIELDS.length);
  const status = spec === -1 ? -1 : line.indexOf(STATUS, spec + SPEC.length);
  if (status === -1) return line.toString('utf8');
  return `${line.toString('utf8', 0, fields + FIELDS.length)}]},"spec":{${line.toString('utf8', status)}`;
}
