/**
 * Selectors of the Kubernetes API: `app=web,tier in (a, b),!canary` for labels, `metadata.name=x,status.phase!=Running`
 * for fields. See https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
 */
const NAME = /^(?:[a-z\d](?:[-a-z\d.]*[a-z\d])?\/)?[A-Za-z\d](?:[-\w.]{0,61}[A-Za-z\d])?$/;
const VALUE = /^(?:[A-Za-z\d](?:[-\w.]{0,61}[A-Za-z\d])?)?$/;

/** What is wrong with a field selector, or undefined. */
export function fieldSelectorFault(selector: string): string | undefined {
  if (selector === '') return undefined;
  for (const term of selector.split(/(?<!\\),/)) {
    if (term !== '' && !/^[^=!]*(?:==|!=|=)/.test(term))
      return `invalid selector: '${selector}'; can't understand '${term}'`;
    const value = term.replace(/^[^=!]*(?:==|!=|=)/, '');
    const odd = /^(?:[^\\=,]|\\[\\=,])*/.exec(value)![0].length;
    if (odd === value.length) continue;
    return value[odd] === '\\'
      ? `invalid field selector: invalid escape sequence: ${value.slice(odd, odd + 2)}`
      : `invalid field selector: unescaped character in value: ${value.charCodeAt(odd)}`;
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
      if (/^[<>]/.test(operator[0]) && !/^[-+]?\d+$/.test(values[1]))
        return wrong(
          `values[0]: Invalid value: "${values[1]}": for 'Gt', 'Lt' operators, the value must be an integer`,
        );
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
