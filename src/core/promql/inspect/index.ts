/** A query's plan, and what its parts cost. */

export { type HistogramUsage, histogramUsage } from './histogram-usage.ts';
export { explainQuery, type Inspected, type InspectedTimes, profileQuery } from './inspect.ts';
export { PlanNode, type Selection, walkPlan } from './plan-node.ts';
