import { attributesOf, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import { constants } from "./arguments/structs.js";
import { type Launch, launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

const { maxConcatSources } = constants;

export const concat: OpKernel = {
  launches(op, { multiprocessors }) {
    const { axis } = attributesOf("concat", op);
    const y = op.outputs[0]!;
    let start = 0;
    const sources = op.inputs.map((x) => {
      const run = sizeOf(x.shape.slice(axis));
      const source = { x, byRun: divisorOf(run), start, count: sizeOf(x.shape) };
      start += run;
      return source;
    });
    const launches: Launch[] = [];
    for (let first = 0; first < sources.length; first += maxConcatSources) {
      const some = sources.slice(first, first + maxConcatSources);
      const largest = Math.max(...some.map(({ count }) => count));
      const grid = [sharedBlocksFor(largest, multiprocessors), some.length] as const;
      launches.push(launch("concat", grid, { from: { sources: some }, y, run: start }));
    }
    return launches;
  },
};
