/** Calendar functions of a Unix time in seconds, in UTC: `hour`, `day_of_week`, `days_in_month` and so on. */
import { FLOAT } from './column.ts';
import { type Implementation, vectorFunction } from './function.ts';

function calendar(part: (date: Date) => number): Implementation {
  return vectorFunction((input, _scalars, out) => {
    for (let step = 0; step < input.length; step++) {
      if (input.kind[step] !== FLOAT) continue;
      // Go truncates the float to whole seconds.
      out.setFloat(step, part(new Date(Math.trunc(input.v[step]) * 1000)));
    }
  });
}

const DAY_MS = 86_400_000;

export const dateFunctions: Readonly<Record<string, Implementation>> = {
  minute: calendar((date) => date.getUTCMinutes()),
  hour: calendar((date) => date.getUTCHours()),
  day_of_month: calendar((date) => date.getUTCDate()),
  day_of_week: calendar((date) => date.getUTCDay()),
  day_of_year: calendar(
    (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1,
  ),
  days_in_month: calendar((date) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  ),
  month: calendar((date) => date.getUTCMonth() + 1),
  year: calendar((date) => date.getUTCFullYear()),
};
