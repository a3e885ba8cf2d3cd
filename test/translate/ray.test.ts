import { describe, expect, it } from 'vitest';
import { translateRay } from '../../src/translate/translate-ray.ts';
import { at } from '../support/calendar.ts';
import { calendarOf, notesOf, options, policyOf, sound, valuesOf } from './support.ts';

/** The two configurations of an architecture decision, by their facts: names, numbers and what the comments say. */
const ADR = `from ray.serve.config import AutoscalingConfig

DEFAULT_AUTOSCALING = AutoscalingConfig(
    min_replicas=1,
    max_replicas=4,
    target_ongoing_requests=10,
    upscale_delay_s=30,  # against flapping
    downscale_delay_s=300,
    smoothing_factor=0.5,
)

# For market hours, switched by cron
MARKET_HOURS_AUTOSCALING = AutoscalingConfig(
    min_replicas=2,  # 9am-4pm ET
    max_replicas=4,
    target_ongoing_requests=10,
    upscale_delay_s=30,
    downscale_delay_s=300,
)
`;

const python = (text: string, more = {}) => sound(translateRay(text, options('policy.py', more)));
const yaml = (text: string) => sound(translateRay(text, options('serve.yaml')));

describe('a cut-over between two AutoscalingConfigs by the clock', () => {
  const translation = python(ADR);
  const [policy, calendar, scaledObject] = valuesOf(translation);

  it('is one policy, the one for all hours', () => {
    expect(policyOf(policy)).toEqual({
      minReplicas: 1,
      maxReplicas: 4,
      targetOngoingRequests: 10,
      upscaleDelay: 30_000,
      downscaleDelay: 300_000,
      smoothingFactor: 0.5,
      calendar: 'market-hours',
    });
  });

  it('is a window with the other minReplicas as floor, and the factor that it leaves out back at 1', () => {
    const compiled = calendarOf(calendar);
    const inside = compiled.boundsAt(at('2026-03-09 09:00 America/New_York'), 0);
    expect(inside).toMatchObject({ floor: 2, policy: { smoothingFactor: 1 }, windows: ['market-hours'] });
    expect(compiled.boundsAt(at('2026-03-09 16:00 America/New_York'), 0)).toMatchObject({
      floor: 0,
      policy: {},
    });
    expect(compiled.boundsAt(at('2026-03-07 12:00 America/New_York'), 0).floor).toBe(0);
  });

  it('is a ScaledObject within the same limits', () => {
    expect(scaledObject).toMatchObject({ spec: { minReplicaCount: 1, maxReplicaCount: 4 } });
  });

  it('says what it took from the comments and what nobody said', () => {
    expect(notesOf(translation)).toEqual([
      'differs 13: the cut-over happens at the minute; here the floor is asked for a cold start earlier, so that replicas are Ready at the open (lead: 0s on the window turns it off)',
      'assumed 14: the hours are those of the comment there, 09:00-16:00 ET',
      'assumed 13: Monday to Friday, and no holidays or early closes: calendars/us-equities.yaml has those of the NYSE',
    ]);
  });

  it('takes hours and zone from the command line over any comment', () => {
    const [, given] = valuesOf(python(ADR, { hours: '08:00-16:30', timezone: 'Europe/London' }));
    expect(given).toMatchObject({
      timezone: 'Europe/London',
      sessions: { regular: { hours: '08:00-16:30' } },
    });
  });

  it.each([
    [
      'every field that differs',
      'max_replicas=8, upscale_delay_s=0, downscale_delay_s=60, upscaling_factor=2',
      'policy: {maxReplicas: 8, upscaleDelay: 0s, downscaleDelay: 1m, upscalingFactor: 2}',
    ],
    ['no policy where nothing differs but the floor', 'max_replicas=1', 'floor: 5}'],
  ])('overrides %s', (_, fields, window) => {
    const text = `BASE = AutoscalingConfig()\nPEAK = AutoscalingConfig(min_replicas=5, ${fields})`;
    expect(python(text).documents[1]).toContain(window);
  });

  it('says that a floor cannot lower minReplicas', () => {
    const text =
      'BASE = AutoscalingConfig(min_replicas=3, max_replicas=4)\nPEAK_HOURS = AutoscalingConfig(min_replicas=1, max_replicas=4)';
    expect(notesOf(python(text))[0]).toBe(
      'lost 2: minReplicas falls from 3 to 1 in these hours: a floor only raises; give the other hours a window instead',
    );
  });

  it.each([
    ['9:30 to 16:00 EST', '09:30-16:00', 'America/New_York'],
    ['08:00–16:30 GMT', '08:00-16:30', 'Europe/London'],
    ['12am - 12pm JST', '00:00-12:00', 'Asia/Tokyo'],
    ['between 2 and 4 replicas', '09:30-16:00', 'America/New_York'],
    ['2-4 replicas', '09:30-16:00', 'America/New_York'],
    ['22:00-06:00 UTC', '09:30-16:00', 'America/New_York'],
  ])('reads the comment %s', (comment, hours, timezone) => {
    const text = `A = AutoscalingConfig(max_replicas=4)\nMARKET = AutoscalingConfig(min_replicas=2, max_replicas=4)  # ${comment}`;
    expect(valuesOf(python(text))[1]).toMatchObject({ timezone, sessions: { regular: { hours } } });
  });
});

describe('Python text', () => {
  it.each([
    [
      'arithmetic and constants',
      'DELAY = 5 * 60\nc = AutoscalingConfig(max_replicas=2 + 2, downscale_delay_s=DELAY)',
      { maxReplicas: 4, downscaleDelay: 300_000 },
    ],
    [
      'a dict of a decorator',
      '@serve.deployment(\n  autoscaling_config={"min_replicas": 0, "max_replicas": 1_0},\n)\nclass VLLMDeployment: ...',
      { minReplicas: 0, maxReplicas: 10 },
    ],
    ['a dotted name', 'x = serve.config.AutoscalingConfig(max_replicas=3)', { maxReplicas: 3 }],
    [
      'None for a default',
      'x = AutoscalingConfig(max_replicas=3, initial_replicas=None, policy=None)',
      { maxReplicas: 3 },
    ],
    [
      'the older names',
      'x = AutoscalingConfig(max_replicas=3, target_num_ongoing_requests_per_replica=7, upscale_smoothing_factor=0.5)',
      { targetOngoingRequests: 7, upscalingFactor: 0.5 },
    ],
    [
      'comments and strings that look like code',
      's = "AutoscalingConfig(max_replicas=9)"\n# AutoscalingConfig(max_replicas=8)\nx = AutoscalingConfig(max_replicas=3)',
      { maxReplicas: 3 },
    ],
  ])('is read: %s', (_, text, fields) => {
    const [policy] = valuesOf(python(text));
    expect(policyOf(policy)).toMatchObject(fields);
  });

  it("writes Ray's own defaults, where Bellwether's are others", () => {
    const { documents } = python('x = AutoscalingConfig()');
    expect(documents[0]).toBe(
      "# x, line 1\npolicy: x\nmaxReplicas: 1   # Ray's default, left out there\ntargetOngoingRequests: 2   # Ray's default, left out there\ndownscaleDelay: 10m   # Ray's default, left out there",
    );
  });

  it('names deployments after the class that a decorator stands at', () => {
    const [, scaledObject] = valuesOf(
      python(
        '@serve.deployment(autoscaling_config=AutoscalingConfig(max_replicas=2))\nclass VLLMDeployment:\n  pass',
      ),
    );
    expect(scaledObject).toMatchObject({ metadata: { name: 'vllm-deployment' } });
  });

  it('says what only running it would tell, and never runs it', () => {
    const text =
      'import os\nx = AutoscalingConfig(max_replicas=int(os.environ["MAX"]), **base, metrics_interval_s=5, policy=P(), nope=1, min_replicas=-1)';
    expect(notesOf(python(text))).toEqual([
      'lost 2: min_replicas = - 1: not a value that minReplicas takes',
      'lost 2: max_replicas = int ( os . environ [ MAX ] ): computed at run time; the text is read, never run',
      'lost 2: * * base: only arguments with names and literal values can be read',
      'lost 2: metrics_interval_s = 5: samples are taken each evaluationInterval of bellwether.yaml',
      'lost 2: policy = P ( ): a custom autoscaling policy is code; Bellwether has its own steps (docs/policy.md)',
      'lost 2: nope = 1: no field of AutoscalingConfig that is known here',
    ]);
  });

  it.each(['print("hello")', '', 'class AutoscalingConfig(BaseModel): ...'])(
    'without a config is refused: %j',
    (text) => {
      expect(translateRay(text, options('a.py'))).toMatchObject({
        problems: [{ message: 'must hold an AutoscalingConfig(...) or an autoscaling_config={...}' }],
      });
    },
  );
});

describe('Ray Serve YAML', () => {
  const SERVE = `applications:
  - name: llm
    deployments:
      - name: VLLM
        num_replicas: auto
        autoscaling_config: {max_replicas: 12, target_ongoing_requests: 24}
      - {name: Router, num_replicas: 3}
`;

  it('is read with what num_replicas: auto sets, and says what has a fixed size', () => {
    const translation = yaml(SERVE);
    expect(policyOf(valuesOf(translation)[0])).toMatchObject({
      minReplicas: 1,
      maxReplicas: 12,
      targetOngoingRequests: 24,
    });
    expect(notesOf(translation)).toEqual([
      'lost 7: deployment Router: of a fixed size (num_replicas 3), left alone',
    ]);
    const bare = yaml('deployments: [{name: VLLM, num_replicas: auto}]');
    expect(policyOf(valuesOf(bare)[0])).toMatchObject({
      minReplicas: 1,
      maxReplicas: 100,
      targetOngoingRequests: 2,
    });
  });

  it('is found inside a RayService, with lines of the whole file', () => {
    const inner = SERVE.replace('max_replicas: 12', 'max_replicas: 12, metrics_interval_s: 1')
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n');
    const text = `apiVersion: ray.io/v1\nkind: RayService\nspec:\n  serveConfigV2: |\n${inner}`;
    const translation = yaml(text);
    expect(policyOf(valuesOf(translation)[0])).toMatchObject({ maxReplicas: 12 });
    expect(notesOf(translation)[0]).toMatch(/^lost 10: metrics_interval_s = 1/);
  });

  it('is refused where its numbers contradict each other', async () => {
    const translation = yaml('autoscaling_config: {min_replicas: 4, max_replicas: 2}');
    expect(policyOf(valuesOf(translation)[0])).toEqual(['must be at most maxReplicas (2), was 4']);
  });

  it.each(['a: 1\n', '', 'autoscaling_config: []\n'])('without a config is refused: %j', (text) => {
    expect(translateRay(text, options('a.yaml'))).toMatchObject({
      problems: [
        { message: 'must be a Ray Serve configuration with an autoscaling_config (or num_replicas: auto)' },
      ],
    });
  });
});
