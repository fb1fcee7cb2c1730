/** Copies the numbers that a step reports to their place. The arguments are the numbers' addresses. */

import { results } from "./step";

export function storeResults(addresses: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i += 4) {
    store<f32>(results() + i, load<f32>(load<usize>(addresses + i)));
  }
}
