import { describe, expect, it } from 'vitest';
import { explainText, headline, relativeText } from '../../../src/serve/explain-text.ts';
import { recordJson } from '../../../src/serve/http/record-json.ts';
import { inputPairs } from '../../../src/serve/step-inputs.ts';
import { aRecord, NOW } from '../../support/scaler-stub.ts';

const text = (over: Parameters<typeof aRecord>[0] = {}) => explainText(recordJson(aRecord(over)));

describe('explainText', () => {
  it('begins with the number and its reason', () => {
    expect(text().split('\n')[0]).toBe('llm/vllm: 2 replicas, because a rise to 4 wanted for 20s of 30s');
  });

  it('prints every step with what came in, what went out and why', () => {
    const lines = text().split('\n');
    for (const line of [
      '  demand        2  ->     3.4  34 ongoing at 10 a replica are 3.4 replicas',
      '  gain        3.4  ->       4  2 + 1 x (3.4 - 2), rounded up, is 4',
      '  delay         4  ->       2  a rise to 4 wanted for 20s of 30s',
    ]) {
      expect(lines).toContain(line);
    }
    for (const { step, reason } of aRecord().steps) {
      expect(lines.some((line) => line.trim().startsWith(step) && line.endsWith(reason))).toBe(true);
    }
  });

  it('counts down from the instant of the record, not from a clock', () => {
    expect(text()).toContain('  upscale  in 10s  rise to 4 if still wanted (at 2026-11-23T14:31:15Z');
    expect(text()).toMatch(/Next\n {2}in 10s {2}4 replicas: /);
    expect(text({ next: { at: NOW + 270_000, why: "the calendar's floor becomes 4" } })).toContain(
      '  in 4m30s  ',
    );
  });

  it('says when nothing is due', () => {
    expect(text({ next: null, timers: [] })).toMatch(/Next\n {2}nothing {2}is due/);
    expect(text({ timers: [] })).not.toContain('Timers');
  });

  it('keeps lines within 100 columns, and later lines under the first', () => {
    const reason = 'a long reason with many words '.repeat(12).trim();
    const steps = aRecord().steps.map((step) => ({ ...step, reason }));
    const lines = text({ steps }).split('\n').slice(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.filter((line) => /^ {31}\S/.test(line)).length).toBeGreaterThan(9);
  });

  it('says in words why a fleet is held, and that a record was recomputed', () => {
    const held = text({ held: 'stale', recomputed: true });
    expect(held).toContain('  held      stale: nothing falls while the newest sample is too old');
    expect(held).toContain("recomputed with today's configuration");
  });

  it('shows the unknown as unknown, never as 0', () => {
    const unknown = aRecord({
      replicas: null,
      held: 'unknown',
      reason: 'nothing is known yet: no sample',
      replicaFacts: { spec: null, ready: null, starting: null, unschedulable: null, source: 'unknown' },
    });
    const shown = explainText(recordJson(unknown));
    expect(shown.split('\n')[0]).toBe('llm/vllm: unknown replicas, because nothing is known yet: no sample');
    expect(shown).toContain('ready unknown, starting unknown, unschedulable unknown, spec unknown (unknown)');
  });

  it('has colour only when asked', () => {
    const esc = String.fromCharCode(27);
    expect(text()).not.toContain(esc);
    expect(explainText(recordJson(aRecord()), { color: true })).toContain(`${esc}[1mSteps${esc}[22m`);
  });

  it('lets no control character of a name or reason reach the terminal', () => {
    const esc = String.fromCharCode(27);
    const fleet = { ...aRecord().fleet, name: `v${esc}[31m`, model: `m\n\r${esc}]0;x\u0007` };
    const shown = text({ fleet, reason: `b\u0000c${esc}[2J` });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });
});

describe('headline', () => {
  it.each([
    { name: 'one replica', over: { replicas: 1 }, start: 'llm/vllm: 1 replica, because' },
    { name: 'none', over: { replicas: 0 }, start: 'llm/vllm: 0 replicas, because' },
    { name: 'advice', over: { mode: 'advisory' as const }, start: 'llm/vllm: 2 replicas advised, because' },
    {
      name: "a buffer's pause pods",
      over: { fleet: { ...aRecord().fleet, role: 'buffer' as const }, replicas: 1 },
      start: 'llm/vllm: 1 pause pod, because',
    },
  ])('tells $name', ({ over, start }) => {
    expect(headline(recordJson(aRecord(over)))).toContain(start);
  });
});

describe('recordJson', () => {
  it('writes every instant as ISO 8601 in UTC, also inside step inputs', () => {
    const record = recordJson(aRecord());
    expect(record.at).toBe('2026-11-23T14:31:05Z');
    expect(record.signals[0]?.observedAt).toBe('2026-11-23T14:31:02Z');
    expect(record.timers[0]).toMatchObject({ since: '2026-11-23T14:30:45Z', at: '2026-11-23T14:31:15Z' });
    expect(record.next).toMatchObject({ at: '2026-11-23T14:31:15Z', replicas: 4 });
    expect(record.steps.find(({ step }) => step === 'delay')?.inputs).toMatchObject({
      since: '2026-11-23T14:30:45Z',
      delay: 30_000,
    });
    expect(JSON.stringify(record)).not.toContain(String(NOW).slice(0, 8));
  });
});

it.each([
  [0, 'now'],
  [400, 'now'],
  [90_000, 'in 1m30s'],
  [-5_000, '5s ago'],
])('tells %d ms as "%s"', (distance, expected) => {
  expect(relativeText(new Date(NOW + distance).toISOString(), new Date(NOW).toISOString())).toBe(expected);
});

it('shows the inputs of a step flat, durations as durations, and leaves out what is unknown', () => {
  const inputs = {
    target: 2,
    upscaleDelay: 30_000,
    held: null,
    missing: [],
    pods: ['a', 'b'],
    replicas: { ready: 1.23456 },
  };
  expect(inputPairs(inputs)).toEqual([
    ['target', '2'],
    ['upscaleDelay', '30s'],
    ['pods', 'a, b'],
    ['replicas.ready', '1.235'],
  ]);
});
