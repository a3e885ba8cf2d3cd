import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { checkFiles } from '../../src/config/check.ts';
import { loadRevision } from '../../src/config/load.ts';
import { aDirectory } from '../config/files.ts';
import { helmBinary } from '../support/helm-binary.ts';
import { prometheusBinary } from '../support/prometheus-binary.ts';
import { CHART, lint, type Manifest, one, render, template, type Values } from './chart.ts';

// The first time it is fetched.
beforeAll(() => helmBinary(), 180_000);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NOW = Date.parse('2026-07-01T12:00:00Z');

/** Everything on that can be on at once. */
const ALL: Values = {
  tls: {
    enabled: true,
    clientCa: { enabled: true },
    certManager: { enabled: true, issuerRef: { name: 'ca' }, clientCertificate: true },
  },
  http: { bearerToken: { existingSecret: 'page-token' } },
  kubernetes: { podDeletionCost: true },
  networkPolicy: { enabled: true },
  serviceMonitor: { enabled: true },
  podMonitor: { enabled: true },
  prometheusRule: { enabled: true, alertLabels: { team: 'desk' } },
  podAntiAffinity: 'hard',
  calendars: {
    'desk.yaml': 'calendar: desk\ntimezone: UTC\nsessions:\n  day: {days: mon-fri, hours: "09:00-17:00"}\n',
  },
};

const podOf = (manifests: readonly Manifest[]) => one(manifests, 'Deployment').spec.template.spec;
const dataOf = (manifests: readonly Manifest[], name: string): Record<string, string> =>
  manifests.find((each) => each.kind === 'ConfigMap' && each.metadata.name === name)?.data ?? {};

/** Writes the ConfigMaps as the pods see them, with the checkout's calendars for the image's. */
async function mounted(manifests: readonly Manifest[]): Promise<string> {
  const directory = await aDirectory({});
  for (const part of ['config', 'policies', 'calendars']) {
    await mkdir(join(directory, part), { recursive: true });
    for (const [name, text] of Object.entries(dataOf(manifests, `bellwether-${part}`)))
      await writeFile(join(directory, part, name), text.replaceAll('/app/calendars/', `${ROOT}calendars/`));
  }
  return directory;
}

describe('the chart', () => {
  it.each([
    ['as it comes', {}],
    ['with everything on', ALL],
  ])('passes helm lint --strict %s', async (_, values) => {
    expect(await lint(values)).toContain('0 chart(s) failed');
  });

  it('renders two replicas that may not be gone at once, on one address', async () => {
    const manifests = await render();
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'ConfigMap',
      'ConfigMap',
      'Deployment',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
    ]);
    const { spec } = one(manifests, 'Deployment');
    expect(spec).toMatchObject({
      replicas: 2,
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    const { matchLabels } = spec.selector;
    expect(spec.template.metadata.labels).toMatchObject(matchLabels);
    expect(one(manifests, 'PodDisruptionBudget').spec).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels },
    });
    const service = one(manifests, 'Service').spec;
    expect(service).toMatchObject({ type: 'ClusterIP', selector: matchLabels });
    expect(service).not.toHaveProperty('clusterIP');
    expect(service.ports.map(({ name, port }: Manifest) => [name, port])).toEqual([
      ['grpc', 6000],
      ['http', 8080],
    ]);
    const [{ podAffinityTerm }] =
      spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
    expect(podAffinityTerm).toEqual({
      labelSelector: { matchLabels },
      topologyKey: 'kubernetes.io/hostname',
    });
  });

  it('runs without rights on a file system that it cannot write', async () => {
    const pod = podOf(await render());
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const [container] = pod.containers;
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.resources).toMatchObject({ requests: { cpu: '100m' }, limits: { memory: '768Mi' } });
    expect(container.readinessProbe.httpGet.path).toBe('/readyz');
    expect(container.livenessProbe.httpGet.path).toBe('/healthz');
  });

  it.each([
    ['as it comes', {}],
    ['with everything on', { ...ALL, http: {}, tls: {} }],
  ])('mounts a configuration that loads, %s', async (_, values) => {
    const directory = await mounted(await render(values));
    expect((await checkFiles([directory], NOW)).problems).toEqual([]);
    const loaded = await loadRevision(join(directory, 'config', 'bellwether.yaml'));
    expect(loaded).toMatchObject({
      revision: { config: { kubernetes: { enabled: 'true' }, defaults: { policy: 'default' } } },
    });
    const names = 'revision' in loaded ? [...loaded.revision.calendars.keys()] : [];
    expect(names).toContain('us-equities');
  });

  it('takes policies and calendars from files, and any part from a ConfigMap that exists', async () => {
    const own = await render({ policies: { 'a.yaml': 'policy: a\nmaxReplicas: 3\n' }, shippedCalendars: [] });
    expect(parse(dataOf(own, 'bellwether-config')['bellwether.yaml'] ?? '')).not.toHaveProperty('calendars');
    expect(dataOf(own, 'bellwether-policies')['a.yaml']).toBe('policy: a\nmaxReplicas: 3\n');
    const existing = await render({
      existingConfigMaps: { config: 'my-config', policies: 'my-policies', calendars: 'my-calendars' },
    });
    expect(existing.filter(({ kind }) => kind === 'ConfigMap')).toEqual([]);
    // Beside a ConfigMap of their own the shipped ones would be there twice.
    const mine = await render({ existingConfigMaps: { calendars: 'my-calendars' } });
    expect(parse(dataOf(mine, 'bellwether-config')['bellwether.yaml'] ?? '').calendars).toEqual([
      '../calendars/*.yaml',
    ]);
    expect(podOf(existing).volumes).toEqual([
      { name: 'config', configMap: { name: 'my-config' } },
      { name: 'policies', configMap: { name: 'my-policies' } },
      { name: 'calendars', configMap: { name: 'my-calendars' } },
    ]);
  });

  it('serves TLS from a given Secret, and asks clients for a certificate of a given authority', async () => {
    const manifests = await render({
      tls: {
        enabled: true,
        existingSecret: 'own-tls',
        clientCa: { enabled: true, existingSecret: 'keda-ca' },
      },
    });
    const config = parse(dataOf(manifests, 'bellwether-config')['bellwether.yaml'] ?? '');
    expect(config.tls).toEqual({
      certFile: '/etc/bellwether/tls/tls.crt',
      keyFile: '/etc/bellwether/tls/tls.key',
      clientCaFile: '/etc/bellwether/client-ca/ca.crt',
    });
    const pod = podOf(manifests);
    const secrets = pod.volumes.flatMap(({ secret }: Manifest) => (secret ? [secret.secretName] : []));
    expect(secrets).toEqual(['own-tls', 'keda-ca']);
    const paths = pod.containers[0].volumeMounts.map(({ mountPath }: Manifest) => mountPath);
    for (const file of Object.values<string>(config.tls)) expect(paths).toContain(dirname(file));
  });

  it('has cert-manager write the certificates, for every name of the Service and for KEDA', async () => {
    const manifests = await render(ALL);
    const [server, client] = manifests.filter(({ kind }) => kind === 'Certificate');
    expect(server?.spec).toMatchObject({
      secretName: 'bellwether-tls',
      dnsNames: expect.arrayContaining(['bellwether.bellwether.svc']),
      usages: expect.arrayContaining(['server auth']),
      issuerRef: { kind: 'Issuer', name: 'ca' },
    });
    expect(client?.spec).toMatchObject({
      secretName: 'bellwether-client',
      usages: expect.arrayContaining(['client auth']),
    });
    const secrets = podOf(manifests).volumes.flatMap(({ secret }: Manifest) =>
      secret ? [secret.secretName] : [],
    );
    expect(secrets).toEqual(['bellwether-tls', 'bellwether-tls', 'page-token']);
  });

  it('takes names that YAML would read as something else', async () => {
    const manifests = await render({
      tls: { enabled: true, existingSecret: 'y' },
      existingConfigMaps: { policies: '1234' },
      kubernetes: { namespaces: ['on'] },
    });
    const volumes = podOf(manifests).volumes;
    expect(volumes.map(({ secret, configMap }: Manifest) => secret?.secretName ?? configMap.name)).toEqual([
      'bellwether-config',
      '1234',
      'y',
    ]);
    expect(one(manifests, 'Role').metadata.namespace).toBe('on');
  });

  it('is headless only when asked to be', async () => {
    expect(one(await render({ service: { headless: true } }), 'Service').spec.clusterIP).toBe('None');
  });

  it('keeps our series as they are, whichever monitor scrapes them', async () => {
    const manifests = await render(ALL);
    const endpoints = [
      ...one(manifests, 'ServiceMonitor').spec.endpoints,
      ...one(manifests, 'PodMonitor').spec.podMetricsEndpoints,
    ];
    expect(endpoints).toHaveLength(2);
    for (const endpoint of endpoints)
      expect(endpoint).toMatchObject({
        port: 'http',
        path: '/metrics',
        honorLabels: true,
        authorization: { credentials: { name: 'page-token', key: 'token' } },
      });
  });

  it('lets in KEDA and Prometheus alone where the network is closed', async () => {
    const { spec } = one(await render({ networkPolicy: { enabled: true } }), 'NetworkPolicy');
    expect(spec.policyTypes).toEqual(['Ingress']);
    expect(spec.ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'keda' } } }],
        ports: [{ port: 'grpc', protocol: 'TCP' }],
      },
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        ports: [{ port: 'http', protocol: 'TCP' }],
      },
    ]);
  });
});

describe("the chart's rights", () => {
  const flat = (rules: readonly Manifest[]) =>
    rules
      .flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group: string) =>
          resources.flatMap((resource: string) =>
            verbs.map((verb: string) => `${group}/${resource} ${verb}`),
          ),
        ),
      )
      .sort();

  it('are those of docs/kubernetes.md', async () => {
    const page = await readFile(join(ROOT, 'docs/kubernetes.md'), 'utf8');
    const block = /```yaml\n(apiVersion: rbac.*?)```/s.exec(page)?.[1] ?? '';
    expect(flat(one(await render(), 'ClusterRole').rules)).toEqual(flat(parse(block).rules));
  });

  it('grow by one verb for pod deletion costs, and by the scale of named kinds', async () => {
    const plain = flat(one(await render(), 'ClusterRole').rules);
    const scaleTargets = [{ apiGroup: 'serving.example.com', resource: 'inferenceservices' }];
    const more = flat(
      one(await render({ kubernetes: { podDeletionCost: true, scaleTargets } }), 'ClusterRole').rules,
    );
    expect(more.filter((right) => !plain.includes(right))).toEqual([
      '/pods patch',
      'serving.example.com/inferenceservices/scale get',
    ]);
  });

  it('stay within the namespaces that are named', async () => {
    const manifests = await render({ kubernetes: { namespaces: ['llm', 'desk'] } });
    expect(manifests.filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
    for (const kind of ['Role', 'RoleBinding'])
      expect(
        manifests.filter((each) => each.kind === kind).map(({ metadata }) => metadata.namespace),
      ).toEqual(['llm', 'desk']);
    const config = parse(dataOf(manifests, 'bellwether-config')['bellwether.yaml'] ?? '');
    expect(config.kubernetes).toEqual({ enabled: true, namespaces: ['llm', 'desk'] });
    const bound = manifests.filter(({ kind }) => kind === 'RoleBinding').flatMap(({ subjects }) => subjects);
    expect(new Set(bound.map((subject) => stringify(subject))).size).toBe(1);
    expect(bound[0]).toEqual({ kind: 'ServiceAccount', name: 'bellwether', namespace: 'bellwether' });
  });

  it('are none, and the pods have no token, where Kubernetes is not watched', async () => {
    const manifests = await render({ kubernetes: { enabled: false } });
    expect(manifests.filter(({ kind }) => /Role/.test(kind))).toEqual([]);
    expect(podOf(manifests).automountServiceAccountToken).toBe(false);
    expect(podOf(await render()).automountServiceAccountToken).toBe(true);
  });
});

describe("the chart's alerts", () => {
  it('are rules that Prometheus accepts, on metrics that are documented', async () => {
    const { spec } = one(await render(ALL), 'PrometheusRule');
    const directory = await aDirectory({ 'rules.yaml': stringify({ groups: spec.groups }) });
    const promtool = (await prometheusBinary()).replace(/prometheus$/, 'promtool');
    const checked = await promisify(execFile)(promtool, ['check', 'rules', join(directory, 'rules.yaml')]);
    expect(checked.stdout).toContain('SUCCESS');
    const documented = await readFile(join(ROOT, 'docs/metrics-out.md'), 'utf8');
    const rules: readonly Manifest[] = spec.groups[0].rules;
    const used = rules.flatMap(({ expr }) => expr.match(/bellwether_\w+/g) ?? []);
    expect(used.length).toBeGreaterThanOrEqual(rules.length);
    expect(used.filter((name) => !documented.includes(`\`${name}\``))).toEqual([]);
    for (const { labels, annotations } of rules) {
      expect(labels).toMatchObject({ team: 'desk', severity: expect.stringMatching(/^(critical|warning)$/) });
      expect(Object.keys(annotations).sort()).toEqual(['description', 'summary']);
    }
  });
});

describe("the chart's schema", () => {
  it.each([
    [
      'a misspelt key',
      { replicas: 3 },
      /additional properties 'replicas' not allowed|replicas is not allowed/,
    ],
    ['what the chart sets itself', { config: { listen: { grpc: '0.0.0.0:1' } } }, /listen/],
    ['a Prometheus without a scheme', { config: { prometheus: { url: 'prometheus:9090' } } }, /url/],
    ['a policy file that is no file', { policies: { default: 'policy: x' } }, /'default' does not match/],
    ['an issuer without a name', { tls: { enabled: true, certManager: { enabled: true } } }, /issuerRef/],
    ['TLS without a certificate', { tls: { enabled: true } }, /tls\.enabled needs tls\.existingSecret/],
    [
      'mTLS without TLS',
      { tls: { clientCa: { enabled: true } } },
      /tls\.clientCa\.enabled needs tls\.enabled/,
    ],
    ['no replica at all', { replicaCount: 0 }, /replicaCount/],
    ['an unknown kind of anti-affinity', { podAntiAffinity: 'firm' }, /podAntiAffinity/],
  ])('refuses %s', async (_, values, message) => {
    await expect(template(values)).rejects.toThrow(message);
  });

  it('knows every value that there is, and has no other', async () => {
    const values = parse(await readFile(join(CHART, 'values.yaml'), 'utf8'));
    const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8'));
    expect(Object.keys(values).sort()).toEqual(
      Object.keys(schema.properties)
        .filter((key) => key !== 'global')
        .sort(),
    );
  });
});

describe('deploy/kubernetes/bellwether.yaml', () => {
  it('is the chart as it comes, for those without Helm', async () => {
    const header = `# The chart deploy/helm/bellwether as it comes, for kubectl alone: edit the two ConfigMaps, then
#   kubectl apply -f bellwether.yaml
# Written by its test: npx vitest run test/deploy/chart.test.ts -u
apiVersion: v1
kind: Namespace
metadata: {name: bellwether}
`;
    const text = (await template())
      .replace(/^# Source: .*\n/gm, '')
      .replace(/^ *(app.kubernetes.io\/managed-by|helm.sh\/chart): .*\n/gm, '')
      .replace(/\n{2,}/g, '\n');
    await expect(header + text).toMatchFileSnapshot('../../deploy/kubernetes/bellwether.yaml');
  });
});
