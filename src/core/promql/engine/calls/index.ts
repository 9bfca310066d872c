/** The functions that are more than a map over one series' column: each builds an operator of its own. */
import type { Call } from '../../parser/ast.ts';
import type { Builder } from '../builder.ts';
import type { StepGrid } from '../grid.ts';
import type { Operator } from '../operator.ts';
import { absentCall, absentOverTimeCall } from './absent.ts';
import {
  histogramFractionCall,
  histogramQuantileCall,
  histogramQuantilesCall,
} from './histogram-quantile.ts';
import { infoCall } from './info.ts';
import { labelJoinCall, labelReplaceCall } from './label-functions.ts';
import { extremeCall, piCall, queryTimeCall, scalarCall, timeCall, vectorCall } from './scalar.ts';
import { sortCall } from './sort.ts';
import { startTimestampCall, timestampCall } from './timestamp.ts';

type CallBuilder = (builder: Builder, call: Call, grid: StepGrid) => Operator;

const BUILDERS: ReadonlyMap<string, CallBuilder> = new Map<string, CallBuilder>([
  ['absent', absentCall],
  ['absent_over_time', absentOverTimeCall],
  ['end', queryTimeCall],
  ['histogram_fraction', histogramFractionCall],
  ['histogram_quantile', histogramQuantileCall],
  ['histogram_quantiles', histogramQuantilesCall],
  ['info', infoCall],
  ['label_join', labelJoinCall],
  ['label_replace', labelReplaceCall],
  ['max_of', extremeCall],
  ['min_of', extremeCall],
  ['pi', piCall],
  ['range', queryTimeCall],
  ['scalar', scalarCall],
  ['sort', sortCall],
  ['sort_by_label', sortCall],
  ['sort_by_label_desc', sortCall],
  ['sort_desc', sortCall],
  ['start', queryTimeCall],
  ['start_timestamp', startTimestampCall],
  ['step', queryTimeCall],
  ['time', timeCall],
  ['timestamp', timestampCall],
  ['vector', vectorCall],
]);

export function buildSpecialCall(builder: Builder, call: Call, grid: StepGrid): Operator {
  const build = BUILDERS.get(call.func.name);
  if (build === undefined) throw new Error(`function ${call.func.name} has no implementation`);
  return build(builder, call, grid);
}
