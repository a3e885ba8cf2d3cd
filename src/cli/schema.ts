import { Argument, Command } from 'commander';
import { SCHEMA_KINDS, type SchemaKind, schemaText } from '../config/json-schema.ts';
import type { Io } from './io.ts';

/** `bellwether schema config|policy|calendar|test`: JSON Schema (draft 2020-12) on stdout. */
export function schemaCommand(io: Io): Command {
  return new Command('schema')
    .description('prints the JSON Schema (draft 2020-12) of a kind of file, for editors and CI')
    .addArgument(new Argument('<kind>', 'which file').choices([...SCHEMA_KINDS]))
    .addHelpText('after', '\nExample:\n  $ bellwether schema calendar > calendar.schema.json')
    .action((kind: SchemaKind) => io.out(schemaText(kind).trimEnd()));
}
