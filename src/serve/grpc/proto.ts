import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export const SERVICE_NAME = 'externalscaler.ExternalScaler';

/** `proto/` of the package: as far from src/serve/grpc as from dist/serve/grpc. */
const PROTO_DIR = fileURLToPath(new URL('../../../proto', import.meta.url));

/** The service definition of proto/externalscaler.proto, for servers and clients. Throws when the file is not there. */
export function loadExternalScaler(protoDir: string = PROTO_DIR): ServiceDefinition {
  const definition = loadSync('externalscaler.proto', {
    includeDirs: [protoDir],
    longs: Number,
    defaults: true,
  });
  return definition[SERVICE_NAME] as ServiceDefinition;
}
