/** Go's template language with Prometheus' functions: alerts' labels and annotations. */
export {
  type AlertTemplateData,
  checkAlertTemplate,
  type ExpandOptions,
  expandAlertTemplate,
  type TemplateQuery,
  type TemplateSample,
} from './expander.ts';
export { labelUses } from './label-uses.ts';
export { TemplateError } from './template-error.ts';
