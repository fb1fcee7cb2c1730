/**
 * The interpreter of programs: a whole training step, and many of them, without returning to the host.
 *
 * A program is words of 32 bits. Header: number of groups, number of results of a step. A group: number of phases, number of
 * tasks, bytes of its phases; all threads meet at a barrier behind it. A phase: kernel number, the task of the group at which
 * the next phase begins, bytes of its settings, then the settings: the fields of the kernel's class of arguments in their
 * order. `src/program/kernels.ts` writes what is read here.
 */

import { accuracy, AccuracyArgs } from "./accuracy";
import { convFilter, ConvFilterArgs, sumFilters, SumFiltersArgs } from "./convBackwardFilter";
import { convInput, ConvInputArgs, packFilters, PackFiltersArgs } from "./convBackwardInput";
import { convForward, ConvForwardArgs } from "./convForward";
import { winograd, WinogradArgs, WinogradFilterArgs, winogradFilters } from "./convWinograd";
import { dropout, DropoutArgs } from "./dropout";
import { elementLoss, ElementLossArgs, elementLossBackward, ElementLossBackwardArgs } from "./elementLosses";
import { add, AddArgs, biasAdd, BiasAddArgs, clipByValue, ClipByValueArgs } from "./elementwise";
import { matMul, MatMulArgs, PackArgs, packPanels, peak, PeakArgs } from "./gemm";
import { adam, AdamArgs, rmsprop, RmspropArgs, sgd, SgdArgs } from "./optimizers";
import { averagePool, averagePoolBackward } from "./poolAverage";
import { maxPool, maxPoolBackward, PoolArgs } from "./poolMax";
import { ClipByNormArgs, scaleToNorm, sumPartials, SumPartialsArgs, sumRows, SumRowsArgs, sumSquares } from "./reduce";
import { gatherRows, GatherRowsArgs, storeRows, StoreRowsArgs } from "./rows";
import { softmax, SoftmaxArgs, softmaxBackward, SoftmaxBackwardArgs } from "./softmax";
import { softmaxLoss, SoftmaxLossArgs, softmaxLossBackward, SoftmaxLossBackwardArgs } from "./softmaxLoss";
import { setScratch, setStep } from "./step";
import { barrier, joinThreads, takeTask } from "./threads";
import { unary, UnaryArgs, unaryBackward, UnaryBackwardArgs } from "./unary";

const STEP_BYTES: usize = 32;

/** Numbers of the kernels: the order of `kernels` in `src/program/kernels.ts`. */
const enum Kernel {
  storeResults,
  peak,
  add,
  biasAdd,
  clipByValue,
  unary,
  unaryBackward,
  dropout,
  gatherRows,
  storeRows,
  sgd,
  rmsprop,
  adam,
  sumRows,
  sumPartials,
  sumSquares,
  scaleToNorm,
  softmax,
  softmaxBackward,
  softmaxLoss,
  softmaxLossBackward,
  elementLoss,
  elementLossBackward,
  accuracy,
  maxPool,
  maxPoolBackward,
  averagePool,
  averagePoolBackward,
  packPanels,
  matMul,
  convForward,
  winogradFilters,
  winograd,
  packFilters,
  convFilter,
  sumFilters,
  convInput,
}

let results: usize = 0;

/** Copies the scalars that a step reports: settings are their addresses. */
function storeResults(addresses: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    store<f32>(results + (<usize>i << 2), load<f32>(load<usize>(addresses + (<usize>i << 2))));
  }
}

/** One task of one kernel. */
function runTask(kernel: i32, args: usize, bytes: i32, task: i32): void {
  switch (kernel) {
    case Kernel.storeResults: return storeResults(args, bytes >> 2);
    case Kernel.peak: return peak(changetype<PeakArgs>(args), task);
    case Kernel.add: return add(changetype<AddArgs>(args), task);
    case Kernel.biasAdd: return biasAdd(changetype<BiasAddArgs>(args), task);
    case Kernel.clipByValue: return clipByValue(changetype<ClipByValueArgs>(args), task);
    case Kernel.unary: return unary(changetype<UnaryArgs>(args), task);
    case Kernel.unaryBackward: return unaryBackward(changetype<UnaryBackwardArgs>(args), task);
    case Kernel.dropout: return dropout(changetype<DropoutArgs>(args), task);
    case Kernel.gatherRows: return gatherRows(changetype<GatherRowsArgs>(args), task);
    case Kernel.storeRows: return storeRows(changetype<StoreRowsArgs>(args), task);
    case Kernel.sgd: return sgd(changetype<SgdArgs>(args), task);
    case Kernel.rmsprop: return rmsprop(changetype<RmspropArgs>(args), task);
    case Kernel.adam: return adam(changetype<AdamArgs>(args), task);
    case Kernel.sumRows: return sumRows(changetype<SumRowsArgs>(args), task);
    case Kernel.sumPartials: return sumPartials(changetype<SumPartialsArgs>(args), task);
    case Kernel.sumSquares: return sumSquares(changetype<ClipByNormArgs>(args), task);
    case Kernel.scaleToNorm: return scaleToNorm(changetype<ClipByNormArgs>(args), task);
    case Kernel.softmax: return softmax(changetype<SoftmaxArgs>(args), task);
    case Kernel.softmaxBackward: return softmaxBackward(changetype<SoftmaxBackwardArgs>(args), task);
    case Kernel.softmaxLoss: return softmaxLoss(changetype<SoftmaxLossArgs>(args), task);
    case Kernel.softmaxLossBackward: return softmaxLossBackward(changetype<SoftmaxLossBackwardArgs>(args), task);
    case Kernel.elementLoss: return elementLoss(changetype<ElementLossArgs>(args), task);
    case Kernel.elementLossBackward: return elementLossBackward(changetype<ElementLossBackwardArgs>(args), task);
    case Kernel.accuracy: return accuracy(changetype<AccuracyArgs>(args), task);
    case Kernel.maxPool: return maxPool(changetype<PoolArgs>(args), task);
    case Kernel.maxPoolBackward: return maxPoolBackward(changetype<PoolArgs>(args), task);
    case Kernel.averagePool: return averagePool(changetype<PoolArgs>(args), task);
    case Kernel.averagePoolBackward: return averagePoolBackward(changetype<PoolArgs>(args), task);
    case Kernel.packPanels: return packPanels(changetype<PackArgs>(args), task);
    case Kernel.matMul: return matMul(changetype<MatMulArgs>(args), task);
    case Kernel.convForward: return convForward(changetype<ConvForwardArgs>(args), task);
    case Kernel.winogradFilters: return winogradFilters(changetype<WinogradFilterArgs>(args), task);
    case Kernel.winograd: return winograd(changetype<WinogradArgs>(args), task);
    case Kernel.packFilters: return packFilters(changetype<PackFiltersArgs>(args), task);
    case Kernel.convFilter: return convFilter(changetype<ConvFilterArgs>(args), task);
    case Kernel.sumFilters: return sumFilters(changetype<SumFiltersArgs>(args), task);
    case Kernel.convInput: return convInput(changetype<ConvInputArgs>(args), task);
    default: unreachable();
  }
}

/** This thread's share of one group. */
function runGroup(phases: usize, taskCount: i32): void {
  let phase = phases;
  let first: i32 = 0;
  for (;;) {
    const task = takeTask(taskCount);
    if (task < 0) return;
    // A thread that helps others may be sent back.
    if (task < first) {
      phase = phases;
      first = 0;
    }
    while (task >= load<i32>(phase, 4)) {
      first = load<i32>(phase, 4);
      phase += 12 + load<usize>(phase, 8);
    }
    runTask(load<i32>(phase), phase + 12, load<i32>(phase, 8), task - first);
  }
}

/**
 * Runs `program` once for each of `stepCount` rows at `steps`, as thread `thread` of `threads` that call this at the same
 * time with the same program. Results go to `resultsStart`, one row a step. 0: done; 1: another thread failed or a kernel
 * found a fault, which then stands in the control block.
 */
export function run(
  control: usize, thread: i32, threads: i32, scratchStart: usize,
  program: usize, steps: usize, stepCount: i32, resultsStart: usize,
): i32 {
  joinThreads(control, thread, threads);
  setScratch(scratchStart);
  const groups = load<i32>(program);
  const resultBytes = load<usize>(program, 4) << 2;
  results = resultsStart;
  for (let step = 0; step < stepCount; step++) {
    setStep(steps + <usize>step * STEP_BYTES);
    let at = program + 8;
    for (let group = 0; group < groups; group++) {
      runGroup(at + 12, load<i32>(at, 4));
      if (!barrier()) return 1;
      at += 12 + load<usize>(at, 8);
    }
    results += resultBytes;
  }
  return 0;
}
