import { z } from 'zod';
import { Duration } from '../core/duration-schema.ts';

/** What a label name may look like in Prometheus: `kubernetes_namespace`, `pod`. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** An RFC 7230 token, which is what a header name may be. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Headers that carry a secret: they belong in a file (`bearerTokenFile`, `basicAuth.passwordFile`), never in this one. */
const SECRET_HEADER = /^(authorization|proxy-authorization|cookie)$/i;

const Path = z.string().min(1).max(4_096);

/** A duration that is neither zero nor below `least` ms; `text` is how the least one is written. */
const atLeast = (least: number, text: string) =>
  Duration.refine((ms) => ms >= least, { message: `must be at least ${text}` });

/** A label of Prometheus and the one exact value that it must have. */
const LabelName = z
  .string()
  .max(128)
  .regex(LABEL_NAME, 'must be a Prometheus label name (letters, digits and _)');
const LabelMap = z.record(LabelName, z.string().max(1_024));

/** An http or https address without user and password, which would end in logs. */
const HttpUrl = z
  .string()
  .max(2_048)
  .refine((text) => httpUrl(text) !== undefined, { message: 'must be an http:// or https:// address' })
  .refine((text) => (httpUrl(text)?.username ?? '') === '' && (httpUrl(text)?.password ?? '') === '', {
    message: 'must be an address without user and password (use basicAuth with passwordFile)',
  });

function httpUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

const HeaderName = z
  .string()
  .max(128)
  .regex(HEADER_NAME, 'must be a header name')
  .refine((name) => !SECRET_HEADER.test(name), {
    message: 'must not carry a secret (use bearerTokenFile or basicAuth.passwordFile)',
  });
/** One line of visible ASCII, so that a header cannot be split. */
const HeaderValue = z
  .string()
  .max(4_096)
  .regex(/^[\x20-\x7e]*$/, 'must be one line of ASCII');

/** The labels by which the store names things, where they differ from vLLM's and Kubernetes' own. */
const StoreLabels = z.strictObject({
  namespace: LabelName.default('namespace'),
  pod: LabelName.default('pod'),
  model_name: LabelName.default('model_name'),
  engine: LabelName.default('engine'),
});

export const PrometheusConfig = z
  .strictObject({
    url: HttpUrl.describe('Address of Prometheus, or of anything that speaks its HTTP API'),
    timeout: atLeast(100, '100ms').default(3_000).describe('How long one query may take'),
    maxResponseBytes: z
      .int()
      .min(1_024)
      .max(2 ** 31)
      .default(64 * 1024 * 1024)
      .describe('Largest answer that is read'),
    bearerTokenFile: Path.optional().describe('File that holds the bearer token; read again when it changes'),
    basicAuth: z.strictObject({ username: z.string().min(1).max(256), passwordFile: Path }).optional(),
    caFile: Path.optional().describe('PEM of the authority that signed the server'),
    certFile: Path.optional().describe('PEM of our client certificate'),
    keyFile: Path.optional().describe('PEM of its key'),
    insecureSkipVerify: z.boolean().default(false).describe('Accepts any server certificate'),
    headers: z
      .record(HeaderName, HeaderValue)
      .default({})
      .describe('Constant headers, such as X-Scope-OrgID'),
    labels: StoreLabels.prefault({}).describe("The store's own names for labels"),
    matchers: LabelMap.default({}).describe(
      'Exact label values that every query carries, such as cluster: a',
    ),
  })
  .refine(...together('certFile', 'keyFile'))
  .refine(...together('keyFile', 'certFile'))
  .refine(
    ...rule('basicAuth', 'must not be set together with bearerTokenFile', (value) => {
      return value.basicAuth === undefined || value.bearerTokenFile === undefined;
    }),
  );
export type PrometheusConfig = z.infer<typeof PrometheusConfig>;

export const ScrapeConfig = z.strictObject({
  targets: z
    .array(
      z.strictObject({
        url: HttpUrl,
        namespace: z.string().min(1).max(253),
        pod: z.string().min(1).max(253),
        labels: LabelMap.default({}).describe('Labels that the scrape adds to every series'),
      }),
    )
    .min(1)
    .max(1_000),
  interval: atLeast(100, '100ms').default(5_000),
});
export type ScrapeConfig = z.infer<typeof ScrapeConfig>;

const Address = z
  .string()
  .refine(isAddress, { message: 'must be an address such as "0.0.0.0:6000" or "[::]:6000"' })
  .meta({ examples: ['0.0.0.0:6000', '[::]:6000'] });

function isAddress(text: string): boolean {
  const match = /^(?:\[[0-9a-fA-F:.%]+\]|[^\s:[\]]+):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[1]) <= 65_535;
}

const Listen = z.strictObject({
  grpc: Address.default('0.0.0.0:6000').describe('Where KEDA asks'),
  http: z
    .union([Address, z.strictObject({ address: Address, bearerTokenFile: Path.optional() })])
    .default('0.0.0.0:8080')
    .describe(
      'Where people, probes and Prometheus ask; with bearerTokenFile all but the probes needs the token',
    ),
});

export const TlsConfig = z.strictObject({
  certFile: Path,
  keyFile: Path,
  clientCaFile: Path.optional().describe('PEM of the authority of client certificates; turns mTLS on'),
});
export type TlsConfig = z.infer<typeof TlsConfig>;

const Name = z.string().min(1).max(253);

/** Whether and how the cluster is watched. Everything works without it, from what Prometheus knows. */
export const KubernetesConfig = z
  .strictObject({
    enabled: z
      .enum(['auto', 'true', 'false'])
      .or(z.boolean().transform((on) => (on ? ('true' as const) : ('false' as const))))
      .default('auto')
      .describe('auto: where the process runs in a pod, or a kubeconfig is given'),
    namespaces: z
      .array(z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be the name of a namespace'))
      .max(200)
      .default([])
      .describe('Namespaces to watch, each by watches of its own; none: the whole cluster'),
    kubeconfig: Path.optional().describe("kubeconfig file; default: the pod's own service account"),
    podDeletionCost: z
      .boolean()
      .default(false)
      .describe(
        'Before a fall marks the idlest pods, so that the ReplicaSet removes them first (may patch pods)',
      ),
  })
  .refine(
    ...rule('kubeconfig', 'must not be given while enabled is false', (value) => {
      return value.kubeconfig === undefined || value.enabled !== 'false';
    }),
  );
export type KubernetesConfig = z.infer<typeof KubernetesConfig>;

/** The keys of a trigger's metadata, and the namespace and name that KEDA would send; `readFleets` checks them as triggers. */
const ListedFleet = z.looseObject({}).describe("Keys of a trigger's metadata, plus namespace and name");
export type ListedFleet = z.infer<typeof ListedFleet>;

const Globs = z.array(Path).max(100);

/** bellwether.yaml with every default filled in; durations in ms, paths as written (relative to the file). */
export const BellwetherConfig = z
  .strictObject({
    prometheus: PrometheusConfig.optional().describe('Where metrics are read from'),
    scrape: ScrapeConfig.optional().describe(
      'Instead of prometheus: /metrics read directly, history in memory',
    ),
    evaluationInterval: atLeast(1_000, '1s').default(5_000).describe('The grid on which fleets are decided'),
    listen: Listen.prefault({}).describe('Where KEDA (gRPC) and people (HTTP) reach the scaler'),
    kubernetes: KubernetesConfig.prefault({}).describe('Whether and how the cluster is watched'),
    tls: TlsConfig.optional().describe('TLS of the gRPC server; rotated without a restart'),
    policies: Globs.default([]).describe('Globs of policy files, relative to this file'),
    calendars: Globs.default([]).describe('Globs of calendar files, relative to this file'),
    settle: Duration.default(2_000).describe('How far behind now Prometheus is read'),
    staleAfter: atLeast(1_000, '1s').default(60_000).describe('Age at which a sample is stale'),
    historyLimit: Duration.default(3_600_000).describe('How far back state is rebuilt at start'),
    defaults: z
      .strictObject({ policy: Name.optional().describe('Policy of triggers that name none') })
      .default({})
      .describe('What holds where a trigger says nothing'),
    fleets: z.array(ListedFleet).max(10_000).default([]).describe('Fleets known before KEDA asks'),
  })
  .refine(
    ...rule('prometheus', 'must be given (or scrape instead of it)', (value) => {
      return value.prometheus !== undefined || value.scrape !== undefined;
    }),
  )
  .refine(
    ...rule('scrape', 'must not be set together with prometheus', (value) => {
      return value.prometheus === undefined || value.scrape === undefined;
    }),
  )
  .refine(
    ...rule('staleAfter', 'must be longer than settle', ({ staleAfter, settle }) => {
      return typeof staleAfter !== 'number' || typeof settle !== 'number' || staleAfter > settle;
    }),
  );
export type BellwetherConfig = z.infer<typeof BellwetherConfig>;

type Fields = Readonly<Record<string, unknown>>;
type Rule = [
  check: (value: unknown) => boolean,
  params: { path: string[]; message: string; when: () => boolean },
];

/** A rule across fields. It also runs when single fields are wrong, so that every error is told at once. */
function rule(field: string, message: string, holds: (value: Fields) => boolean): Rule {
  const isObject = (value: unknown): value is Fields =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const check = (value: unknown): boolean => !isObject(value) || holds(value);
  return [check, { path: [field], message, when: () => true }];
}

/** `field` may not be missing where `other` is given. */
function together(field: string, other: string) {
  const message = `must be given together with ${other}`;
  return rule(field, message, (value) => value[field] !== undefined || value[other] === undefined);
}
