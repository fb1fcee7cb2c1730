import type { Backend, DeviceBuffer, Executable, Plan, PlanOp, PlanValue } from "@convoy/core/backend";
import { expect, it } from "vitest";
import { MpiGroup } from "../group/mpiGroup.js";
import type { Mpi } from "../mpi/mpi.js";
import { StagedExecutable } from "./stagedExecutable.js";

it("stays whole until the steps that were asked for are done", async () => {
  const alone = {
    rank: 0,
    size: 1,
    allReduce: async () => undefined,
    allGather: async (values: Uint8Array) => values.slice(),
    startAllReduce: () => ({}),
    complete: async () => undefined,
  };
  const group = new MpiGroup(alone as unknown as Mpi, { syncBatchNorm: false, deterministic: false });
  const told: string[] = [];
  const backend = {
    compile: async (): Promise<Executable> => ({
      run: async () => {
        told.push("run");
        return new Float32Array(0);
      },
      dispose: () => void told.push("dispose"),
    }),
  } as unknown as Backend;
  const buffer = {
    ...{ label: "gradients", dtype: "float32", length: 1, write: () => undefined, dispose: () => undefined },
    read: async () => new Float32Array(1),
  } satisfies DeviceBuffer;
  const value = (id: number): PlanValue => ({
    ...{ id, label: "gradient", dtype: "float32", shape: [1] },
    ...{ buffer: "gradients", byteOffset: 0 },
  });
  const op = (name: PlanOp["op"], inputs: number[], outputs: number[], attributes: object): PlanOp =>
    ({ op: name, inputs, outputs, attributes, updates: [], inPlace: [], label: "", flops: 0, bytes: 0 }) as PlanOp;
  const plan = {
    values: [value(0), value(1), value(2)],
    ops: [op("add", [0], [0], {}), op("allReduce", [0], [1], { weight: 1 }), op("add", [1], [2], {})],
    ...{ buffers: { gradients: { dtype: "float32", length: 1 } }, arenaBytes: 0, results: [] },
  } as unknown as Plan;
  const executable = await StagedExecutable.compile(backend, group, plan, { gradients: buffer, arena: buffer }, buffer);
  const run = executable.run({ count: 1, bytes: new Uint8Array(64) });
  executable.dispose();
  await run;
  await group.queue.settled();
  expect(told).toEqual(["run", "run", "dispose", "dispose"]);
});
