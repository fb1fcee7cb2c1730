import { applications, type Backend } from "@convoy/core";
import { fusedNames, type Plan } from "@convoy/core/backend";
import { isolatePlan, planOfOps } from "@convoy/core/conformance";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, expect, it } from "vitest";
import { networkPlans } from "./networkPlans.js";
import { fillBuffers, stepTable } from "./opBuffers.js";

let backend: Backend;
let plan: Plan;

beforeAll(async () => {
  backend = await reference();
  plan = networkPlans(backend, 3).find(({ model, mode }) => model === "simple" && mode === "train")!.plan;
});

afterAll(() => backend.dispose());

it("gives every tensor a buffer of its own, which holds the same when the ops run one by one", async () => {
  const isolated = isolatePlan(plan);
  expect(isolated.values.filter(({ buffer }) => buffer === "arena")).toEqual([]);
  const images = syntheticDigits({ samples: 3 });
  const weights = await applications.simple().getWeights();
  const whole = await fillBuffers(backend, isolated, weights, images);
  const apart = await fillBuffers(backend, isolated, weights, images);
  const gradients = await whole.gradients!.read();
  expect(gradients.some((value) => value !== 0)).toBe(true);
  // Whatever an op reads must come from the op that writes it, not from the step that filled the buffers.
  for (const [name, buffer] of Object.entries(apart)) {
    if (name === "gradients" || name.startsWith("value")) {
      buffer.write(buffer.dtype === "int32" ? new Int32Array(buffer.length) : new Float32Array(buffer.length));
    }
  }
  for (const op of isolated.ops) {
    const single = planOfOps(isolated, [op]);
    const bound = Object.fromEntries(Object.keys(single.buffers).map((name) => [name, apart[name]!]));
    const executable = await backend.compile(single, { ...bound, arena: apart.arena! });
    await executable.run(stepTable(1));
    executable.dispose();
  }
  expect(await apart.gradients!.read()).toEqual(gradients);
});

it("lets workspaces share the arena", async () => {
  const greedy: Backend = Object.assign(await reference(), { workspaceBytes: () => 1024 });
  const { plan: roomy } = networkPlans(greedy, 2)[0]!;
  const isolated = isolatePlan(roomy);
  expect(isolated.arenaBytes).toBe(1024);
  const inArena = isolated.values.filter(({ buffer }) => buffer === "arena");
  expect(inArena.length).toBe(isolated.ops.length);
  expect(new Set(inArena.map(({ byteOffset }) => byteOffset))).toEqual(new Set([0]));
});

it("takes the plans with the backend's fused ops and without", () => {
  const fusing: Backend = { ...without(backend), fusions: fusedNames };
  const plans = networkPlans(fusing, 2);
  expect(plans.map(({ model, mode }) => `${model} ${mode}`)).toEqual([
    ...["tutorial train", "tutorial evaluate", "simple train", "simple evaluate"],
    ...["tutorial train", "tutorial evaluate", "simple train", "simple evaluate"],
  ]);
  const fused = plans.map(({ plan: { ops } }) => ops.some(({ parts }) => parts !== undefined));
  expect(fused).toEqual([true, true, true, true, false, false, false, false]);
});

/** A backend that says yes to everything and can do nothing. */
function without({ device }: Backend): Backend {
  const never = (): never => {
    throw new Error("not to be called");
  };
  return {
    name: "paper",
    device,
    fusions: [],
    supports: () => true,
    createBuffer: never,
    compile: never,
    synchronize: never,
    memory: never,
    dispose: never,
  };
}
