import { parseYaml } from '../config/yaml.ts';
import type { Problem } from '../core/problem.ts';
import { calendarText, hoursOf, marketPair, windowFields } from './market-hours.ts';
import { pythonConfigs } from './python-configs.ts';
import type { RayConfig } from './ray-fields.ts';
import { type RayPolicy, rayPolicy } from './ray-policy.ts';
import { yamlConfigs, yamlLeftovers } from './ray-yaml.ts';
import { scaledObjectText } from './scaled-object-text.ts';
import type { Note, Translated, TranslateOptions } from './translation.ts';
import { kebab, yamlValue } from './yaml-text.ts';

/** Far more than a file of configuration has; what is larger is refused before it is read. */
const MAX_PYTHON_BYTES = 1024 * 1024;

/** Ray Serve's autoscaling, from YAML or Python text, as policies, ScaledObjects and, for a cut-over by the clock, a calendar. */
export function translateRay(text: string, options: TranslateOptions): Translated {
  const isYaml = /\.(ya?ml|json)$/i.test(options.file);
  if (!isYaml && text.length > MAX_PYTHON_BYTES) {
    const message = `must be at most ${MAX_PYTHON_BYTES} characters of Python`;
    return { problems: [{ severity: 'error', file: options.file, line: 1, column: 1, path: '', message }] };
  }
  const read = isYaml
    ? readYaml(text, options.file)
    : { ...pythonConfigs(text), problems: [], leftovers: [] };
  if (read.problems.length > 0) return { problems: read.problems };
  if (read.configs.length === 0) return { problems: [nothingFound(options.file, isYaml)] };
  const pair = marketPair(read.configs);
  const translation = pair
    ? translatePair(pair, read.comments, options)
    : translateEach(read.configs, options);
  return { documents: translation.documents, notes: [...translation.notes, ...read.leftovers, ...STANDING] };
}

function readYaml(text: string, file: string) {
  const { documents, problems } = parseYaml(text, file);
  return {
    configs: documents.flatMap(yamlConfigs),
    comments: [],
    problems,
    leftovers: yamlLeftovers(documents),
  };
}

function nothingFound(file: string, isYaml: boolean): Problem {
  const message = isYaml
    ? 'must be a Ray Serve configuration with an autoscaling_config (or num_replicas: auto)'
    : 'must hold an AutoscalingConfig(...) or an autoscaling_config={...}';
  return { severity: 'error', file, line: 1, column: 1, path: '', message };
}

/** What holds of every Ray Serve fleet that moves. */
const STANDING: readonly Note[] = [
  {
    kind: 'differs',
    line: null,
    text: 'ongoing requests: Ray counts what its handles queue and run, Bellwether what vLLM reports as running and waiting',
  },
  {
    kind: 'lost',
    line: null,
    text: 'max_ongoing_requests: Ray stops sending to a full replica; a Service does not (vLLM queues beyond max_num_seqs)',
  },
];

function translatePair(
  { base, hours }: { readonly base: RayConfig; readonly hours: RayConfig },
  comments: readonly { readonly text: string; readonly line: number }[],
  options: TranslateOptions,
) {
  const [always, sometimes] = [rayPolicy(base), rayPolicy(hours)];
  const window = windowFields(always, sometimes, hours.line);
  const found = hoursOf(comments, hours, options);
  const names = { policy: policyName(base), calendar: calendarName(hours) };
  const maxReplicas = Math.max(maxOf(always), maxOf(sometimes));
  return {
    documents: [
      policyText(base, always, names.policy, names.calendar),
      calendarText(names.calendar, found, window),
      scaledObject(base, always, { ...options, policy: names.policy, maxReplicas }),
    ],
    notes: [
      ...always.notes,
      ...sometimes.notes,
      ...window.notes,
      {
        kind: 'differs' as const,
        line: hours.line,
        text: 'the cut-over happens at the minute; here the floor is asked for a cold start earlier, so that replicas are Ready at the open (lead: 0s on the window turns it off)',
      },
      ...found.notes,
    ],
  };
}

function translateEach(configs: readonly RayConfig[], options: TranslateOptions) {
  const taken = new Set<string>();
  const each = configs.map((config) => {
    const policy = rayPolicy(config);
    const name = unused(taken, policyName(config));
    const documents = [
      policyText(config, policy, name, undefined),
      scaledObject(
        config,
        policy,
        { ...options, policy: name, maxReplicas: maxOf(policy) },
        configs.length > 1 ? name : undefined,
      ),
    ];
    return { documents, notes: policy.notes };
  });
  return { documents: each.flatMap(({ documents }) => documents), notes: each.flatMap(({ notes }) => notes) };
}

function unused(taken: Set<string>, name: string): string {
  let free = name;
  for (let count = 2; taken.has(free); count++) free = `${name}-${count}`;
  taken.add(free);
  return free;
}

function policyName({ name }: RayConfig): string {
  return kebab(name.replace(/_?autoscaling(_?config)?$/i, '').replace(/_config$/i, ''), 'default');
}

function calendarName({ name }: RayConfig): string {
  return kebab(name.replace(/_?autoscaling(_?config)?$/i, '').replace(/_config$/i, ''), 'market-hours');
}

function maxOf({ fields }: RayPolicy): number {
  return Number(fields.get('maxReplicas') ?? 1);
}

function policyText(
  config: RayConfig,
  { fields, defaulted }: RayPolicy,
  name: string,
  calendar: string | undefined,
): string {
  const lines = [...fields].map(
    ([key, value]) =>
      `${key}: ${yamlValue(value)}${defaulted.has(key) ? "   # Ray's default, left out there" : ''}`,
  );
  const tail = calendar === undefined ? [] : [`calendar: ${calendar}`];
  return [`# ${readable(config.name)}, line ${config.line}`, `policy: ${name}`, ...lines, ...tail].join('\n');
}

/** Only what an identifier or a deployment's name has. */
function readable(name: string): string {
  return name.replace(/[^\p{L}\p{N}_. -]/gu, '').slice(0, 80);
}

interface ScaledObjectOptions extends TranslateOptions {
  readonly policy: string;
  readonly maxReplicas: number;
}

function scaledObject(
  config: RayConfig,
  policy: RayPolicy,
  options: ScaledObjectOptions,
  suffix?: string,
): string {
  const own = config.deployment === undefined ? undefined : kebab(config.deployment, 'vllm');
  const name =
    options.name === undefined
      ? (own ?? suffix ?? 'vllm')
      : suffix === undefined
        ? options.name
        : `${options.name}-${suffix}`;
  return scaledObjectText({
    name,
    namespace: options.namespace,
    target: name,
    policy: options.policy,
    model: options.model,
    scalerAddress: options.scalerAddress,
    minReplicas: Number(policy.fields.get('minReplicas') ?? 1),
    maxReplicas: options.maxReplicas,
  });
}
