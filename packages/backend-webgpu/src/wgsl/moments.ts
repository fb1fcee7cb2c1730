/**
 * Mean and squared deviations of numbers that come one after the other, without the cancellation of mean(x^2) - mean^2: four
 * numbers at a time get their own mean and deviations, which are merged into those so far. Merging: Chan, Golub, LeVeque,
 * "Updating formulae and a pairwise algorithm for computing sample variances", 1979; of one number it is Welford's rule.
 *
 * All numbers are taken from a `pivot`, one of them, which is the same for all states that are merged: so the mean's own rounding
 * is that of a small number while it is still summed up. The code sees `pivot` and changes `count`, `mean` (from the pivot) and
 * `squares`; names that end in `Other` are another state's.
 */

/** Code that merges another state. One that has counted nothing changes nothing. */
export const mergeMoments = `let total = count + countOther;
      let share = countOther / max(total, 1.0);
      let delta = meanOther - mean;
      mean += delta * share;
      squares += squaresOther + delta * delta * (count * share);
      count = total;`;

/** Code that takes `x[at]` for every `step` from `first` below `end`; `at` is code that sees the place as `row`. */
export function walkMoments(at: (row: string) => string, step: string): string {
  return `var row = first;
    for (; row + 3u * ${step} < end; row += 4u * ${step}) {
      let a = x[${at("row")}] - pivot;
      let b = x[${at(`(row + ${step})`)}] - pivot;
      let c = x[${at(`(row + 2u * ${step})`)}] - pivot;
      let d = x[${at(`(row + 3u * ${step})`)}] - pivot;
      let four = (a + b + (c + d)) * 0.25;
      let total = count + 4.0;
      let share = 4.0 / total;
      let delta = four - mean;
      mean += delta * share;
      squares += (a - four) * (a - four) + (b - four) * (b - four) + ((c - four) * (c - four) + (d - four) * (d - four))
        + delta * delta * (count * share);
      count = total;
    }
    for (; row < end; row += ${step}) {
      let value = x[${at("row")}] - pivot;
      count += 1.0;
      let delta = value - mean;
      mean += delta / count;
      squares += delta * (value - mean);
    }`;
}
