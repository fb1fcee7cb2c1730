import { UnsupportedOpError } from "@convoy/core/backend";
import { expect, it } from "vitest";
import { poolingPlan } from "../testing/poolingPlan.js";
import { formatProgram } from "./formatProgram.js";

it("prints stages, kernels, tasks, where they come from and their arguments", () => {
  expect(formatProgram(poolingPlan)).toBe(
    `
test plan, batch of 1: 2 stages, 2 launches, 2 tasks, 0 results, 0.0 KB of scratch memory a thread
stage 0
  gatherRows, 1 task: gatherRows (data)
    source=source+0 order=none y=arena+0 sourceRows=3 orderRows=0 rowSize=4 from=0 to=0 scale=0.1
    offset=0
stage 1
  maxPool2dBackward, 1 task: maxPool2dBackward (max_pooling2d)
    x=dx+0 y=arena+0 argmax=argmax+0 H=4 W=4 C=1 OH=2 OW=2 KH=2 KW=2 strideH=2 strideW=2 top=0 left=0
    dilationH=1 dilationW=1 rowBlock=4 rowTasks=1`.trimStart(),
  );
});

it("refuses an op without kernel by its name and layer", () => {
  const [gather, pool] = poolingPlan.ops;
  const unknown = { ...poolingPlan, ops: [gather!, { ...pool!, op: "maxPool9d" as "maxPool2d" }] };
  expect(() => formatProgram(unknown)).toThrow(UnsupportedOpError);
  expect(() => formatProgram(unknown)).toThrow(/maxPool9d \(max_pooling2d\).*no kernel/);
});
