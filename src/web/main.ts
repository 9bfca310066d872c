/** The browser's part of the server: one page a concern, chosen by the path, each asking the same API as everybody. */
import 'uplot/dist/uPlot.min.css';
import './style.css';
import { ask } from './api.ts';
import { h, problem } from './dom.ts';
import { alertsPage } from './pages/alerts.ts';
import { queryPage } from './pages/query.ts';
import { rulesPage } from './pages/rules.ts';
import { statusPage } from './pages/status.ts';
import { targetsPage } from './pages/targets.ts';

/** Fills `main`; may return what is to be done when the page is left. */
export type Page = (main: HTMLElement) => Promise<unknown> | (() => void);

const PAGES: { path: string; title: string; page: Page }[] = [
  { path: 'query', title: 'Query', page: queryPage },
  { path: 'alerts', title: 'Alerts', page: alertsPage },
  { path: 'rules', title: 'Rules', page: rulesPage },
  { path: 'targets', title: 'Targets', page: targetsPage },
  { path: 'status', title: 'Status', page: statusPage },
];

/** What Prometheus' page has elsewhere; alerts say that their expression is at `graph`. */
const ALIASES: Readonly<Record<string, string>> = {
  graph: 'query',
  'service-discovery': 'targets',
  'alertmanager-discovery': 'status',
  'tsdb-status': 'status',
  config: 'status',
  flags: 'status',
};

/** Of the site as a whole, before a page has put its own before it. */
const SITE = document.title;
const base = new URL(document.baseURI);
const main = document.querySelector('main')!;
const nav = document.querySelector('nav')!;
let leave: (() => void) | undefined;

function go(url: URL): void {
  history.pushState(null, '', url);
  void show();
}

async function show(): Promise<void> {
  leave?.();
  leave = undefined;
  const path = location.pathname.slice(base.pathname.length).split('/')[0];
  const chosen = PAGES.find((page) => page.path === (ALIASES[path] ?? path)) ?? PAGES[0];
  document.title = `${chosen.title} · ${SITE}`;
  nav.replaceChildren(
    ...PAGES.map((page) =>
      h('a', { href: page.path, 'aria-current': page === chosen ? 'page' : undefined }, page.title),
    ),
  );
  main.replaceChildren();
  try {
    const left = await chosen.page(main);
    leave = typeof left === 'function' ? (left as () => void) : undefined;
  } catch (error) {
    main.append(problem(error));
  }
}

document.addEventListener('click', (event) => {
  const link = (event.target as Element).closest('a');
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || link.target !== '') return;
  const url = new URL(link.href);
  const page = url.pathname.slice(base.pathname.length).split('/')[0];
  if (url.origin !== location.origin || !PAGES.some(({ path }) => path === (ALIASES[page] ?? page))) return;
  event.preventDefault();
  go(url);
});
addEventListener('popstate', () => void show());

/** What the server wants people to see, whichever page they are on. */
async function showNotices(): Promise<void> {
  const notices = document.querySelector('.notices')!;
  try {
    const { data } = await ask<{ text: string }[]>('notifications');
    notices.replaceChildren(...data.map(({ text }) => h('p', { class: 'notice' }, text)));
  } catch {
    notices.replaceChildren(h('p', { class: 'notice' }, 'The server does not answer.'));
  }
}

void show();
void showNotices();
setInterval(() => void showNotices(), 15_000);
