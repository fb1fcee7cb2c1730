import { expect, it } from "vitest";
import { webgpu } from "../index.js";
import { tiny, training } from "../testing/models.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";

useSoftwareGpu();

it("lists every dispatch with op, layer, kernel, workgroups and bindings", async () => {
  const backend = await webgpu({ kernels: "tiled", subgroups: false });
  const model = tiny();
  model.compile({ ...training, backend });
  const plan = model.plan({ batchSize: 16, print: () => undefined });
  const [title, header, ...rows] = backend.formatProgram(plan).split("\n");
  expect(title).toBe(
    `train program, batch of 16: ${backend.launches!(plan)} dispatches a step for ${plan.ops.length} ops`,
  );
  expect(header).toMatch(/^# +op +layer +part +variant +workgroups +bindings$/);
  expect(rows).toHaveLength(backend.launches!(plan));
  expect(rows.find((row) => row.includes(" fusedConv2d "))).toMatch(
    /^\d+ +fusedConv2d +conv2d +tiled \S+ by \S+( in \d+ slices)? +\d+x1x1 +reads data\.batch arena\+\d+, reads conv2d\/kernel parameters\+0, .*writes /,
  );
  expect(rows.find((row) => row.includes(" spread "))).toMatch(/^\d+ +fusedConv2dBackward +conv2d +spread +\d+x1x1 /);
  await backend.dispose();
});
