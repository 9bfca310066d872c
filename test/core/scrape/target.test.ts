import { describe, expect, it } from 'vitest';
import { Labels, labelsFromObject } from '../../../src/core/model/labels.ts';
import { TargetLabels } from '../../../src/core/scrape/index.ts';

const target = labelsFromObject({ instance: 'h:1', job: 'j' });

function result(exposed: Record<string, string>, honor: boolean, emptyNames: string[] = []) {
  return new TargetLabels(target, honor).addTo(labelsFromObject(exposed), emptyNames).toObject();
}

describe('target labels', () => {
  it('are added', () => {
    expect(result({ __name__: 'up', a: 'b' }, false)).toEqual({
      __name__: 'up',
      a: 'b',
      instance: 'h:1',
      job: 'j',
    });
  });

  it('displace exposed ones to exported_', () => {
    expect(result({ __name__: 'up', job: 'x' }, false)).toEqual({
      __name__: 'up',
      exported_job: 'x',
      instance: 'h:1',
      job: 'j',
    });
  });

  it('displace further while the name is taken', () => {
    expect(result({ __name__: 'up', job: 'x', exported_job: 'y' }, false)).toEqual({
      __name__: 'up',
      exported_exported_job: 'x',
      exported_job: 'y',
      instance: 'h:1',
      job: 'j',
    });
  });

  it('are worked out for names, whatever the values', () => {
    const labels = new TargetLabels(target, false);
    const one = labelsFromObject({ __name__: 'a', job: 'x', z: '1' });
    const other = new Labels(one.names, ['b', 'y', '2']);
    expect(labels.addTo(one, []).toString()).toBe('a{exported_job="x", instance="h:1", job="j", z="1"}');
    expect(labels.addTo(other, []).toString()).toBe('b{exported_job="y", instance="h:1", job="j", z="2"}');
    expect(labels.addTo(other, []).names).toBe(labels.addTo(one, []).names);
  });

  it('give way to exposed ones with honor_labels', () => {
    expect(result({ __name__: 'up', job: 'x' }, true)).toEqual({ __name__: 'up', instance: 'h:1', job: 'x' });
  });

  it('are kept away by an exposed empty label with honor_labels, and only then', () => {
    expect(result({ __name__: 'up' }, true, ['instance'])).toEqual({ __name__: 'up', job: 'j' });
    expect(result({ __name__: 'up' }, false, ['instance'])).toEqual({
      __name__: 'up',
      instance: 'h:1',
      job: 'j',
    });
  });
});
