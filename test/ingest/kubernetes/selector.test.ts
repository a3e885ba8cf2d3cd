import { describe, expect, it } from 'vitest';
import { parseSelector, selectorOf, selects } from '../../../src/ingest/kubernetes/selector.ts';

const LABELS = { app: 'vllm', tier: 'b', 'k8s.io/x': '' };

describe('a selector', () => {
  it.each([
    ['app=vllm', true],
    ['app==vllm', true],
    ['app=vllm,tier=b', true],
    ['app=vllm,tier!=b', false],
    ['canary!=true', true],
    ['app in (a, vllm),tier in (b)', true],
    ['tier notin (a, b)', false],
    ['missing notin (a)', true],
    ['app', true],
    ['missing', false],
    ['!missing,app=vllm', true],
    ['! app', false],
    ['k8s.io/x=', true],
    ['', false],
  ])('%j as text selects: %s', (text, expected) => {
    const selector = parseSelector(text);
    expect(selector !== null && selects(selector, LABELS)).toBe(expected);
  });

  it.each(['app=vllm tier=b', 'app in (a', '=', 'a=b=c', '(', 'app=vllm,,tier=b'])('%j is none', (text) => {
    expect(parseSelector(text)).toBeNull();
  });

  it.each([
    [{ matchLabels: { app: 'vllm' } }, true],
    [{ matchLabels: { app: 'other' } }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['b'] }] }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
    [{}, false],
  ])('%j selects: %s', (object, expected) => {
    expect(selects(selectorOf(object) ?? [], LABELS)).toBe(expected);
  });

  it('with an operator that is not known is none: it could select anything', () => {
    expect(selectorOf({ matchExpressions: [{ key: 'tier', operator: 'Like', values: ['b'] }] })).toBeNull();
  });

  it('does not take inherited properties for labels', () => {
    expect(selects(parseSelector('constructor') ?? [], LABELS)).toBe(false);
  });
});
