import { kernelFor, type Plan, partOf } from "@convoy/core/backend";
import { kernels } from "../kernels/index.js";
import { type Launch, launch } from "../kernels/launch.js";
import { maxAverages, movingAverageLaunch } from "../kernels/movingAverage.js";
import { type DeviceOp, type DeviceTensor, type LaunchContext, overlap, type Target } from "../kernels/opKernel.js";
import { gatheringLaunches } from "../kernels/product/gathering.js";
import { gatherLaunch, gathersOnly, maxGatherSources } from "../kernels/rows.js";
import { denseLossLaunch, lossOf, maxFusedClasses } from "../kernels/softmaxLoss.js";
import { placePlan } from "./placePlan.js";

/** The ops whose kernels can end a step. */
const optimizers: ReadonlySet<string> = new Set([
  "sgdUpdate",
  "rmspropUpdate",
  "adamUpdate",
  "adagradUpdate",
  "nadamUpdate",
  "lionUpdate",
]);

/** A launch of a step. */
export interface StepLaunch extends Launch {
  /** The ops that it runs, with their labels, for errors. */
  readonly ops: string;
  /** How many of the step's sums over cards have to be there, the first ones; absent: none. */
  readonly afterSums?: number;
}

/**
 * The launches of one step, in order. Beside the fused ops of the plan: gathers that follow each other share a launch, with
 * the convolution or dense layer behind them where that reads what they give; a last dense layer runs with the loss of its
 * output, moving averages that follow each other run together, and an optimizer at the end also ends the step. Sums over cards may be
 * under way until a launch touches their memory, or ends the step.
 */
export function planLaunches(
  ops: readonly DeviceOp[],
  results: readonly number[],
  context: LaunchContext,
): StepLaunch[] {
  const launches: StepLaunch[] = [];
  /** What has been summed up over cards so far. */
  const sums: DeviceTensor[] = [];
  const add = (from: number, to: number, ...added: readonly Launch[]): number => {
    const joined = ops.slice(from, to);
    const names = joined.map(({ op, label }) => `${op} (${label})`);
    const endsStep = to === ops.length && optimizers.has(joined.at(-1)!.op);
    const needed = endsStep ? sums.length : sums.findLastIndex((sum) => joined.some((op) => touches(op, sum))) + 1;
    launches.push(
      ...added.map((launch, index) => ({
        ...launch,
        ops: names.join(" + "),
        ...(index === 0 && needed > 0 ? { afterSums: needed } : {}),
      })),
    );
    if (added.some(({ sum }) => sum !== undefined)) {
      sums.push(ops[from]!.outputs[0]!);
    }
    return to;
  };
  for (let index = 0; index < ops.length; ) {
    const gathers = independentFrom(ops, index, gathersOnly, maxGatherSources);
    const end = index + gathers.length;
    const following = gathers.length > 0 && !isDenseWithLoss(ops, end, results) ? ops[end] : undefined;
    const gathering = following && gatheringLaunches(following, gathers, context);
    if (gathering) {
      index = add(index, end + 1, ...gathering);
    } else if (gathers.length > 1) {
      index = add(index, end, gatherLaunch(gathers, context));
    } else if (ops[index]!.op === "movingAverage") {
      const averages = independentFrom(ops, index, ({ op }) => op === "movingAverage", maxAverages);
      index = add(index, index + averages.length, movingAverageLaunch(averages, context));
    } else if (isDenseWithLoss(ops, index, results)) {
      index = add(index, index + 2, denseLossLaunch(ops[index]!, ops[index + 1]!, context));
    } else {
      const op = ops[index]!;
      index = add(index, index + 1, ...kernelFor(kernels, op.op)!.launches(op, context, index === ops.length - 1));
    }
  }
  const last = ops[ops.length - 1];
  if (last === undefined || !optimizers.has(last.op)) {
    launches.push({
      ...launch("finishStep", [1, 1], { end: context.stepEnd(true) }),
      ops: "the end of the step",
      ...(sums.length > 0 ? { afterSums: sums.length } : {}),
    });
  }
  return launches;
}

const noStepEnd: ReturnType<LaunchContext["stepEnd"]> = {
  state: undefined,
  results: undefined,
  reported: undefined,
  counter: undefined,
  count: 0,
  ends: 0,
};

/** How many launches a step of a plan takes, found without memory: in places that only tell tensors apart. */
export function countLaunches(plan: Plan, target: Target): number {
  const names = Object.keys(plan.buffers);
  const { ops } = placePlan(plan, (buffer) => (names.indexOf(buffer) + 2) * 2 ** 40);
  const context = { ...target, inGroup: false, stepTable: 0, stepState: 0, scratch: () => 0, stepEnd: () => noStepEnd };
  return planLaunches(ops, plan.results, context).length;
}

/** The ops of a kind that follow each other from `index` on, none of which touches what another one writes. */
function independentFrom(
  ops: readonly DeviceOp[],
  index: number,
  isOfKind: (op: DeviceOp) => boolean,
  most: number,
): DeviceOp[] {
  const found: DeviceOp[] = [];
  for (const op of ops.slice(index, index + most)) {
    if (!isOfKind(op) || found.some((other) => writesTo(other, op) || writesTo(op, other))) {
      break;
    }
    found.push(op);
  }
  return found;
}

function touches({ inputs, outputs, updates, workspace }: DeviceOp, tensor: DeviceTensor): boolean {
  const own = [...inputs, ...outputs, ...updates, ...(workspace === undefined ? [] : [workspace])];
  return own.some((other) => overlap(other, tensor));
}

/** Whether one op writes where another one reads or writes. */
function writesTo(op: DeviceOp, other: DeviceOp): boolean {
  const written = [...op.outputs, ...op.updates];
  return [...other.inputs, ...other.outputs].some((tensor) => written.some((target) => overlap(target, tensor)));
}

/** Whether ops `index` and `index + 1` are a dense layer without activation and the loss of its output, which nothing else reads. */
function isDenseWithLoss(ops: readonly DeviceOp[], index: number, results: readonly number[]): boolean {
  const [dense, following] = [ops[index], ops[index + 1]];
  const isLoss = following?.op === "fusedSoftmaxLoss" || following?.op === "softmaxCrossEntropy";
  if (dense?.op !== "fusedDense" || !isLoss || partOf(dense, "unary") !== undefined) {
    return false;
  }
  const logits = dense.outputs[0]!;
  const loss = lossOf(following);
  const readers = ops.filter(({ inputs }) => inputs.some(({ id }) => id === logits.id));
  return (
    loss.inputs[0]!.id === logits.id &&
    readers.length === 1 &&
    !results.includes(logits.id) &&
    logits.shape[1]! <= maxFusedClasses &&
    // The dense layer's inputs may be dead by the time of the loss, and their memory its output's.
    !following.outputs.some((output) => dense.inputs.some((input) => overlap(input, output)))
  );
}
