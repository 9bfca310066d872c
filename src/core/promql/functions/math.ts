/** Functions of one value: rounding, exponents, trigonometry, clamping. Histograms are left out. */
import { ABSENT, FLOAT } from './column.ts';
import { type Implementation, vectorFunction } from './function.ts';

function float(compute: (v: number) => number): Implementation {
  return vectorFunction((input, _scalars, out) => {
    for (let step = 0; step < input.length; step++) {
      if (input.kind[step] !== FLOAT) continue;
      out.kind[step] = FLOAT;
      out.v[step] = compute(input.v[step]);
    }
  });
}

export const mathFunctions: Readonly<Record<string, Implementation>> = {
  abs: float(Math.abs),
  ceil: float(Math.ceil),
  floor: float(Math.floor),
  exp: float(Math.exp),
  sqrt: float(Math.sqrt),
  ln: float(Math.log),
  log2: float(Math.log2),
  log10: float(Math.log10),
  sin: float(Math.sin),
  cos: float(Math.cos),
  tan: float(Math.tan),
  asin: float(Math.asin),
  acos: float(Math.acos),
  atan: float(Math.atan),
  sinh: float(Math.sinh),
  cosh: float(Math.cosh),
  tanh: float(Math.tanh),
  asinh: float(Math.asinh),
  acosh: float(Math.acosh),
  atanh: float(Math.atanh),
  rad: float((v) => (v * Math.PI) / 180),
  deg: float((v) => (v * 180) / Math.PI),
  sgn: float((v) => (v < 0 ? -1 : v > 0 ? 1 : v)),
  clamp: vectorFunction((input, [min, max], out) => {
    for (let step = 0; step < input.length; step++) {
      if (input.kind[step] === ABSENT || max[step] < min[step]) continue;
      if (input.kind[step] === FLOAT) out.setFloat(step, goMax(min[step], goMin(max[step], input.v[step])));
    }
  }),
  clamp_min: vectorFunction((input, [min], out) => {
    for (let step = 0; step < input.length; step++) {
      if (input.kind[step] === FLOAT) out.setFloat(step, goMax(min[step], input.v[step]));
    }
  }),
  clamp_max: vectorFunction((input, [max], out) => {
    for (let step = 0; step < input.length; step++) {
      if (input.kind[step] === FLOAT) out.setFloat(step, goMin(max[step], input.v[step]));
    }
  }),
  round: vectorFunction((input, [toNearest], out) => {
    for (let step = 0; step < input.length; step++) {
      if (input.kind[step] !== FLOAT) continue;
      // Dividing by the inverse keeps 0.1 and its like exact, as in Prometheus.
      const inverse = 1 / (toNearest === undefined ? 1 : toNearest[step]);
      out.setFloat(step, Math.floor(input.v[step] * inverse + 0.5) / inverse);
    }
  }),
};

/** Math.max and Math.min of JavaScript agree with Go's but for infinities beside NaN, where Go prefers the former. */
function goMax(a: number, b: number): number {
  if (a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return Math.max(a, b);
}

function goMin(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  return Math.min(a, b);
}
