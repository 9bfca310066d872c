/**
 * Selectors of the Kubernetes API: `app=web,tier in (a, b),!canary` for labels, `metadata.name=x,status.phase!=Running`
 * for fields. See https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
 */
const NAME = /^(?:[a-z\d](?:[-a-z\d.]*[a-z\d])?\/)?[A-Za-z\d](?:[-\w.]{0,61}[A-Za-z\d])?$/;
const VALUE = /^(?:[A-Za-z\d](?:[-\w.]{0,61}[A-Za-z\d])?)?$/;

/** What is wrong with a field selector, or undefined. */
export function fieldSelectorFault(selector: string): string | undefined {
  if (selector.trim() === '') return undefined;
  for (const term of selector.split(/(?<!\\),/)) {
    if (term !== '' && !/^[^=!]*(?:==|!=|=)/.test(term))
      return `invalid selector: '${selector}'; can't understand '${term}'`;
  }
  return undefined;
}

/** What is wrong with a label selector, or undefined. */
export function labelSelectorFault(selector: string): string | undefined {
  const wrong = (reason: string) => `unable to parse requirement: ${reason}`;
  let rest = selector.trim();
  while (rest !== '') {
    const name = /^!?\s*([^\s=!<>,()]*)\s*/.exec(rest)!;
    if (name[1] === '') return wrong(`found '${rest[0]}', expected: identifier`);
    if (!NAME.test(name[1])) return wrong(`invalid label key "${name[1]}"`);
    rest = rest.slice(name[0].length);
    if (name[0].startsWith('!') || rest === '' || rest.startsWith(',')) {
      // The name alone: that there is such a label, or that there is none.
    } else {
      const set = /^(?:in|notin)\b\s*/.exec(rest);
      const operator = set ?? /^(?:==|=|!=|<|>)\s*/.exec(rest);
      if (operator === null)
        return wrong(`found '${rest.split(/[\s,]/)[0]}', expected: in, notin, =, ==, !=, gt, lt`);
      rest = rest.slice(operator[0].length);
      const values = (set ? /^\(([^()]*)\)\s*/ : /^([^\s,()=!<>]*)\s*/).exec(rest);
      if (values === null) {
        const found = rest.startsWith('(') ? '' : rest.split(/[\s,]/)[0];
        return wrong(`found '${found}', expected: ${rest.startsWith('(') ? "',' or ')'" : "'('"}`);
      }
      const bad = values[1].split(',').find((value) => !VALUE.test(value.trim()));
      if (bad !== undefined) return wrong(`invalid label value: "${bad.trim()}"`);
      rest = rest.slice(values[0].length);
    }
    if (rest === '') break;
    if (!rest.startsWith(','))
      return wrong(`found '${rest.split(/[\s,]/)[0]}', expected: ',' or 'end of string'`);
    rest = rest.slice(1).trimStart();
    if (rest === '') return wrong("found '', expected: identifier after ','");
  }
  return undefined;
}
