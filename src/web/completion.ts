/** Offers metrics, functions and labels below the expression while it is typed. */
import { ask } from './api.ts';
import { h } from './dom.ts';

const MAX_OFFERS = 12;

/** What may be typed besides metrics; the server says which functions it has. */
const WORDS = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'topk',
  'bottomk',
  'quantile',
  'stddev',
  'group',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'offset',
  'bool',
  'and',
  'or',
  'unless',
];

interface Typed {
  word: string;
  from: number;
  /** Inside braces of this metric, where labels are wanted. */
  labelsOf: string | undefined;
}

export class Completion {
  readonly list = h('ul', { class: 'offers', role: 'listbox', hidden: true });
  private readonly input: HTMLTextAreaElement;
  private names: Promise<string[]> | undefined;
  private chosen = 0;
  private offers: string[] = [];

  constructor(input: HTMLTextAreaElement) {
    this.input = input;
    input.addEventListener('input', () => void this.offer());
    input.addEventListener('blur', () => setTimeout(() => this.close(), 150));
  }

  /** Whether the key was for the list. */
  key(event: KeyboardEvent): boolean {
    if (this.list.hidden) return false;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : this.offers.length - 1;
      this.chosen = (this.chosen + step) % this.offers.length;
      this.draw();
    } else if (event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey && this.offers.length > 0)) {
      this.take(this.offers[this.chosen]);
    } else if (event.key === 'Escape') this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  close(): void {
    this.list.hidden = true;
  }

  private async offer(): Promise<void> {
    const typed = this.typed();
    if (typed.word === '' && typed.labelsOf === undefined) {
      this.close();
      return;
    }
    const names = await (typed.labelsOf === undefined
      ? this.metricsAndFunctions()
      : labelNames(typed.labelsOf));
    // It may have gone on meanwhile.
    if (this.typed().word !== typed.word) return;
    const lower = typed.word.toLowerCase();
    const starting = names.filter((name) => name.toLowerCase().startsWith(lower));
    const containing = names.filter((name) => !starting.includes(name) && name.toLowerCase().includes(lower));
    this.offers = [...starting, ...containing].slice(0, MAX_OFFERS);
    this.chosen = 0;
    if (this.offers.length === 0 || (this.offers.length === 1 && this.offers[0] === typed.word)) this.close();
    else this.draw();
  }

  private draw(): void {
    this.list.hidden = false;
    this.list.replaceChildren(
      ...this.offers.map((offer, i) =>
        h(
          'li',
          {
            role: 'option',
            'aria-selected': i === this.chosen ? 'true' : 'false',
            onmousedown: (event: Event) => {
              event.preventDefault();
              this.take(offer);
            },
          },
          offer,
        ),
      ),
    );
  }

  private take(offer: string): void {
    const { input } = this;
    const { from } = this.typed();
    input.setRangeText(offer, from, input.selectionStart, 'end');
    this.close();
    input.focus();
  }

  private typed(): Typed {
    const before = this.input.value.slice(0, this.input.selectionStart);
    const word = /[\w:]*$/.exec(before)![0];
    const from = before.length - word.length;
    const braces = /([\w:]*)\{[^{}"]*(?:"(?:[^"\\]|\\.)*"[^{}"]*)*$/.exec(before.slice(0, from));
    const wantsName = braces !== null && /[{,]\s*$/.test(before.slice(0, from));
    return { word, from, labelsOf: wantsName ? braces[1] : undefined };
  }

  private metricsAndFunctions(): Promise<string[]> {
    this.names ??= Promise.all([
      ask<string[]>('label/__name__/values').then(({ data }) => data),
      ask<{ promql_functions?: Record<string, boolean> }>('features').then(({ data }) =>
        Object.entries(data.promql_functions ?? {}).flatMap(([name, on]) => (on ? [name] : [])),
      ),
    ])
      .then(([metrics, functions]) => [...metrics, ...functions, ...WORDS])
      .catch(() => {
        this.names = undefined;
        return WORDS;
      });
    return this.names;
  }
}

async function labelNames(metric: string): Promise<string[]> {
  try {
    const { data } = await ask<string[]>('labels', metric === '' ? {} : { 'match[]': metric });
    return data.filter((name) => name !== '__name__');
  } catch {
    return [];
  }
}
