/** Moments by example: Go's layouts, in which Mon Jan 2 15:04:05 2006 stands for the parts of a date. */

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const DAY_MS = 86_400_000;

/** From 1 on. */
export function dayOfYear(ms: number): number {
  return Math.floor((ms - Date.UTC(new Date(ms).getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
}

/** The parts that a layout may hold, the longer ones first. */
const PART =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|_2(?!006)|002|01|02|03|04|05|06|15|PM|pm|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|[.,](?:0+|9+)(?!\d)|[1-5]/g;

/** `ms` since the epoch in UTC, as the layout has it. */
export function formatTime(ms: number, layout: string): string {
  const date = new Date(ms);
  return layout.replace(PART, (part) => partOf(date, part));
}

function partOf(date: Date, part: string): string {
  const hour12 = date.getUTCHours() % 12 || 12;
  const two = (value: number) => String(value).padStart(2, '0');
  switch (part) {
    case 'January':
      return MONTHS[date.getUTCMonth()];
    case 'Jan':
      return MONTHS[date.getUTCMonth()].slice(0, 3);
    case 'Monday':
      return WEEKDAYS[date.getUTCDay()];
    case 'Mon':
      return WEEKDAYS[date.getUTCDay()].slice(0, 3);
    case 'MST':
      return 'UTC';
    case '2006':
      return String(date.getUTCFullYear()).padStart(4, '0');
    case '06':
      return two(date.getUTCFullYear() % 100);
    case '01':
      return two(date.getUTCMonth() + 1);
    case '1':
      return String(date.getUTCMonth() + 1);
    case '02':
      return two(date.getUTCDate());
    case '_2':
      return String(date.getUTCDate()).padStart(2);
    case '2':
      return String(date.getUTCDate());
    case '002':
    case '__2':
      return String(dayOfYear(date.getTime())).padStart(3, part === '002' ? '0' : ' ');
    case '15':
      return two(date.getUTCHours());
    case '03':
      return two(hour12);
    case '3':
      return String(hour12);
    case '04':
      return two(date.getUTCMinutes());
    case '4':
      return String(date.getUTCMinutes());
    case '05':
      return two(date.getUTCSeconds());
    case '5':
      return String(date.getUTCSeconds());
    case 'PM':
      return date.getUTCHours() >= 12 ? 'PM' : 'AM';
    case 'pm':
      return date.getUTCHours() >= 12 ? 'pm' : 'am';
  }
  if (part.startsWith('Z')) return 'Z';
  if (part.startsWith('-')) return `+${part.slice(1).replaceAll('7', '0')}`;
  return fraction(date, part);
}

/** `.000` keeps the zeros at the end, `.999` leaves them out, and the point with them where nothing remains. */
function fraction(date: Date, part: string): string {
  const digits = String(date.getUTCMilliseconds())
    .padStart(3, '0')
    .padEnd(part.length - 1, '0')
    .slice(0, part.length - 1);
  const kept = part[1] === '9' ? digits.replace(/0+$/, '') : digits;
  return kept === '' ? '' : part[0] + kept;
}
