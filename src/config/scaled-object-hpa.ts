import { type Issue, mended, warningAt } from './issue.ts';
import { isOlder, numberAt, type Scene } from './scaled-object-scene.ts';
import { at } from './sources.ts';

const CONFIG = ['spec', 'advanced', 'horizontalPodAutoscalerConfig'];
const BEHAVIOR = [...CONFIG, 'behavior'];
const SIDES = ['scaleUp', 'scaleDown'] as const;
type Side = (typeof SIDES)[number];

/** Above so many replicas the HPA's default tolerance of 10 % hides a change by one. */
const EXACT_REPLICAS = 9;

/** What to write where a side's own policies are too small: one sync goes to the answer. */
const OPEN: Readonly<Record<Side, readonly unknown[]>> = {
  scaleUp: [{ type: 'Pods', value: 100, periodSeconds: 15 }],
  scaleDown: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

/** Settings of the HPA that keep a fleet from getting what Bellwether answers, when or as exactly as it is answered. */
export function hpaIssues(scene: Scene): readonly Issue[] {
  return [
    ...toleranceIssues(scene),
    ...windowIssues(scene),
    ...SIDES.flatMap((side) => policyIssues(scene, side)),
    ...defaultStepIssues(scene),
    ...nameIssues(scene),
    ...modifierIssues(scene),
  ];
}

function toleranceIssues({ value, most, versions }: Scene): readonly Issue[] {
  const misplaced = SIDES.flatMap((side) => misplacedTolerance(value, side));
  if (most <= EXACT_REPLICAS) return misplaced;
  const missing = SIDES.flatMap((side) => {
    const path = [...BEHAVIOR, side, 'tolerance'];
    const tolerance = at(value, path);
    if (tolerance !== undefined && Number(tolerance) === 0) return tooOld(path, most, versions);
    const message = `should be "0" (Kubernetes 1.35): else the HPA ignores changes within 10 %, and up to ${most} replicas are allowed here`;
    return [mended(warningAt(path, message), '0')];
  });
  return [...misplaced, ...missing];
}

/** Dropped without a word by what is too old for it. */
function tooOld(
  path: Issue['path'],
  most: number,
  { kubernetes, keda }: Scene['versions'],
): readonly Issue[] {
  const consequence = `changes within 10 % are ignored, and up to ${most} replicas are allowed here (landing.tolerance: 0.1 in the policy says so)`;
  if (isOlder(kubernetes, '1.35')) {
    const message = `is dropped by Kubernetes ${kubernetes}, unless the feature gate HPAConfigurableTolerance (1.33) is on: ${consequence}`;
    return [warningAt(path, message)];
  }
  return isOlder(keda, '2.18')
    ? [warningAt(path, `is dropped by KEDA ${keda}, whose ScaledObject has it from 2.18 on: ${consequence}`)]
    : [];
}

/** KEDA's page on ScaledObjects once showed it there, and Kubernetes drops what it does not know. */
function misplacedTolerance(value: unknown, side: Side): readonly Issue[] {
  const policies = at(value, [...BEHAVIOR, side, 'policies']);
  if (!Array.isArray(policies)) return [];
  return policies.flatMap((policy: unknown, index) => {
    const tolerance = at(policy, ['tolerance']);
    if (tolerance === undefined) return [];
    const path = [...BEHAVIOR, side, 'policies', index, 'tolerance'];
    const issue = warningAt(path, `has no effect here: it stands beside policies, in ${side}`);
    const edits = [
      { path, drop: true as const },
      { path: [...BEHAVIOR, side, 'tolerance'], to: String(tolerance) },
    ];
    return [{ ...issue, edits }];
  });
}

/** Bellwether owns the delays; those of the HPA come on top. */
function windowIssues({ value }: Scene): readonly Issue[] {
  const window = (side: Side) => [...BEHAVIOR, side, 'stabilizationWindowSeconds'];
  const up = numberAt(value, window('scaleUp')) ?? 0;
  const down = numberAt(value, window('scaleDown'));
  const issues: Issue[] = [];
  if (up > 0)
    issues.push(
      mended(warningAt(window('scaleUp'), `should be 0: it comes on top of upscaleDelay, was ${up}`), 0),
    );
  if (down === undefined || down > 60) {
    const was = down === undefined ? 'the default of 300' : String(down);
    const message = `should be 30: it comes on top of downscaleDelay, was ${was}`;
    issues.push(mended(warningAt(window('scaleDown'), message), 30));
  }
  if (down === 0) {
    const message =
      'should be 30: two scaler replicas that disagree for a moment would shrink the fleet, was 0';
    issues.push(mended(warningAt(window('scaleDown'), message), 30));
  }
  return issues;
}

/** A small step is tested against the tolerance each time, and stops short of the answer. */
function policyIssues({ value, most }: Scene, side: Side): readonly Issue[] {
  const path = [...BEHAVIOR, side];
  const select = at(value, [...path, 'selectPolicy']);
  if (select === 'Disabled') {
    const message = `keeps the HPA from following ${side === 'scaleUp' ? 'rises' : 'falls'} at all`;
    return [mended(warningAt([...path, 'selectPolicy'], message), 'Max')];
  }
  const policies = at(value, [...path, 'policies']);
  if (!Array.isArray(policies) || policies.length === 0) return [];
  const open = policies.map((policy) => isOpen(policy, most, side));
  if (select === 'Min' ? open.every(Boolean) : open.some(Boolean)) return [];
  const message = `should let the HPA go to the answer in one step (${side === 'scaleUp' ? 'Pods: 100' : 'Percent: 100'} each 15 s)`;
  return [mended(warningAt([...path, 'policies'], message), OPEN[side])];
}

/** Whether one policy lets the fleet go as far as it needs to within a period or two. */
function isOpen(policy: unknown, most: number, side: Side): boolean {
  const size = numberAt(policy, ['value']) ?? 0;
  if (at(policy, ['type']) === 'Pods') return size >= Math.min(most, 100) / 2;
  return side === 'scaleUp' ? size >= 400 : size >= 50;
}

/** Without policies of its own a rise goes by 4 pods or doubles at each sync of the HPA, every 15 s. */
function defaultStepIssues({ value, min, most }: Scene): readonly Issue[] {
  const path = [...BEHAVIOR, 'scaleUp', 'policies'];
  if (at(value, path) !== undefined || at(value, [...BEHAVIOR, 'scaleUp', 'selectPolicy']) === 'Disabled')
    return [];
  let syncs = 0;
  for (let replicas = Math.max(1, min); replicas < most; replicas += Math.max(4, replicas)) syncs += 1;
  if (syncs <= 2) return [];
  const message = `should be given: the HPA's own (4 pods or twice as many each 15 s) take ${syncs} syncs to ${most} replicas`;
  return [mended(warningAt(path, message), OPEN.scaleUp)];
}

/** What an HPA scales is found by its name, unless the trigger says it. */
function nameIssues({ value, fleets }: Scene): readonly Issue[] {
  const path = [...CONFIG, 'name'];
  if (at(value, path) === undefined || fleets.every(({ scaleTarget }) => scaleTarget !== undefined))
    return [];
  const message =
    'hides what is scaled, which is looked up as the HPA keda-hpa-NAME: give scaleTarget in the trigger (or leave the name out)';
  return [{ ...warningAt(path, message), edits: [{ path, drop: true }] }];
}

function modifierIssues({ value }: Scene): readonly Issue[] {
  const path = ['spec', 'advanced', 'scalingModifiers'];
  const formula = at(value, [...path, 'formula']);
  if (formula === undefined || formula === '') return [];
  const message =
    'should be left out: the HPA gets what the formula makes of the answer, so explain and the fleet disagree';
  return [{ ...warningAt(path, message), edits: [{ path, drop: true }] }];
}
