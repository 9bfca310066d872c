/** Elements, made in one expression. Texts never become markup. */

type Child = Node | string | number | null | undefined | false;

type Attributes = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

/** Functions are listeners, named `onclick` and so on; `false` and `undefined` leave an attribute out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Child | readonly Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as (event: Event) => void);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false)
      element.append(typeof child === 'number' ? String(child) : child);
  }
  return element;
}

export function table(
  heads: readonly string[],
  rows: readonly (readonly (Child | readonly Child[])[])[],
): HTMLElement {
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', {}, head)))),
      h(
        'tbody',
        {},
        ...rows.map((cells) =>
          h('tr', {}, ...cells.map((cell, i) => h('td', { 'data-head': heads[i] }, cell))),
        ),
      ),
    ),
  );
}

/** A word with a colour: `up`, `firing`. */
export function badge(text: string, kind: 'good' | 'bad' | 'warn' | 'plain'): HTMLElement {
  return h('span', { class: `badge ${kind}` }, text);
}

export function labelBadges(labels: Record<string, string>): HTMLElement {
  return h(
    'span',
    { class: 'labels' },
    ...Object.entries(labels).map(([name, value]) => h('span', { class: 'label' }, `${name}="${value}"`)),
  );
}

/** A time or a number, which makes no sense in two lines. */
export function short(text: string, title?: string): HTMLElement {
  return h('span', { class: 'short', title }, text);
}

/** A link where the text is an address of the web; whatever else it may be (`javascript:`) is shown as it is. */
export function linked(text: string): Node | string {
  if (!/^https?:\/\/\S+$/.test(text)) return text;
  return h('a', { href: text, target: '_blank', rel: 'noreferrer' }, text);
}

/** What went wrong, where the content would be. */
export function problem(error: unknown): HTMLElement {
  return h('p', { class: 'problem', role: 'alert' }, (error as Error).message);
}
