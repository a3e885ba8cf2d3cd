import type { Server, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { OpenStreams } from './open-streams.ts';
import { SERVICE_NAME } from './proto.ts';

/** grpc.health.v1 for the server as a whole ('') and for the external scaler. */
export interface Health {
  setServing(serving: boolean): void;
}

const SERVICES = ['', SERVICE_NAME] as const;

/** Adds grpc.health.v1 to `server`. Its Watch streams count, and end, with all others: an open one would stall the stop. */
export function addHealth(server: Server, streams: OpenStreams): Health {
  const health = new HealthImplementation(
    Object.fromEntries(SERVICES.map((name) => [name, 'SERVING' as const])),
  );
  health.addToServer({
    addService(definition: Parameters<Server['addService']>[0], handlers: UntypedServiceImplementation) {
      server.addService(definition, { ...handlers, watch: bounded(handlers, streams) });
    },
  });
  return {
    setServing(serving) {
      for (const name of SERVICES) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}

function bounded(handlers: UntypedServiceImplementation, streams: OpenStreams) {
  const watch = handlers.watch as (call: ServerWritableStream<unknown, unknown>) => void;
  return (call: ServerWritableStream<unknown, unknown>): void => {
    if (streams.adopt(call, () => {})) watch(call);
  };
}
