import { describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { withTargetLabels } from '../../../src/core/scrape/index.ts';

const target = labelsFromObject({ instance: 'h:1', job: 'j' });

function result(exposed: Record<string, string>, honor: boolean, emptyNames: string[] = []) {
  return withTargetLabels(labelsFromObject(exposed), target, honor, emptyNames).toObject();
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
