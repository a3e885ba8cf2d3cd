import { writeFile } from 'node:fs/promises';
import { SCHEMA_KINDS, schemaText } from '../src/config/json-schema.ts';

// Writes deploy/schema/*.json anew. A test fails while they differ from the code: npx tsx scripts/schemas.ts
for (const kind of SCHEMA_KINDS) {
  await writeFile(new URL(`../deploy/schema/${kind}.json`, import.meta.url), schemaText(kind));
}
