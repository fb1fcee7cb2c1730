/** The multiply-adds of products: code that does not depend on where the factors come from. */

import { unrolled } from "../wgsl/shader.js";

/** Code that reads the vectors of one operand for four steps along k, lines counted from an invocation's first. */
export type OperandLoads =
  | { readonly axis: "k"; line(index: number): string }
  | { readonly axis: "line"; vector(step: number, group: number): string };

/**
 * Code for four steps along k of `rows` by `vectors` x 4 results: adds to variables `<sum><row>_<vector>` of vector type `type`.
 * Everything stays in named variables, as arrays in registers are up to each driver's compiler.
 */
export function multiplyFour(
  size: { readonly rows: number; readonly vectors: number },
  a: OperandLoads,
  b: OperandLoads,
  sum: string,
  type: string,
): string {
  const { rows, vectors } = size;
  const right =
    b.axis === "line"
      ? unrolled(4, (step) => unrolled(vectors, (v) => `let b${step}_${v} = ${b.vector(step, v)};`))
      : `${unrolled(vectors * 4, (column) => `let column${column} = ${b.line(column)};`)}
        ${unrolled(4, (step) =>
          unrolled(vectors, (v) => {
            const numbers = unrolled(4, (c) => `column${v * 4 + c}.${"xyzw"[step]}`, ", ");
            return `let b${step}_${v} = ${type}(${numbers});`;
          }),
        )}`;
  const add = (row: number, number: string, step: number): string =>
    unrolled(vectors, (v) => `${sum}${row}_${v} = fma(${type}(${number}), b${step}_${v}, ${sum}${row}_${v});`);
  const left =
    a.axis === "k"
      ? unrolled(
          rows,
          (row) => `{ let a = ${a.line(row)}; ${unrolled(4, (step) => add(row, `a.${"xyzw"[step]}`, step))} }`,
        )
      : unrolled(4, (step) =>
          unrolled(
            rows / 4,
            (group) =>
              `{ let a = ${a.vector(step, group)}; ${unrolled(4, (r) => add(group * 4 + r, `a.${"xyzw"[r]}`, step))} }`,
          ),
        );
  return `${right}\n${left}`;
}
