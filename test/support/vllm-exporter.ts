import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';

/** One line of the page. */
export interface ExportedSeries {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | string;
  /** Epoch ms, written behind the value. */
  readonly timestamp?: number;
}

/** How the exporter misbehaves; `down` closes each connection without an answer. */
export type ExporterFailure = 'none' | 'down' | 'hang' | 'error' | 'html';

export interface VllmExporter {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly url: string;
  /** Replaces all that the page says. */
  series: readonly ExportedSeries[];
  failure: ExporterFailure;
  /** How long it takes to answer, ms, asked at each scrape. */
  delay: () => number;
  stop(): Promise<void>;
}

/** A server that exports on `/metrics` whatever it is told, in Prometheus' text format. */
export async function startVllmExporter(series: readonly ExportedSeries[] = []): Promise<VllmExporter> {
  const server = createServer((_, response) => {
    const ms = exporter.delay();
    if (ms === 0) respond(exporter, response);
    else setTimeout(() => respond(exporter, response), ms);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as { port: number }).port;
  const exporter: VllmExporter = {
    address: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/metrics`,
    series,
    failure: 'none',
    delay: () => 0,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return exporter;
}

/** The gauges of one engine by today's names; further labels and values on demand. */
export function vllmGauges(
  model: string,
  values: { running?: number; waiting?: number; kv?: number },
  labels: Readonly<Record<string, string>> = { engine: '0' },
): ExportedSeries[] {
  const all = { model_name: model, ...labels };
  const series: ExportedSeries[] = [];
  if (values.running !== undefined)
    series.push({ name: 'vllm:num_requests_running', labels: all, value: values.running });
  if (values.waiting !== undefined)
    series.push({ name: 'vllm:num_requests_waiting', labels: all, value: values.waiting });
  if (values.kv !== undefined)
    series.push({ name: 'vllm:kv_cache_usage_perc', labels: all, value: values.kv });
  return series;
}

/** The page as text. */
export function exposition(series: readonly ExportedSeries[]): string {
  return series
    .map(({ name, labels = {}, value, timestamp }) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeValue(text)}"`);
      return `${name}{${pairs.join(',')}} ${value}${timestamp === undefined ? '' : ` ${timestamp}`}\n`;
    })
    .join('');
}

function respond({ failure, series }: VllmExporter, response: ServerResponse): void {
  switch (failure) {
    case 'none':
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(exposition(series));
      return;
    case 'down':
      response.destroy();
      return;
    case 'hang':
      return;
    case 'error':
      response.statusCode = 500;
      response.end('no metrics today');
      return;
    case 'html':
      response.setHeader('content-type', 'text/html');
      response.end('<html><body>log in</body></html>');
      return;
    default:
      failure satisfies never;
  }
}

function escapeValue(text: string): string {
  return text.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`));
}
